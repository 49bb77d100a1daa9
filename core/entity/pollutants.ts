import type { Reading } from '../plugin.ts';
import type { AttributeTable } from './observation.ts';

/** What AirQualityObserved holds of the air itself, as air quality stations and indoor sensors measure it: attribute and UN/CEFACT code. */
export const pollutants = {
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
  c6h6: ['c6h6', 'GQ'],
  sh2: ['sh2', 'GQ'],
  tvoc: ['volatileOrganicCompoundsTotal', 'GQ'],
  airQualityIndex: ['airQualityIndex', 'C62'],
} satisfies AttributeTable;

/** Environment/AirQualityObserved, schema 0.1.x, whole: the air itself and the weather around it. */
export const airQuality = {
  ...pollutants,
  co2: ['co2', '59'],
  airTemperature: ['temperature', 'CEL'],
  relativeHumidity: ['relativeHumidity', 'C62'],
  atmosphericPressure: ['pressure', 'A97'],
  precipitation: ['precipitation', 'MMT'],
  windSpeed: ['windSpeed', 'MTS'],
  windDirection: ['windDirection', 'DD'],
} satisfies AttributeTable;

/** The model's index is a whole number; sensors that work theirs out give fractions. */
export function withWholeIndex(reading: Reading): Reading {
  return reading.quantity === 'airQualityIndex' ? { ...reading, value: Math.round(reading.value) } : reading;
}

/** What such sensors also measure and the model has no attribute for: it stays a reading and is not published. */
export const pollutantsWithoutAttribute: readonly string[] = [
  'particleNumber05',
  'particleNumber1',
  'particleNumber25',
  'particleNumber4',
  'particleNumber10',
  'typicalParticleSize',
  'vocIndex',
  'noxIndex',
  'nh3',
  'hcho',
  'tvocFraction',
];
