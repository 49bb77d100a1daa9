import {
  dateTime,
  deviceUrn,
  observation,
  pollutants,
  pollutantsWithoutAttribute,
  property,
  relationship,
  states,
  type AttributeTable,
  type Device,
  type Entity,
  type Outcome,
  type Reading,
} from '#core';

/** Environment/IndoorEnvironmentObserved: attribute and UN/CEFACT code. The schema says mg/l for CO₂; sensors and rules speak of ppm. */
const climate: AttributeTable = {
  airTemperature: ['temperature', 'CEL'],
  relativeHumidity: ['relativeHumidity', 'C62'],
  atmosphericPressure: ['atmosphericPressure', 'A97'],
  illuminance: ['illuminance', 'LUX'],
  co2: ['co2', '59'],
  peopleCount: ['peopleCount', 'IE'],
};

/** Whether someone is there or a door is open has no attribute in the model, and neither has sound in a room. */
const unpublished = [
  ...pollutantsWithoutAttribute,
  'dewPoint',
  'feelsLikeTemperature',
  'presence',
  'motionCount',
  'occupancy',
  'doorOpen',
  'waterLeak',
  'LAeq',
  'LAS',
  'LAmax',
];

export const quantities: ReadonlySet<string> = new Set([...Object.keys(climate), ...Object.keys(pollutants), ...unpublished]);

/** Per moment one IndoorEnvironmentObserved and, for what it has no attribute for, one AirQualityObserved of the same room. */
export function map(readings: readonly Reading[], device: Device): Outcome<Entity> {
  const refDevice = relationship(deviceUrn(device));
  return states(readings, quantities, device, (observedAt, moment) => [
    ...observation('IndoorEnvironmentObserved', device, observedAt, moment, climate, { dateObserved: property(observedAt), refDevice }),
    ...observation('AirQualityObserved', device, observedAt, moment, pollutants, {
      dateObserved: dateTime(observedAt),
      typeofLocation: property('indoor'),
      refDevice,
    }),
  ]);
}
