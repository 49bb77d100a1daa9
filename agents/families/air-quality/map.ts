import {
  airQuality,
  dateTime,
  deviceUrn,
  observation,
  pollutantsWithoutAttribute,
  relationship,
  states,
  type Device,
  type Entity,
  type Outcome,
  type Reading,
} from '#core';

/** Weather for which the model has no attribute. */
const unpublished = [...pollutantsWithoutAttribute, 'dewPoint', 'feelsLikeTemperature', 'illuminance'];

export const quantities: ReadonlySet<string> = new Set([...Object.keys(airQuality), ...unpublished]);

/** One AirQualityObserved state per moment. Refuses `unmapped_quantity` for what is no air quality. */
export function map(readings: readonly Reading[], device: Device): Outcome<Entity> {
  return states(readings, quantities, device, (observedAt, moment) =>
    observation('AirQualityObserved', device, observedAt, moment.map(inModelRange), airQuality, {
      dateObserved: dateTime(observedAt),
      refDevice: relationship(deviceUrn(device)),
    }),
  );
}

/** The model counts wind direction from −180 to 180, sensors from 0 to 360. */
function inModelRange(reading: Reading): Reading {
  return reading.quantity === 'windDirection' && reading.value > 180 ? { ...reading, value: reading.value - 360 } : reading;
}
