import { frameSchema, measurementReadings, type Decoder, type Measurement } from '#core';

import { decode } from './decode.ts';

/** Axioma Qalcosonic W1 water meter. */
export default {
  name: 'axioma-qalcosonic-w1',
  title: { sl: 'Axioma Qalcosonic W1, vodomer', en: 'Axioma Qalcosonic W1 water meter' },
  device: {
    vendor: 'Axioma Metering',
    models: ['Qalcosonic W1'],
    datasheet: 'https://www.axiomametering.com/en/products/water-metering-devices/ultrasonic/qalcosonic-w1',
  },
  recordSchema: frameSchema(
    'waterVolume',
    'waterTemperature',
    'leakAlarm',
    'burstAlarm',
    'backflowAlarm',
    'dryAlarm',
    'freezeAlarm',
    'tamperAlarm',
    'faultAlarm',
    'lowBatteryAlarm',
  ),
  decode,
  readings: measurementReadings,
} satisfies Decoder<Measurement>;
