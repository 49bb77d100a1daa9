import { measurementReadings, measurementSchema, type Decoder, type Measurement } from '#core';

import { decode } from './decode.ts';

/** Sensors of the Tasmota firmware. */
export default {
  name: 'tasmota',
  title: { sl: 'Tasmota', en: 'Tasmota' },
  device: { vendor: 'any', models: ['any with the Tasmota firmware'], datasheet: 'https://tasmota.github.io/docs/Supported-Peripherals/' },
  recordSchema: measurementSchema,
  decode,
  readings: measurementReadings,
} satisfies Decoder<Measurement>;
