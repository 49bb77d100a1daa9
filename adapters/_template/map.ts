import { accepted, measured, stationEntity, type Entity, type Outcome } from '#core';
import { dataset } from './dataset.ts';
import type { AirRecord } from './record.ts';

/** One stable entity per station, its id from the source's own key. */
export function map(record: AirRecord): Outcome<Entity> {
  return accepted({
    ...stationEntity('AirQualityObserved', '__publisher__', record, dataset),
    no2: measured(record.no2, 'GQ', record.observedAt),
  });
}
