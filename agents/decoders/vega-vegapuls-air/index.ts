import { frameSchema, measurementReadings, type Decoder, type Measurement } from '#core';

import { decode } from './decode.ts';

/** VEGAPULS Air radar level sensor. */
export default {
  name: 'vega-vegapuls-air',
  title: { sl: 'VEGAPULS Air, radarski merilnik nivoja', en: 'VEGAPULS Air radar level sensor' },
  device: {
    vendor: 'VEGA',
    models: ['VEGAPULS Air 23', 'VEGAPULS Air 41', 'VEGAPULS Air 42'],
    datasheet: 'https://www.vega.com/en-us/products/product-catalog/level/radar/vegapuls-air-41',
  },
  recordSchema: frameSchema('batteryLevel', 'distance', 'airTemperature', 'inclination'),
  decode,
  readings: measurementReadings,
} satisfies Decoder<Measurement>;
