import { oneOrMany, representAttribute, VALUE_MEMBER } from '../represent.ts';
import type { Instant, ResolvedContext, StoredAttribute } from '../types.ts';
import { aggregate, periodsOf, type Aggregation, type Sample } from './aggregate.ts';
import { SCOPE, type HistoryEntity, type Instance } from './history.ts';
import type { TemporalView } from './query.ts';
import type { Evolution } from './select.ts';
import type { TemporalWindow, TimeProperty } from './window.ts';

/** Member of the simplified form (4.5.9) that holds the pairs of value and time. */
const SERIES_MEMBER = {
  Property: 'values',
  GeoProperty: 'values',
  Relationship: 'objects',
  LanguageProperty: 'languageMaps',
  VocabProperty: 'vocabs',
  JsonProperty: 'jsons',
  ListProperty: 'valueLists',
  ListRelationship: 'objectLists',
} as const satisfies Record<StoredAttribute['type'], string>;

/** An entity's evolution in the names of `context`: all instances (4.5.7), pairs (4.5.9) or aggregates (4.5.19). */
export function presentEvolution(
  entity: HistoryEntity,
  evolution: Evolution,
  view: TemporalView,
  context: ResolvedContext,
): Record<string, unknown> {
  const kept = (member: string): boolean => (view.pick?.has(member) ?? true) && !(view.omit?.has(member) ?? false);
  const json: Record<string, unknown> = {};
  if (kept('id')) json['id'] = entity.id;
  if (kept('type')) json['type'] = oneOrMany(entity.types.map((type) => context.compactName(type)));
  if (view.sysAttrs) {
    if (kept('createdAt')) json['createdAt'] = entity.createdAt;
    if (kept('modifiedAt')) json['modifiedAt'] = entity.modifiedAt;
    if (entity.deletedAt !== undefined && kept('deletedAt')) json['deletedAt'] = entity.deletedAt;
  }
  const start = startOf(evolution, view.window);
  for (const [name, instances] of evolution) {
    const shortName = name === SCOPE ? SCOPE : context.compactName(name);
    if (view.format === 'normalized') json[shortName] = instances.map((instance) => presentInstance(instance, view, context));
    else if (view.format === 'temporalValues') json[shortName] = eachDataset(instances, (ofOne) => seriesOf(ofOne, view, context));
    else if (name !== SCOPE) json[shortName] = eachDataset(instances, (ofOne) => aggregatesOf(ofOne, view, start));
  }
  return json;
}

function presentInstance(
  { attribute, instanceId, deletedAt }: Instance,
  view: TemporalView,
  context: ResolvedContext,
): Record<string, unknown> {
  const json = inContext(attribute, view, context);
  return { ...json, ...(deletedAt !== undefined && { deletedAt }), instanceId };
}

function inContext(attribute: StoredAttribute, view: TemporalView, context: ResolvedContext): Record<string, unknown> {
  const options = { sysAttrs: view.sysAttrs, ...(view.lang !== undefined && { lang: view.lang }) };
  return representAttribute(attribute, context, options) as Record<string, unknown>;
}

/** One object for each datasetId; the object alone if there is one. */
function eachDataset(instances: readonly Instance[], present: (instances: readonly Instance[]) => Record<string, unknown>): unknown {
  const datasets = new Map<string | undefined, Instance[]>();
  for (const instance of instances) {
    const { datasetId } = instance.attribute;
    datasets.set(datasetId, [...(datasets.get(datasetId) ?? []), instance]);
  }
  return oneOrMany([...datasets].map(([datasetId, own]) => ({ ...present(own), ...(datasetId !== undefined && { datasetId }) })));
}

function seriesOf(instances: readonly Instance[], view: TemporalView, context: ResolvedContext): Record<string, unknown> {
  const series = instances.map((instance): [unknown, Instant] => {
    const { type, objectList } = instance.attribute;
    const json = inContext(instance.attribute, view, context);
    const shown = json['type'] as StoredAttribute['type'];
    const member = VALUE_MEMBER[shown];
    const wrapped = type === shown && (type === 'LanguageProperty' || type === 'VocabProperty' || type === 'JsonProperty');
    const value = wrapped ? { [member]: json[member] } : type === 'ListRelationship' ? objectList : json[member];
    return [value, timeOf(instance, view.window.property)];
  });
  const last = instances.at(-1) as Instance;
  const type = inContext(last.attribute, view, context)['type'] as StoredAttribute['type'];
  return { type, [SERIES_MEMBER[type]]: series };
}

function aggregatesOf(instances: readonly Instance[], view: TemporalView, start: number): Record<string, unknown> {
  const { methods, period } = view.aggregation as Aggregation;
  const samples = instances
    .filter((instance) => instance.deletedAt === undefined)
    .map((instance): Sample => ({ at: Date.parse(timeOf(instance, view.window.property)), attribute: instance.attribute }));
  const end = view.window.to ?? samples.at(-1)?.at ?? start;
  const periods = periodsOf(samples, start, end, period);
  const json: Record<string, unknown> = { type: (instances.at(-1) as Instance).attribute.type };
  for (const method of methods) {
    json[method] = periods.flatMap(({ from, to, samples: inside }) => {
      const value = aggregate(method, inside);
      return value === undefined ? [] : [[value, instantText(from), instantText(to)]];
    });
  }
  return json;
}

/** Where the first period starts: with the window, else with the first value. */
function startOf(evolution: Evolution, window: TemporalWindow): number {
  if (window.from !== undefined) return window.from;
  const first = [...evolution.values()].map((instances) => Date.parse(timeOf(instances[0] as Instance, window.property)));
  return Math.min(...first);
}

/** What was never observed is placed by its arrival. */
function timeOf({ attribute, deletedAt }: Instance, property: TimeProperty): Instant {
  return (property === 'deletedAt' ? deletedAt : attribute[property]) ?? deletedAt ?? attribute.createdAt;
}

function instantText(time: number): Instant {
  return new Date(time).toISOString().replace('.000Z', 'Z');
}
