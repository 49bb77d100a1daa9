import { frameSchema, measurementReadings, type Decoder, type Measurement } from '#core';

import { decode } from './decode.ts';

/** Tektelic Kiwi and Clover agriculture sensors. */
export default {
  name: 'tektelic-kiwi',
  title: { sl: 'Tektelic Kiwi in Clover, tla', en: 'Tektelic Kiwi and Clover agriculture sensors' },
  device: {
    vendor: 'Tektelic',
    models: ['Kiwi', 'Clover'],
    datasheet: 'https://support.tektelic.com/portal/en/kb/articles/kiwi-clover-technical-reference-manual',
  },
  recordSchema: frameSchema(
    'batteryVoltage',
    'soilProbeFrequency',
    'soilTemperature',
    'soilTension',
    'illuminance',
    'airTemperature',
    'relativeHumidity',
    'probeTemperature',
  ),
  decode,
  readings: measurementReadings,
} satisfies Decoder<Measurement>;
