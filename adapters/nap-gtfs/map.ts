import { accepted, property, relationship, urn, type Entity, type GeoProperty, type Outcome } from '#core';
import { dataset } from './dataset.ts';
import type { GtfsRecord, GtfsType } from './record.ts';

const seconds: readonly string[] = ['headwaySeconds', 'minimumTransferTime'];

/** Several targets stay a list where the model has one. */
export function map({ type, id, values, links, geometry }: GtfsRecord): Outcome<Entity> {
  const entity: Entity = { id: idOf(type, id), type };
  for (const [name, value] of Object.entries(values)) {
    entity[name] = seconds.includes(name) ? { type: 'Property', value, unitCode: 'SEC' } : property(value);
  }
  for (const [name, { type: target, id: ids }] of Object.entries(links)) {
    entity[name] = relationship(typeof ids === 'string' ? idOf(target, ids) : ids.map((one) => idOf(target, one)));
  }
  if (geometry !== undefined) entity['location'] = { type: 'GeoProperty', value: geometry } as GeoProperty;
  entity['dataProvider'] = property(dataset.attribution);
  entity['source'] = property(dataset.url);
  return accepted(entity);
}

function idOf(type: GtfsType, id: string): string {
  return urn(type, 'ijpp', ...id.split(':'));
}
