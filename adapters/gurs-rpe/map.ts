import { accepted, point, property, urn, type Entity, type Outcome } from '#core';
import { dataset } from './dataset.ts';
import type { MunicipalityRecord } from './record.ts';

/** One Organization per municipality: the official models have no type for an administrative area. */
export function map({ code, name, location }: MunicipalityRecord): Outcome<Entity> {
  return accepted({
    id: urn('Organization', 'gurs', code),
    type: 'Organization',
    name: property(name),
    areaServed: property(name),
    address: property({ addressCountry: 'SI' }),
    location: point(...location),
    dataProvider: property(dataset.attribution),
    source: property(dataset.url),
  });
}
