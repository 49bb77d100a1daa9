import { accepted, airQuality, stationState, type Entity, type Outcome, type StationValues } from '#core';
import { dataset } from './dataset.ts';

/** One AirQualityObserved per sensor. */
export function map(record: StationValues): Outcome<Entity> {
  return accepted(...stationState('AirQualityObserved', 'purpleair', record, dataset, airQuality));
}
