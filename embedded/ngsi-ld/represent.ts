import { pickLanguage } from './language.ts';
import type { ResolvedContext, StoredAttribute, StoredEntity } from './types.ts';

export type Format = 'normalized' | 'concise' | 'simplified';

export interface RepresentOptions {
  readonly format?: Format;
  readonly sysAttrs?: boolean;
  /** Attribute IRIs to keep; id, type and scope stay. */
  readonly attrs?: ReadonlySet<string>;
  /** Members to keep: `id`, `type`, `scope` and attribute IRIs. */
  readonly pick?: ReadonlySet<string>;
  /** Members to leave out: as `pick`. */
  readonly omit?: ReadonlySet<string>;
  /** BCP 47 tags, as in Accept-Language: LanguageProperties become Properties in it. */
  readonly lang?: string;
  /** Instances to keep; `@none` is the default one. */
  readonly datasetIds?: readonly string[];
}

/** The member of each attribute type that carries its value. */
export const VALUE_MEMBER = {
  Property: 'value',
  GeoProperty: 'value',
  Relationship: 'object',
  LanguageProperty: 'languageMap',
  VocabProperty: 'vocab',
  JsonProperty: 'json',
  ListProperty: 'valueList',
  ListRelationship: 'objectList',
} as const satisfies Record<StoredAttribute['type'], keyof StoredAttribute>;

/** An entity in the names of `context`, without `@context`. */
export function represent(entity: StoredEntity, context: ResolvedContext, options: RepresentOptions = {}): Record<string, unknown> {
  const kept = (member: string): boolean => (options.pick?.has(member) ?? true) && !(options.omit?.has(member) ?? false);
  const json: Record<string, unknown> = {};
  if (kept('id')) json['id'] = entity.id;
  if (kept('type')) json['type'] = oneOrMany(entity.types.map((type) => context.compactName(type)));
  if (entity.scope !== undefined && kept('scope')) json['scope'] = oneOrMany(entity.scope);
  if (options.sysAttrs === true) {
    if (entity.expiresAt !== undefined && kept('expiresAt')) json['expiresAt'] = entity.expiresAt;
    if (kept('createdAt')) json['createdAt'] = entity.createdAt;
    if (kept('modifiedAt')) json['modifiedAt'] = entity.modifiedAt;
  }
  for (const [iri, instances] of Object.entries(entity.attributes)) {
    if (!kept(iri) || !(options.attrs?.has(iri) ?? true)) continue;
    const wanted =
      options.datasetIds === undefined ? instances : instances.filter((one) => options.datasetIds?.includes(one.datasetId ?? '@none'));
    if (wanted.length > 0) json[context.compactName(iri)] = representInstances(wanted, context, options);
  }
  return json;
}

function representInstances(instances: readonly StoredAttribute[], context: ResolvedContext, options: RepresentOptions): unknown {
  const [first] = instances;
  if (instances.length === 1 && first !== undefined) {
    return options.format === 'simplified' && first.datasetId !== undefined
      ? { dataset: { [first.datasetId]: simplified(first, context, options) } }
      : representAttribute(first, context, options);
  }
  if (options.format !== 'simplified') return instances.map((instance) => members(instance, context, options));
  return { dataset: Object.fromEntries(instances.map((one) => [one.datasetId ?? '@none', simplified(one, context, options)])) };
}

/** One instance in the wished format. */
export function representAttribute(attribute: StoredAttribute, context: ResolvedContext, options: RepresentOptions = {}): unknown {
  if (options.format === 'simplified') return simplified(attribute, context, options);
  const json = members(attribute, context, options);
  if (options.format !== 'concise' || Object.keys(json).length !== 1) return json;
  if (attribute.type === 'GeoProperty') return json['value'];
  // An object alone would read as an attribute again.
  return 'value' in json && isPlain(json['value']) ? json['value'] : json;
}

