import type { StoredAttribute } from '../types.ts';
import type { AttributeInput, AttributeType, InputOptions } from './attribute.ts';
import { geometryFault } from '../../../core/entity/geojson.ts';
import { isUri, NGSI_NULL } from './names.ts';
import { isObject, refuse } from './shape.ts';

type Value = Partial<Pick<StoredAttribute, 'value' | 'object' | 'languageMap' | 'vocab' | 'json' | 'valueList' | 'objectList'>>;

/** The member that carries the value, checked; nothing when it is absent. Throws BadRequestData. */
export function readValue(
  name: string,
  type: AttributeType,
  members: Record<string, unknown>,
  options: InputOptions,
): Value & Partial<AttributeInput> {
  switch (type) {
    case 'Property':
      return 'value' in members ? { value: plainValue(name, members['value'], options) } : {};
    case 'GeoProperty':
      return 'value' in members ? { value: geometry(name, members['value']) } : {};
    case 'Relationship':
      return 'object' in members ? { object: uris(name, members['object']) } : {};
    case 'LanguageProperty':
      return 'languageMap' in members ? { languageMap: languageMap(name, members['languageMap'], options) } : {};
    case 'VocabProperty':
      return 'vocab' in members ? { vocab: vocab(name, members['vocab'], options) } : {};
    case 'JsonProperty':
      return 'json' in members ? { json: json(name, members['json']) } : {};
    case 'ListProperty':
      return 'valueList' in members ? { valueList: list(name, 'valueList', members['valueList']) } : {};
    case 'ListRelationship':
      return 'objectList' in members
        ? { objectList: list(name, 'objectList', members['objectList']).map((item) => listedUri(name, item)) }
        : {};
  }
}

function plainValue(name: string, value: unknown, options: InputOptions): unknown {
  if (value === null || value === undefined) throw refuse(name, 'value: null is no value');
  // JSON-LD drops an empty array, and with it the Property's value.
  if (Array.isArray(value) && value.length === 0) throw refuse(name, 'value: an empty array is no value');
  if (options.mode !== 'merge' && holdsNull(value)) throw refuse(name, `value: ${NGSI_NULL} inside of a value`);
  if (options.profile === 'orion' && Array.isArray(value) && value.length === 1) return value[0];
  return value;
}

function holdsNull(value: unknown): boolean {
  if (value === NGSI_NULL) return true;
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsNull);
}

function geometry(name: string, given: unknown): unknown {
  let value = given;
  if (typeof given === 'string') {
    try {
      value = JSON.parse(given);
    } catch {
      throw refuse(name, 'value: the string is no GeoJSON');
    }
  }
  const fault = geometryFault(value);
  if (fault !== undefined) throw refuse(name, fault);
  return value;
}

function uris(name: string, object: unknown): string | string[] {
  if (isUri(object)) return object;
  if (Array.isArray(object) && object.length > 0 && object.every(isUri)) return object;
  throw refuse(name, `object: a URI is expected, not ${JSON.stringify(object)}`);
}

function listedUri(name: string, item: unknown): string {
  const uri = isObject(item) ? item['object'] : item;
  if (isUri(uri)) return uri;
  throw refuse(name, `objectList: URIs are expected, not ${JSON.stringify(item)}`);
}

function languageMap(name: string, map: unknown, options: InputOptions): Record<string, string | string[]> {
  if (!isObject(map)) throw refuse(name, 'languageMap: an object of language tags is expected');
  for (const [tag, text] of Object.entries(map)) {
    if (tag !== '@none' && !/^[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*$/.test(tag))
      throw refuse(name, `languageMap: ${JSON.stringify(tag)} is no language tag`);
    const isText = typeof text === 'string' || (Array.isArray(text) && text.every((one) => typeof one === 'string'));
    if (!isText) throw refuse(name, `languageMap: ${tag} is a string or an array of strings`);
    if (text === NGSI_NULL && options.mode !== 'merge' && options.mode !== 'partial')
      throw refuse(name, `languageMap: ${NGSI_NULL} is no text`);
  }
  return map as Record<string, string | string[]>;
}

function vocab(name: string, value: unknown, options: InputOptions): string | string[] {
  const words = Array.isArray(value) ? (value as unknown[]) : [value];
  const iris = words.map((word) => {
    if (typeof word !== 'string' || word === '') throw refuse(name, `vocab: a name is expected, not ${JSON.stringify(word)}`);
    return options.context.expandVocab(word);
  });
  if (iris.length === 0) throw refuse(name, 'vocab: an empty array is no value');
  return Array.isArray(value) ? iris : (iris[0] as string);
}

function json(name: string, value: unknown): unknown {
  if (typeof value === 'object' && value !== null) return value;
  throw refuse(name, 'json: an object or an array is expected');
}

function list(name: string, member: string, value: unknown): unknown[] {
  if (!Array.isArray(value)) throw refuse(name, `${member}: an array is expected`);
  if (value.some((item) => item === null)) throw refuse(name, `${member}: null is no value`);
  return value as unknown[];
}
