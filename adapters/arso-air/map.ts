import { accepted, measured, property, stationEntity, type Entity, type Outcome } from '#core';
import { dataset } from './dataset.ts';
import { pollutants, type AirRecord } from './record.ts';

/** One AirQualityObserved per station; each hour is a state of it. */
export function map(record: AirRecord): Outcome<Entity> {
  const entity = stationEntity('AirQualityObserved', 'arso', record, dataset);
  entity['typeofLocation'] = property('outdoor');
  for (const { attribute, unitCode } of pollutants) {
    const concentration = record.concentrations[attribute];
    if (concentration === undefined) continue;
    const status = concentration.belowDetectionLimit ? 'belowDetectionLimit' : undefined;
    entity[attribute] = measured(concentration.value, unitCode, record.observedAt, status);
  }
  return accepted(entity);
}
