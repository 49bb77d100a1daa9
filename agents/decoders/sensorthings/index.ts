import { measurementReadings, measurementSchema, type Decoder, type Measurement } from '#core';

import { decode } from './decode.ts';

/** Observations of OGC SensorThings. */
export default {
  name: 'sensorthings',
  title: { sl: 'Opazovanja OGC SensorThings', en: 'OGC SensorThings Observations' },
  device: { vendor: 'any', models: ['any behind a SensorThings service'], datasheet: 'https://docs.ogc.org/is/18-088/18-088.html' },
  recordSchema: measurementSchema,
  decode,
  readings: measurementReadings,
} satisfies Decoder<Measurement>;
