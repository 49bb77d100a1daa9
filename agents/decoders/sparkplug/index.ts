import { measurementReadings, measurementSchema, type Decoder, type Measurement } from '#core';

import { decode } from './decode.ts';

/** Metrics of Sparkplug B. */
export default {
  name: 'sparkplug',
  title: { sl: 'Metrike Sparkplug B', en: 'Metrics of Sparkplug B' },
  device: {
    vendor: 'any',
    models: ['any edge node of Sparkplug B'],
    datasheet: 'https://sparkplug.eclipse.org/specification/version/3.0/',
  },
  recordSchema: measurementSchema,
  decode,
  readings: measurementReadings,
} satisfies Decoder<Measurement>;
