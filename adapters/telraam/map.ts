import { accepted, measured, observedPeriod, property, urn, type Entity, type Outcome } from '#core';
import { dataset } from './dataset.ts';
import { modes, type HourRecord } from './record.ts';

/** An entity for each kind of vehicle and each way; the hour is its period. */
export function map({ segment, camera, observedFrom, observedAt, counts }: HourRecord): Outcome<Entity> {
  const place = [segment, ...(camera === undefined ? [] : [camera])];
  return accepted(
    ...counts.map(({ mode, way, count }): Entity => {
      const vehicleType = modes[mode];
      const type = vehicleType === undefined ? 'CrowdFlowObserved' : 'TrafficFlowObserved';
      const entity: Entity = {
        id: urn(type, 'telraam', ...place, ...(way === '' ? [] : [way.slice(1)]), ...(vehicleType === undefined ? [] : [vehicleType])),
        type,
        name: property(`Telraam ${place.join(' ')}`),
        ...observedPeriod(observedFrom, observedAt),
        dataProvider: property(dataset.attribution),
        source: property(dataset.landingPage),
      };
      if (vehicleType === undefined) entity['peopleCount'] = measured(Math.round(count), 'IE', observedAt);
      else {
        entity['vehicleType'] = property(vehicleType);
        entity['intensity'] = measured(count, 'C62', observedAt);
      }
      return entity;
    }),
  );
}
