import { attributesOf, type Attribute, type Entity, type Json, type Property } from '../entity/entity.ts';

/**
 * What to do with characters that some brokers refuse in string values of a Property (`< > " ' = ; ( )`: Coraine, older Orion-LD).
 * - `keep`: send the text as it is. For brokers that take every string; one that does not refuses the entity, which becomes a dead letter.
 * - `encode`: percent-encode them, and `%` itself, so that `decodeURIComponent` gives the text back. Only texts that hold one of them change.
 */
export type ForbiddenCharacters = 'keep' | 'encode';

const forbidden = /[<>"'=;()%]/g;

/** The entity with every string value of its Properties percent-encoded, also nested ones and those of sub-properties. */
export function encodeStrings(entity: Entity): Entity {
  const encoded: Record<string, Attribute> = {};
  for (const [name, attribute] of attributesOf(entity)) {
    if (attribute.type === 'Property') encoded[name] = encodeProperty(attribute);
  }
  return { ...entity, ...encoded };
}

function encodeProperty(property: Property): Property {
  const encoded: Property = { ...property, value: encodeValue(property.value as Json) };
  if (property.status !== undefined) encoded.status = encodeProperty(property.status);
  return encoded;
}

function encodeValue(value: Json): Json {
  if (typeof value === 'string') return value.replace(forbidden, percent);
  if (Array.isArray(value)) return value.map(encodeValue);
  if (typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, encodeValue(member)]));
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}
