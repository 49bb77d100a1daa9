import { readAttribute, type AttributeInput } from '../input/attribute.ts';
import { checkUri, expandChecked, NGSI_NULL, readScope } from '../input/names.ts';
import { Problem } from '../problems.ts';
import { VALUE_MEMBER } from '../represent.ts';
import { isObject } from '../input/shape.ts';
import { isDateTime, type Json } from '../subscription/checks.ts';
import type { Instant, Profile, ResolvedContext, StoredAttribute } from '../types.ts';
import { SCOPE, type NewInstance } from './history.ts';

interface ReadOptions {
  readonly context: ResolvedContext;
  readonly profile: Profile;
  readonly at: Instant;
}

const VALUE_MEMBERS = [...new Set(Object.values(VALUE_MEMBER))];
const MEMBERS = new Set(['@context', 'createdAt', 'modifiedAt', 'deletedAt']);

/** An EntityTemporal (5.2.20) as instances to append. Throws BadRequestData. */
export function readTemporalEntity(body: Json, options: ReadOptions): { id: string; types: string[]; instances: NewInstance[] } {
  const { id, type, ...attributes } = body;
  const types = (Array.isArray(type) ? (type as unknown[]) : [type]).map((one) =>
    expandChecked(one, 'type', options.context, options.profile),
  );
  if (types.length === 0) throw new Problem('BadRequestData', 'Entity type is missing');
  return { id: checkUri(id, 'id'), types: [...new Set(types)], instances: readInstances(attributes, options) };
}

/** Members of an entity fragment, each an instance or an array of them. */
export function readInstances(attributes: Json, options: ReadOptions): NewInstance[] {
  return Object.entries(attributes).flatMap(([name, value]) => {
    if (MEMBERS.has(name)) return [];
    if (name === SCOPE) return readScopes(value, options.at);
    const iri = expandChecked(name, 'attribute', options.context, options.profile);
    const instances = Array.isArray(value) && value.every(isObject) ? (value as unknown[]) : [value];
    if (instances.length === 0) throw new Problem('BadRequestData', 'Invalid attribute', `${name}: an empty array is no attribute`);
    return instances.map((instance) => readInstance(name, iri, instance, options));
  });
}

/** An instance with the members of a fragment in place of its own. */
export function patchInstance(instance: StoredAttribute, name: string, fragment: Json, options: ReadOptions): StoredAttribute {
  const [input] = readAttribute(name, fragment, { ...options, mode: 'partial' });
  const written = toStored(input as AttributeInput, options.at);
  if (input?.type === undefined || input.type === instance.type) return { ...instance, ...written, type: instance.type };
  const { [VALUE_MEMBER[instance.type]]: _value, ...rest } = instance;
  return { ...rest, ...written };
}

/** One instance as it stands in a request. */
function readInstance(name: string, iri: string, raw: unknown, options: ReadOptions): NewInstance {
  const given = isObject(raw) && isDateTime(raw['deletedAt']) ? raw['deletedAt'] : undefined;
  const member = isObject(raw) ? VALUE_MEMBERS.find((one) => isRemoval(raw[one])) : undefined;
  if (member === undefined || !isObject(raw)) {
    const [input] = readAttribute(name, raw, { ...options, mode: 'create' });
    return { name: iri, attribute: toStored(input as AttributeInput, options.at) };
  }
  // The null of a removal is a value in history: everything else is read as it is, with a value of the same kind in its place.
  const standIn = member === 'languageMap' ? { '@none': 'x' } : member === 'valueList' || member === 'objectList' ? ['urn:x:x'] : 'urn:x:x';
  const isGeo = raw['type'] === 'GeoProperty';
  const [input] = readAttribute(
    name,
    { ...raw, [member]: isGeo ? { type: 'Point', coordinates: [0, 0] } : standIn },
    { ...options, mode: 'create' },
  );
  const attribute = { ...toStored(input as AttributeInput, options.at), [member]: raw[member] };
  return { name: iri, attribute, deletedAt: given ?? attribute.observedAt ?? options.at };
}

function isRemoval(value: unknown): boolean {
  return (
    value === NGSI_NULL ||
    (isObject(value) && value['@none'] === NGSI_NULL) ||
    (Array.isArray(value) && value.length === 1 && value[0] === NGSI_NULL)
  );
}

function readScopes(value: unknown, at: Instant): NewInstance[] {
  const instances = Array.isArray(value) && value.every(isObject) ? (value as unknown[]) : [value];
  return instances.map((instance) => {
    const scope = readScope(isObject(instance) ? instance['value'] : instance);
    const observedAt = isObject(instance) && isDateTime(instance['observedAt']) ? instance['observedAt'] : at;
    const attribute: StoredAttribute = {
      type: 'Property',
      value: scope.length === 1 ? scope[0] : scope,
      observedAt,
      createdAt: at,
      modifiedAt: at,
    };
    return { name: SCOPE, attribute };
  });
}

function toStored({ attributes, remove: _remove, dropped: _dropped, ...input }: AttributeInput, at: Instant): StoredAttribute {
  const inner = Object.entries(attributes ?? {}).map(([iri, instances]) => [iri, instances.map((one) => toStored(one, at))] as const);
  return {
    ...input,
    type: input.type ?? 'Property',
    createdAt: at,
    modifiedAt: at,
    ...(inner.length > 0 && { attributes: Object.fromEntries(inner) }),
  };
}
