import { frameSchema, measurementReadings, type Decoder, type Measurement } from '#core';

import { decode } from './decode.ts';

/** Sensative Strips. */
export default {
  name: 'sensative-strips',
  title: { sl: 'Sensative Strips', en: 'Sensative Strips' },
  device: {
    vendor: 'Sensative',
    models: ['Strips Comfort', 'Strips Guard', 'Strips Drip', 'Strips Presence'],
    datasheet: 'https://sensative.com/sensors/strips-sensors-for-lorawan/',
  },
  recordSchema: frameSchema(
    'batteryLevel',
    'airTemperature',
    'relativeHumidity',
    'illuminance',
    'doorOpen',
    'tamperAlarm',
    'waterLeak',
    'presence',
  ),
  decode,
  readings: measurementReadings,
} satisfies Decoder<Measurement>;
