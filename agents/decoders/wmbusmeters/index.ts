import { measurementReadings, measurementSchema, type Decoder, type Measurement } from '#core';

import { decode } from './decode.ts';

/** Telegrams of wM-Bus meters, decoded by wmbusmeters. */
export default {
  name: 'wmbusmeters',
  title: { sl: 'Telegrami wmbusmeters', en: 'Telegrams of wmbusmeters' },
  device: {
    vendor: 'any',
    models: ['any wM-Bus meter with a driver of wmbusmeters'],
    datasheet: 'https://github.com/wmbusmeters/wmbusmeters',
  },
  recordSchema: measurementSchema,
  decode,
  readings: measurementReadings,
} satisfies Decoder<Measurement>;
