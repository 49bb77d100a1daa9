import { accepted, dateTime, measured, point, property, urn, type Entity, type Outcome } from '#core';
import { dataset } from './dataset.ts';
import type { StationRecord } from './record.ts';

/** One stable entity per station, its id from the source's own key. */
export function map(record: StationRecord): Outcome<Entity> {
  return accepted({
    id: urn('AirQualityObserved', '__publisher__', record.station),
    type: 'AirQualityObserved',
    name: property(record.name),
    location: point(...record.location),
    dateObserved: dateTime(record.observedAt),
    dataProvider: property(dataset.attribution),
    source: property(dataset.url),
    no2: measured(record.no2, 'GQ', record.observedAt),
  });
}