/** The members of one instance: without its type in concise form. */
function members(attribute: StoredAttribute, context: ResolvedContext, options: RepresentOptions): Record<string, unknown> {
  const { type, ...rest } = attributeMembers(inLanguage(attribute, options.lang), context, options);
  return options.format === 'concise' ? rest : { type, ...rest };
}

function attributeMembers(attribute: LocalAttribute, context: ResolvedContext, options: RepresentOptions): Record<string, unknown> {
  const json: Record<string, unknown> = { type: attribute.type, ...valueMembers(attribute, context, options) };
  for (const member of ['unitCode', 'observedAt', 'datasetId', 'lang'] as const) {
    if (attribute[member] !== undefined) json[member] = attribute[member];
  }
  if (attribute.valueType !== undefined) json['valueType'] = context.compactVocab(attribute.valueType);
  if (options.sysAttrs === true) {
    if (attribute.expiresAt !== undefined) json['expiresAt'] = attribute.expiresAt;
    json['createdAt'] = attribute.createdAt;
    json['modifiedAt'] = attribute.modifiedAt;
  }
  // A choice of attributes and datasets is one of the entity's, not of the parts of an attribute.
  const { format, sysAttrs, lang } = options;
  const inner: RepresentOptions = { ...(format && { format }), ...(sysAttrs && { sysAttrs }), ...(lang !== undefined && { lang }) };
  for (const [iri, instances] of Object.entries(attribute.attributes ?? {})) {
    json[context.compactName(iri)] = representInstances(instances, context, inner);
  }
  return json;
}

function valueMembers(attribute: StoredAttribute, context: ResolvedContext, options: RepresentOptions): Record<string, unknown> {
  switch (attribute.type) {
    case 'VocabProperty':
      return { vocab: mapEach(attribute.vocab, (iri) => context.compactVocab(iri)) };
    case 'Relationship':
      return { object: attribute.object, ...objectType(attribute, context) };
    case 'ListRelationship': {
      const list = attribute.objectList ?? [];
      return { objectList: options.format === 'concise' ? list : list.map((object) => ({ object })), ...objectType(attribute, context) };
    }
    default: {
      const member = VALUE_MEMBER[attribute.type];
      return { [member]: attribute[member] };
    }
  }
}

function objectType(attribute: StoredAttribute, context: ResolvedContext): Record<string, unknown> {
  return attribute.objectType === undefined ? {} : { objectType: mapEach(attribute.objectType, (iri) => context.compactName(iri)) };
}

function simplified(attribute: StoredAttribute, context: ResolvedContext, options: RepresentOptions): unknown {
  const local = inLanguage(attribute, options.lang);
  switch (local.type) {
    case 'Property':
    case 'GeoProperty':
      return local.value;
    case 'Relationship':
      return local.object;
    case 'ListProperty':
      return local.valueList;
    case 'ListRelationship':
      return local.objectList;
    default:
      return valueMembers(local, context, options);
  }
}

type LocalAttribute = StoredAttribute & { lang?: string };

function inLanguage(attribute: StoredAttribute, lang: string | undefined): LocalAttribute {
  if (lang === undefined || attribute.type !== 'LanguageProperty' || attribute.languageMap === undefined) return attribute;
  const { languageMap, ...rest } = attribute;
  const tag = pickLanguage(Object.keys(languageMap), lang);
  return tag === undefined ? attribute : { ...rest, type: 'Property', value: languageMap[tag], lang: tag };
}

function mapEach(value: string | string[] | undefined, map: (one: string) => string): string | string[] | undefined {
  if (value === undefined) return undefined;
  return Array.isArray(value) ? value.map(map) : map(value);
}

/** NGSI-LD leaves the array away around a single type or scope. */
export function oneOrMany<T>(values: readonly T[]): T | readonly T[] | undefined {
  return values.length === 1 ? values[0] : values;
}

function isPlain(value: unknown): boolean {
  if (Array.isArray(value)) return value.every((item) => typeof item !== 'object' || item === null);
  return typeof value !== 'object' || value === null;
}
