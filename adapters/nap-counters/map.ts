import { accepted, measured, observedPeriod, property, stationEntity, type Entity, type Outcome } from '#core';
import { dataset } from './dataset.ts';
import type { CounterRecord } from './record.ts';

const unitCodes = { intensity: 'C62', occupancy: 'C62', averageVehicleSpeed: 'KMH', averageHeadwayTime: 'SEC' } as const;

/** One TrafficFlowObserved per direction or lane of a counter; each five minutes are a state of it. */
export function map(record: CounterRecord): Outcome<Entity> {
  const entity: Entity = {
    ...stationEntity('TrafficFlowObserved', 'nap', record, dataset),
    ...observedPeriod(record.observedFrom, record.observedAt),
    congested: property(record.congested, record.observedAt),
  };
  if (record.laneDirection !== undefined) entity['laneDirection'] = property(record.laneDirection);
  for (const [attribute, unitCode] of Object.entries(unitCodes)) {
    const value = record[attribute as keyof typeof unitCodes];
    if (value !== undefined) entity[attribute] = measured(value, unitCode, record.observedAt);
  }
  return accepted(entity);
}
