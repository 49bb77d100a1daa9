import { VALUE_MEMBER } from '../represent.ts';
import type { Profile, ResolvedContext, StoredAttribute } from '../types.ts';
import { GEOMETRY_TYPES } from '../../../core/entity/geojson.ts';
import { checkDateTime, expandChecked, isUri, NGSI_NULL } from './names.ts';
import { isObject, refuse } from './shape.ts';
import { readValue } from './value.ts';

export type AttributeType = StoredAttribute['type'];

/**
 * What may be left out and removed. `create`: whole attributes, no removal. `update`: whole attributes, or the removal of one.
 * `partial` and `merge`: parts of attributes, removal of members too; `merge` also inside of JSON values.
 */
export type InputMode = 'create' | 'update' | 'partial' | 'merge';

/** An attribute instance as a request gives it. */
export interface AttributeInput extends Omit<StoredAttribute, 'type' | 'createdAt' | 'modifiedAt' | 'attributes'> {
  /** Absent in a part whose value does not tell it. */
  readonly type?: AttributeType;
  readonly attributes?: Record<string, AttributeInput[]>;
  /** The instance is to be removed. */
  readonly remove?: true;
  /** Members to be removed (`unitCode`, `observedAt`, `expiresAt`). */
  readonly dropped?: readonly string[];
}

export interface InputOptions {
  readonly context: ResolvedContext;
  readonly profile: Profile;
  readonly mode: InputMode;
}

const TYPES = Object.keys(VALUE_MEMBER) as AttributeType[];
const VALUE_MEMBERS = [...new Set(Object.values(VALUE_MEMBER))] as const;
const IGNORED = new Set(['createdAt', 'modifiedAt', 'deletedAt', 'instanceId', 'lang', 'entity', 'entityList']);
const OUTPUT_ONLY = /^previous|^entity(Id|Type)Sealed$/;
/** These are GeoProperties wherever they stand. */
const GEO_NAMES = new Set(['location', 'observationSpace', 'operationSpace']);

/** All instances of an attribute: normalized, concise or simplified. Throws BadRequestData. */
export function readAttribute(name: string, raw: unknown, options: InputOptions): AttributeInput[] {
  const instances = instancesOf(raw).map((instance) => readInstance(name, instance, options));
  if (instances.length === 0) throw refuse(name, 'an empty array is no attribute');
  const seen = new Set<string>();
  for (const { datasetId } of instances) {
    const key = datasetId ?? '@none';
    if (seen.has(key)) throw refuse(name, `two instances for datasetId ${key}`);
    seen.add(key);
  }
  return instances;
}

function instancesOf(raw: unknown): unknown[] {
  if (Array.isArray(raw) && (raw.length === 0 || raw.every(isInstance))) return raw;
  // Several instances in simplified form.
  if (isObject(raw) && isObject(raw['dataset']) && Object.keys(raw).length === 1) {
    return Object.entries(raw['dataset']).map(([datasetId, value]) => {
      const inner = isObject(value) && VALUE_MEMBERS.some((member) => member in value) ? value : { value };
      return { ...inner, datasetId };
    });
  }
  return [raw];
}

function isInstance(value: unknown): boolean {
  return isObject(value) && (TYPES.includes(value['type'] as AttributeType) || VALUE_MEMBERS.some((member) => member in value));
}

function readInstance(name: string, raw: unknown, options: InputOptions): AttributeInput {
  if (raw === null || raw === undefined) throw refuse(name, 'null is no value');
  if (raw === NGSI_NULL) return removal(name, undefined, undefined, options);
  const members = asMembers(name, raw, options);
  const typeName = members['type'] ?? members['@type'];
  const datasetId = readDatasetId(name, members['datasetId']);
  const type = typeName === undefined ? inferType(name, members) : readType(name, typeName);
  if (isRemoval(members, type)) return removal(name, type, datasetId, options);
  const value = type === undefined ? {} : readValue(name, type, members, options);
  const isPart = options.mode === 'partial' || options.mode === 'merge';
  if (type === undefined ? !isPart : !(VALUE_MEMBER[type] in value) && !isPart) {
    throw refuse(name, `${type ?? 'an attribute'} without ${type === undefined ? 'a value' : VALUE_MEMBER[type]}`);
  }
  if (GEO_NAMES.has(name) && type !== undefined && type !== 'GeoProperty') throw refuse(name, 'a GeoProperty is expected');
  return { ...(type && { type }), ...value, ...(datasetId !== undefined && { datasetId }), ...readMetadata(name, type, members, options) };
}

/** Concise and simplified forms as the members of the normalized one. */
function asMembers(name: string, raw: unknown, options: InputOptions): Record<string, unknown> {
  if (!isObject(raw) || '@value' in raw) return { value: raw };
  if ('@context' in raw) throw refuse(name, 'an @context stands at the top of the body only');
  const type = raw['type'] ?? raw['@type'];
  if (typeof type === 'string' && TYPES.includes(type as AttributeType)) return raw;
  if (GEOMETRY_TYPES.includes(String(type)) && 'coordinates' in raw) return { value: raw };
  if (VALUE_MEMBERS.some((member) => member in raw)) return raw;
  if (options.mode === 'partial' || options.mode === 'merge') return raw;
  if (OUTPUT_ONLY.test(Object.keys(raw)[0] ?? '')) return raw;
  // A bare object is the value itself, as simplified input has it.
  return { value: raw };
}

