import type { Instant } from '../plugin.ts';
import { personalText, withheld } from '../screen/personal-text.ts';
import type { GeoProperty, Json, Property, Relationship, ValueStatus } from './entity.ts';

/** A measured value, or one for each phase, with its unit code, moment and, where there is one, quality remark. */
export function measured(value: number | Record<string, number>, unitCode: string, observedAt: Instant, status?: ValueStatus): Property {
  const property: Property = { type: 'Property', value, unitCode, observedAt };
  if (status !== undefined) property.status = { type: 'Property', value: status };
  return property;
}

/** A plain Property. */
export function property(value: Json, observedAt?: Instant): Property {
  return observedAt === undefined ? { type: 'Property', value } : { type: 'Property', value, observedAt };
}

/** A moment in the typed form that the Smart Data Models examples use. */
export function dateTime(instant: Instant): Property {
  return { type: 'Property', value: { '@type': 'DateTime', '@value': instant } };
}

/** A point in WGS84. */
export function point(longitude: number, latitude: number): GeoProperty {
  return { type: 'GeoProperty', value: { type: 'Point', coordinates: [longitude, latitude] } };
}

/** A link; a list of targets where the model has a list, be it of one. */
export function relationship(object: string | string[]): Relationship {
  return { type: 'Relationship', object };
}

/** Letters that Slovenian and its neighbours' names add to ASCII, as identifiers write them. */
const transliterated: Readonly<Record<string, string>> = { đ: 'd', Đ: 'D', ß: 'ss', ł: 'l', Ł: 'L' };

/**
 * `urn:ngsi-ld:<Type>:<part>:<part>` from the source's own stable key. Only `A-Z a-z 0-9 - _ .` remain (č → c); anything else becomes `-`.
 * Source: ETSI GS CIM 009 A.3, Smart Data Models identifier pattern.
 */
export function urn(type: string, ...parts: string[]): string {
  return ['urn:ngsi-ld', type, ...parts.map(identifierPart)].join(':');
}

function identifierPart(part: string): string {
  if (/^[A-Za-z0-9._-]+$/.test(part)) return part;
  // As an identifier nobody would recognise an address or a number any more, and it would be published.
  if (personalText(part) !== undefined) return withheld;
  return part
    .replace(/[đĐßłŁ]/g, (letter) => transliterated[letter] ?? letter)
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/[^A-Za-z0-9._-]+/g, '-');
}
