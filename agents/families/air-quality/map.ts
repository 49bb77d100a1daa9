import {
  byMoment,
  dateTime,
  deviceUrn,
  observation,
  relationship,
  unmapped,
  type AttributeTable,
  type Device,
  type Entity,
  type Outcome,
  type Reading,
} from '#core';

/** Environment/AirQualityObserved, schema 0.1.x: attribute and UN/CEFACT code. */
const attributes: AttributeTable = {
  pm1: ['pm1', 'GQ'],
  pm25: ['pm25', 'GQ'],
  pm4: ['pm4', 'GQ'],
  pm10: ['pm10', 'GQ'],
  no: ['no', 'GQ'],
  no2: ['no2', 'GQ'],
  nox: ['nox', 'GQ'],
  o3: ['o3', 'GQ'],
  so2: ['so2', 'GQ'],
  co: ['co', 'GP'],
  co2: ['co2', '59'],
  c6h6: ['c6h6', 'GQ'],
  sh2: ['sh2', 'GQ'],
  tvoc: ['volatileOrganicCompoundsTotal', 'GQ'],
  airQualityIndex: ['airQualityIndex', 'C62'],
  airTemperature: ['temperature', 'CEL'],
  relativeHumidity: ['relativeHumidity', 'C62'],
  atmosphericPressure: ['pressure', 'A97'],
  precipitation: ['precipitation', 'MMT'],
  windSpeed: ['windSpeed', 'MTS'],
  windDirection: ['windDirection', 'DD'],
};

/** What such sensors also measure and the model has no attribute for: it stays a reading and is not published. */
const unpublished = [
  'particleNumber05',
  'particleNumber1',
  'particleNumber25',
  'particleNumber4',
  'particleNumber10',
  'typicalParticleSize',
  'vocIndex',
  'noxIndex',
  'nh3',
  'dewPoint',
  'feelsLikeTemperature',
  'illuminance',
];

export const quantities: readonly string[] = [...Object.keys(attributes), ...unpublished];
const known = new Set(quantities);

/** One AirQualityObserved state per moment. Refuses `unmapped_quantity` for what is no air quality. */
export function map(readings: readonly Reading[], device: Device): Outcome<Entity> {
  const outcome: Outcome<Entity> = { values: [], rejections: unmapped(readings, known, device) };
  for (const [observedAt, moment] of byMoment(readings)) {
    const published = moment.filter(({ quantity }) => Object.hasOwn(attributes, quantity)).map(inModelRange);
    if (published.length === 0) continue;
    outcome.values.push({
      ...observation('AirQualityObserved', device, observedAt, published, attributes),
      dateObserved: dateTime(observedAt),
      refDevice: relationship(deviceUrn(device)),
    });
  }
  return outcome;
}

/** The model counts wind direction from −180 to 180, sensors from 0 to 360. */
function inModelRange(reading: Reading): Reading {
  return reading.quantity === 'windDirection' && reading.value > 180 ? { ...reading, value: reading.value - 360 } : reading;
}
