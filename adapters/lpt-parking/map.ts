import { accepted, point, property, urn, type Entity, type Outcome } from '#core';
import { dataset } from './dataset.ts';
import type { ParkingRecord } from './record.ts';

/** One OffStreetParking per car park; each count of free places is a state of it. */
export function map({ site, name, location, totalSpots, openingHours, free }: ParkingRecord): Outcome<Entity> {
  const entity: Entity = {
    id: urn('OffStreetParking', 'lpt', site),
    type: 'OffStreetParking',
    name: property(name),
    location: point(...location),
    dataProvider: property(dataset.attribution),
    source: property(dataset.landingPage),
  };
  if (totalSpots !== undefined) entity['totalSpotNumber'] = property(totalSpots);
  if (openingHours !== undefined) entity['openingHours'] = property(openingHours);
  if (free !== undefined) entity['availableSpotNumber'] = property(free.spots, free.observedAt);
  return accepted(entity);
}
