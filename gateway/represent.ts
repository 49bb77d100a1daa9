import { isObject, type Json } from './filter.ts';
import type { Naming } from './naming.ts';
import type { View } from './question.ts';
import { entityMembers } from './read-view.ts';

/** Members that carry the value of an attribute, by its type (ETSI GS CIM 009, 4.5). */
const valueMembers: Readonly<Record<string, string>> = {
  Property: 'value',
  GeoProperty: 'value',
  Relationship: 'object',
  LanguageProperty: 'languageMap',
  VocabProperty: 'vocab',
  VocabularyProperty: 'vocab',
  JsonProperty: 'json',
  ListProperty: 'valueList',
  ListRelationship: 'objectList',
};
/** Their simplified form is the value alone. */
const plain = new Set(['Property', 'GeoProperty', 'Relationship', 'ListProperty', 'ListRelationship']);

/** A normalized entity as a view wishes it; undefined: the projection leaves nothing. */
export function shape(entity: Json, view: View): Json | undefined {
  const kept = (name: string): boolean => {
    if (view.omit?.includes(name) === true) return false;
    if (view.pick !== undefined) return view.pick.includes(name);
    return view.attrs === undefined || entityMembers.has(name) || view.attrs.includes(name);
  };
  const members = Object.entries(entity).flatMap(([name, value]): [string, unknown][] => {
    if (!kept(name)) return [];
    if (entityMembers.has(name)) return [[name, value]];
    const instances = ([value].flat() as unknown[]).filter(isObject);
    const wanted = instances.filter(
      ({ datasetId }) => view.datasetIds?.includes(typeof datasetId === 'string' ? datasetId : '@none') ?? true,
    );
    return wanted.length === 0 ? [] : [[name, instancesIn(wanted, view.form)]];
  });
  return members.length === 0 ? undefined : Object.fromEntries(members);
}

function instancesIn(instances: readonly Json[], form: View['form']): unknown {
  const [first] = instances;
  if (first !== undefined && instances.length === 1) {
    const { datasetId } = first;
    return form === 'simplified' && typeof datasetId === 'string'
      ? { dataset: { [datasetId]: simplified(first) } }
      : instanceIn(first, form);
  }
  if (form !== 'simplified') return instances.map((one) => (form === 'concise' ? concise(one) : one));
  return {
    dataset: Object.fromEntries(
      instances.map((one) => [typeof one['datasetId'] === 'string' ? one['datasetId'] : '@none', simplified(one)]),
    ),
  };
}

function instanceIn(instance: Json, form: View['form']): unknown {
  if (form === 'normalized') return instance;
  if (form === 'simplified') return simplified(instance);
  const json = concise(instance);
  if (Object.keys(json).length !== 1 || !('value' in json)) return json;
  return instance['type'] === 'GeoProperty' || isScalar(json['value']) ? json['value'] : json;
}

function simplified(instance: Json): unknown {
  const type = String(instance['type']);
  const member = valueMembers[type] ?? 'value';
  return plain.has(type) ? instance[member] : { [member]: instance[member] };
}

/** Without its type, its sub-attributes likewise. */
function concise({ type: _type, ...rest }: Json): Json {
  const isAttribute = (value: unknown): value is Json =>
    isObject(value) && typeof value['type'] === 'string' && Object.hasOwn(valueMembers, value['type']);
  const carriers = new Set(Object.values(valueMembers));
  return Object.fromEntries(
    Object.entries(rest).map(([name, value]) => [name, !carriers.has(name) && isAttribute(value) ? instanceIn(value, 'concise') : value]),
  );
}

function isScalar(value: unknown): boolean {
  return Array.isArray(value) ? value.every((one) => typeof one !== 'object' || one === null) : typeof value !== 'object' || value === null;
}

/** A GeoJSON Feature (4.5.16); `whole` is the entity before its projection. */
export function toFeature(json: Json, whole: Json, view: View): Json {
  const { id, ...properties } = json;
  const instances = ([whole[view.geometryProperty]].flat() as unknown[]).filter(isObject);
  const wanted = view.datasetIds?.[0];
  const instance = instances.find(({ datasetId }) =>
    wanted === undefined || wanted === '@none' ? datasetId === undefined : datasetId === wanted,
  );
  const geometry = instance?.['type'] === 'GeoProperty' ? instance['value'] : null;
  return { ...(id !== undefined && { id }), type: 'Feature', geometry, properties };
}

/** The `@context` in a body. */
export function contextIn({ subject, shown }: Naming, core: string): unknown {
  return subject === undefined ? shown : [shown, core];
}
