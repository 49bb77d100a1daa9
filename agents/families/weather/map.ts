import { dateTime, observation, refDevice, states, type AttributeTable, type Device, type Entity, type Outcome, type Reading } from '#core';

/** Weather/WeatherObserved: attribute and UN/CEFACT code. */
const attributes: AttributeTable = {
  airTemperature: ['temperature', 'CEL'],
  feelsLikeTemperature: ['feelsLikeTemperature', 'CEL'],
  dewPoint: ['dewPoint', 'CEL'],
  relativeHumidity: ['relativeHumidity', 'C62'],
  atmosphericPressure: ['atmosphericPressure', 'A97'],
  windSpeed: ['windSpeed', 'MTS'],
  windGust: ['gustSpeed', 'MTS'],
  windDirection: ['windDirection', 'DD'],
  precipitation: ['precipitation', 'MMT'],
  snowDepth: ['snowHeight', 'CMT'],
  solarIrradiance: ['solarRadiation', 'D54'],
  diffuseIrradiance: ['diffuseIrradiation', 'D54'],
  illuminance: ['illuminance', 'LUX'],
  uvIndex: ['uVIndexMax', 'C62'],
  visibility: ['visibility', 'MTR'],
};

/** What such stations also measure and the model has no attribute for: the soil, surfaces, rain per hour, and what hangs at an input. */
const unpublished = [
  'precipitationRate',
  'soilTemperature',
  'soilMoisture',
  'soilTension',
  'soilProbeFrequency',
  'soilPermittivity',
  'conductivity',
  'surfaceTemperature',
  'probeTemperature',
  'probeHumidity',
  'lightLevel',
  'digitalInput',
  'pulseCount',
  'pulseTotal',
];

export const quantities: ReadonlySet<string> = new Set([...Object.keys(attributes), ...unpublished]);

/** One WeatherObserved state per moment. Refuses `unmapped_quantity` for what is no weather. */
export function map(readings: readonly Reading[], device: Device): Outcome<Entity> {
  return states(readings, quantities, device, (observedAt, moment) =>
    observation('WeatherObserved', device, observedAt, moment, attributes, {
      dateObserved: dateTime(observedAt),
      refDevice: refDevice(device),
    }),
  );
}
