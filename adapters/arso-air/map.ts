import { accepted, dateTime, measured, point, property, urn, type Entity, type Outcome } from '#core';
import { dataset } from './dataset.ts';
import { pollutants, type AirRecord } from './record.ts';

/** One AirQualityObserved per station; each hour is a state of it. */
export function map(record: AirRecord): Outcome<Entity> {
  const entity: Entity = {
    id: urn('AirQualityObserved', 'arso', record.station),
    type: 'AirQualityObserved',
    name: property(record.name),
    location: point(...record.location),
    dateObserved: dateTime(record.observedAt),
    typeofLocation: property('outdoor'),
    dataProvider: property(dataset.attribution),
    source: property(dataset.url),
  };
  for (const { attribute, unitCode } of pollutants) {
    const concentration = record.concentrations[attribute];
    if (concentration === undefined) continue;
    const status = concentration.belowDetectionLimit ? 'belowDetectionLimit' : undefined;
    entity[attribute] = measured(concentration.value, unitCode, record.observedAt, status);
  }
  return accepted(entity);
}
