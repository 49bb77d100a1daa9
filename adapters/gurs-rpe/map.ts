import { accepted, property, urn, type Entity, type GeoProperty, type Outcome } from '#core';
import { dataset } from './dataset.ts';
import type { UnitRecord } from './record.ts';

/** Municipalities have their numbers as ids, so that statistics find them; other units their kind before the permanent number. */
const prefixes = { municipality: [], settlement: ['naselje'], part: ['del'] } as const;

/** One Organization per unit: the official models have no type for an administrative area. */
export function map({ kind, code, name, otherName, location }: UnitRecord): Outcome<Entity> {
  return accepted({
    id: urn('Organization', 'gurs', ...prefixes[kind], code),
    type: 'Organization',
    name: property(name),
    ...(otherName !== undefined && { alternateName: property(otherName) }),
    areaServed: property(name),
    address: property({ addressCountry: 'SI', ...(kind === 'settlement' && { addressLocality: name }) }),
    location: { type: 'GeoProperty', value: location } as GeoProperty,
    dataProvider: property(dataset.attribution),
    source: property(dataset.landingPage),
  });
}
