import { accepted, measured, property, stationEntity, type Entity, type Outcome } from '#core';
import { dataset } from './dataset.ts';
import { quantities, type MeteoRecord } from './record.ts';

/** One WeatherObserved per station; each observation is a state of it. */
export function map(record: MeteoRecord): Outcome<Entity> {
  const { values, intervalMinutes, observedAt } = record;
  const entity = stationEntity('WeatherObserved', 'arso', record, dataset);
  if (values.precipitation !== undefined && intervalMinutes !== undefined) {
    // The model has no place for the interval of a sum, and it differs between stations.
    entity['description'] = property(`Padavine: vsota ${intervalMinutes} min. Precipitation: sum of ${intervalMinutes} min.`);
  }
  for (const { attribute, unitCode } of quantities) {
    const value = values[attribute];
    if (value !== undefined) entity[attribute] = measured(value.value, unitCode, observedAt, value.suspect ? 'suspect' : undefined);
  }
  return accepted(entity);
}
