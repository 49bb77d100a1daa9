import {
  dateTime,
  observation,
  pollutants,
  pollutantsWithoutAttribute,
  property,
  refDevice,
  states,
  urn,
  withWholeIndex,
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

/** People in a part of the room: an IndoorEnvironmentObserved of its own, with the part at the end of its id. */
const regions = ['1', '2', '3', '4'];

/**
 * Whether someone is there or a door is open has no attribute in the model, and neither has sound, who passes a line, and what an external
 * probe or an input says.
 */
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
  'soundLevel',
  'soundLevelPeak',
  'lightLevel',
  'surfaceTemperature',
  'probeTemperature',
  'probeHumidity',
  'digitalInput',
  'pulseCount',
  'pulseTotal',
  ...['', 'Line2', 'Line3', 'Line4'].flatMap((line) =>
    ['peopleIn', 'peopleOut', 'peopleInTotal', 'peopleOutTotal'].map((name) => name + line),
  ),
];

export const quantities: ReadonlySet<string> = new Set([
  ...Object.keys(climate),
  ...regions.map((region) => `peopleInRegion${region}`),
  ...Object.keys(pollutants),
  ...unpublished,
]);

/** Per moment one IndoorEnvironmentObserved of the room, one for each part of it, and one AirQualityObserved for what it has no attribute for. */
export function map(readings: readonly Reading[], device: Device): Outcome<Entity> {
  return states(readings, quantities, device, (observedAt, moment) => [
    ...observation('IndoorEnvironmentObserved', device, observedAt, moment, climate, {
      dateObserved: property(observedAt),
      refDevice: refDevice(device),
    }),
    ...regions.flatMap((region) =>
      observation(
        'IndoorEnvironmentObserved',
        device,
        observedAt,
        moment,
        { [`peopleInRegion${region}`]: ['peopleCount', 'IE'] },
        {
          id: urn('IndoorEnvironmentObserved', device.id, `region-${region}`),
          dateObserved: property(observedAt),
          refDevice: refDevice(device),
        },
      ),
    ),
    ...observation('AirQualityObserved', device, observedAt, moment.map(withWholeIndex), pollutants, {
      dateObserved: dateTime(observedAt),
      typeofLocation: property('indoor'),
      refDevice: refDevice(device),
    }),
  ]);
}