function readType(name: string, type: unknown): AttributeType {
  if (TYPES.includes(type as AttributeType)) return type as AttributeType;
  // Orion-LD's word for it before the specification settled.
  if (type === 'VocabularyProperty') return 'VocabProperty';
  throw refuse(name, `type: one of ${TYPES.join(', ')} is expected, not ${JSON.stringify(type)}`);
}

function inferType(name: string, members: Record<string, unknown>): AttributeType | undefined {
  if ('value' in members) {
    const geo =
      isObject(members['value']) && GEOMETRY_TYPES.includes(String(members['value']['type'])) && 'coordinates' in members['value'];
    return geo || GEO_NAMES.has(name) ? 'GeoProperty' : 'Property';
  }
  return TYPES.find((type) => VALUE_MEMBER[type] in members);
}

function isRemoval(members: Record<string, unknown>, type: AttributeType | undefined): boolean {
  const value = type === undefined ? undefined : members[VALUE_MEMBER[type]];
  if (value === NGSI_NULL) return true;
  if (Array.isArray(value) && (type === 'ListProperty' || type === 'ListRelationship')) return value.length === 1 && value[0] === NGSI_NULL;
  return type === 'LanguageProperty' && isObject(value) && Object.keys(value).length === 1 && value['@none'] === NGSI_NULL;
}

function removal(name: string, type: AttributeType | undefined, datasetId: string | undefined, options: InputOptions): AttributeInput {
  if (options.mode === 'create') throw refuse(name, `${NGSI_NULL} removes an attribute, it is no value here`);
  return { remove: true, ...(type && { type }), ...(datasetId !== undefined && { datasetId }) };
}

function readMetadata(
  name: string,
  type: AttributeType | undefined,
  members: Record<string, unknown>,
  options: InputOptions,
): Partial<AttributeInput> {
  const metadata: Record<string, unknown> = {};
  const dropped: string[] = [];
  const attributes: Record<string, AttributeInput[]> = {};
  const canDrop = options.mode === 'partial' || options.mode === 'merge';
  for (const [member, value] of Object.entries(members)) {
    if (member === 'type' || member === '@type' || member === 'datasetId' || IGNORED.has(member)) continue;
    if (VALUE_MEMBERS.includes(member as (typeof VALUE_MEMBERS)[number])) {
      if (type === undefined || VALUE_MEMBER[type] !== member)
        throw refuse(name, `${member} is no member of a ${type ?? 'part without value'}`);
      continue;
    }
    if (OUTPUT_ONLY.test(member)) throw refuse(name, `${member} is for answers only`);
    if (member === 'unitCode' || member === 'observedAt' || member === 'expiresAt' || member === 'valueType' || member === 'objectType') {
      if (value === NGSI_NULL && canDrop) dropped.push(member);
      else metadata[member] = readMember(name, type, member, value, options);
      continue;
    }
    if (member === '@context') throw refuse(name, 'an @context stands at the top of the body only');
    const sub = readAttribute(member, value, options);
    const iri = expandChecked(member, `sub-attribute of ${name}`, options.context, options.profile);
    attributes[iri] = sub;
  }
  return { ...metadata, ...(dropped.length > 0 && { dropped }), ...(Object.keys(attributes).length > 0 && { attributes }) };
}

function readMember(name: string, type: AttributeType | undefined, member: string, value: unknown, options: InputOptions): unknown {
  const { context } = options;
  switch (member) {
    case 'unitCode':
      if (type !== undefined && type !== 'Property' && type !== 'ListProperty') throw refuse(name, `unitCode is no member of a ${type}`);
      if (typeof value !== 'string') throw refuse(name, `unitCode: a string is expected, not ${JSON.stringify(value)}`);
      return value;
    case 'objectType': {
      if (type !== undefined && !type.endsWith('Relationship')) throw refuse(name, `objectType is no member of a ${type}`);
      const types = (Array.isArray(value) ? value : [value]) as unknown[];
      const iris = types.map((one) => expandChecked(one, `objectType of ${name}`, context, options.profile));
      return Array.isArray(value) ? iris : iris[0];
    }
    case 'valueType':
      if (typeof value !== 'string') throw refuse(name, `valueType: a name is expected, not ${JSON.stringify(value)}`);
      if (type === 'LanguageProperty' && value !== 'langString') throw refuse(name, 'valueType of a LanguageProperty is langString');
      return context.expandVocab(value);
    default:
      return checkDateTime(value, `${member} of ${name}`, options.profile);
  }
}

function readDatasetId(name: string, value: unknown): string | undefined {
  if (value === undefined || value === '@none') return undefined;
  if (isUri(value) && value !== NGSI_NULL) return value;
  throw refuse(name, `datasetId: a URI is expected, not ${JSON.stringify(value)}`);
}
