import { randomUUID } from 'node:crypto';
import { asRemoved, lostInstances } from '../removed.ts';
import type { Projection } from '../http/projection.ts';
import type { Reading } from '../http/reading.ts';
import { createShow, toFeature } from '../http/show.ts';
import { represent } from '../represent.ts';
import type { Json } from '../subscription/checks.ts';
import type { Subscription } from '../subscription/document.ts';
import type { Change, Instant, ResolvedContext, StoredAttribute, StoredEntity } from '../types.ts';

const PREVIOUS_MEMBER = {
  value: 'previousValue',
  object: 'previousObject',
  languageMap: 'previousLanguageMap',
  vocab: 'previousVocab',
  json: 'previousJson',
  valueList: 'previousValueList',
  objectList: 'previousObjectList',
} as const;

/** What one notification tells about one entity. */
export interface Notified {
  /** undefined: a periodic notification, without a change. */
  readonly change?: Change;
  readonly state: StoredEntity;
  /** IRIs of the attributes that caused it. */
  readonly attributes: ReadonlySet<string>;
}

/** The body of a notification (5.3.1), names in `context`, without `@context`. `find`: the linked entities to join. */
export function notificationBody(
  subscription: Subscription,
  entities: readonly Notified[],
  context: ResolvedContext,
  at: Instant,
  find: (id: string) => StoredEntity | undefined,
): Json {
  const reading = readingOf(subscription, context);
  const show = createShow(reading, find);
  const told = entities.map((notified) => {
    const entity = shownState(notified, subscription);
    return { entity, json: withMarks(show.one(entity) ?? {}, notified, subscription, reading) };
  });
  const asGeoJson = subscription.notification.endpoint.accept === 'application/geo+json';
  const features = (): Json => ({ type: 'FeatureCollection', features: told.map(({ entity, json }) => toFeature(json, entity, reading)) });
  return {
    id: `urn:ngsi-ld:Notification:${randomUUID()}`,
    type: 'Notification',
    subscriptionId: subscription.id,
    notifiedAt: at,
    data: asGeoJson ? features() : [...told.map(({ json }) => json), ...show.linked(told.map(({ entity }) => entity))],
  };
}

function readingOf(subscription: Subscription, context: ResolvedContext): Reading {
  const { format, sysAttrs, attributes, pick, omit, join, joinLevel, endpoint } = subscription.notification;
  const projection = (names: readonly string[]): Projection => new Map(names.map((name) => [name, undefined]));
  const joins = join === 'flat' || join === 'inline';
  return {
    context,
    accept: endpoint.accept ?? 'application/json',
    format: format === 'keyValues' ? 'simplified' : (format ?? 'normalized'),
    sysAttrs: sysAttrs === true,
    ...(attributes && { attrs: new Set(attributes) }),
    ...(pick && { pick: projection(pick) }),
    ...(omit && { omit: projection(omit) }),
    ...(subscription.lang !== undefined && { lang: subscription.lang }),
    ...(subscription.datasetId && { datasetIds: subscription.datasetId }),
    ...(joins && { join }),
    joinLevel: joins ? (joinLevel ?? 1) : 0,
    containedBy: [],
    geometryProperty: subscription.geoQ?.geoproperty ?? context.expandName('location'),
  };
}

function shownState({ change, state, attributes }: Notified, subscription: Subscription): StoredEntity {
  if (change === undefined) return state;
  if (change.kind !== 'deleted') return withDeleted(change, attributes, subscription);
  return emptied(change, subscription.notification.showChanges === true ? Object.keys(state.attributes) : [...attributes]);
}

function withMarks(json: Json, { change }: Notified, { notification }: Subscription, reading: Reading): Json {
  if (change === undefined) return json;
  if (change.kind === 'deleted') insertAfter(json, 'type', 'deletedAt', change.at);
  if (notification.sysAttrs === true) markDeleted(json, change, reading.context);
  if (notification.showChanges === true) addPrevious(json, change, reading);
  return json;
}

/** What is left to tell of a deleted entity: the wanted attributes, each as null. */
function emptied(change: Change, attributes: readonly string[]): StoredEntity {
  const before = change.before as StoredEntity;
  const left = attributes.flatMap((iri): [string, StoredAttribute[]][] => {
    const instances = before.attributes[iri];
    return instances === undefined ? [] : [[iri, instances.map(asRemoved)]];
  });
  return { ...before, attributes: Object.fromEntries(left) };
}

/** The new state, and null for each instance that the change removed, if deletions are asked for. */
function withDeleted(change: Change, attributes: ReadonlySet<string>, subscription: Subscription): StoredEntity {
  const after = change.after as StoredEntity;
  if (subscription.notificationTrigger?.includes('attributeDeleted') !== true) return after;
  const all = { ...after.attributes };
  for (const iri of attributes) {
    const lost = lostInstances(change.before, change.after, iri);
    if (lost.length > 0) all[iri] = [...(all[iri] ?? []), ...lost.map(asRemoved)];
  }
  return { ...after, attributes: all };
}

function markDeleted(json: Json, change: Change, context: ResolvedContext): void {
  for (const iri of Object.keys(change.before?.attributes ?? {})) {
    const lost = new Set(lostInstances(change.before, change.after, iri).map((one) => one.datasetId));
    for (const instance of instancesOf(json[context.compactName(iri)])) {
      if (lost.has(instance['datasetId'] as string | undefined)) instance['deletedAt'] = change.at;
    }
  }
}

/** Adds `previousValue` and its like to the instances that the change wrote or removed. */
function addPrevious(json: Json, change: Change, { context, datasetIds }: Reading): void {
  if (change.before === undefined) return;
  const before = represent(change.before, context, datasetIds ? { datasetIds } : {});
  for (const iri of new Set([...change.written, ...change.removed, ...Object.keys(change.before.attributes)])) {
    const name = context.compactName(iri);
    const touched = change.written.includes(iri);
    const lost = new Set(lostInstances(change.before, change.after, iri).map((one) => one.datasetId));
    if (json[name] === undefined || (!touched && lost.size === 0)) continue;
    if (!isInstance(json[name]) && !Array.isArray(json[name])) json[name] = { value: json[name] };
    for (const instance of instancesOf(json[name])) {
      const datasetId = instance['datasetId'] as string | undefined;
      if (!touched && !lost.has(datasetId)) continue;
      const previous = instancesOf(before[name]).find((one) => one['datasetId'] === datasetId);
      for (const [member, previousMember] of Object.entries(PREVIOUS_MEMBER)) {
        if (previous !== undefined && member in previous) instance[previousMember] = previous[member];
      }
    }
  }
}

function instancesOf(value: unknown): Json[] {
  return (Array.isArray(value) ? (value as unknown[]) : [value]).filter(isInstance);
}

function isInstance(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Puts a member right behind another: people read notifications too. */
function insertAfter(json: Json, after: string, member: string, value: unknown): void {
  const rest = Object.entries(json);
  for (const [name] of rest) delete json[name];
  for (const [name, one] of rest) {
    json[name] = one;
    if (name === after) json[member] = value;
  }
  json[member] ??= value;
}
