import { measurementReadings, measurementSchema, type Decoder, type Measurement } from '#core';

import { decode } from './decode.ts';

/** Measures of AirGradient monitors. */
export default {
  name: 'airgradient',
  title: { sl: 'AirGradient', en: 'AirGradient' },
  device: {
    vendor: 'AirGradient',
    models: ['ONE', 'Open Air'],
    datasheet: 'https://github.com/airgradienthq/arduino/blob/master/docs/local-server.md',
  },
  recordSchema: measurementSchema,
  decode,
  readings: measurementReadings,
} satisfies Decoder<Measurement>;
