import { frameSchema, measurementReadings, type Decoder, type Measurement } from '#core';

import { decode } from './decode.ts';

/** Milesight EM500-PP pipe pressure sensor. */
export default {
  name: 'milesight-em500-pp',
  title: { sl: 'Milesight EM500-PP, tlak v cevi', en: 'Milesight EM500-PP pipe pressure sensor' },
  device: {
    vendor: 'Milesight',
    models: ['EM500-PP'],
    datasheet: 'https://github.com/Milesight-IoT/SensorDecoders/tree/main/em-series/em500-pp',
  },
  recordSchema: frameSchema('batteryLevel', 'waterPressure'),
  decode,
  readings: measurementReadings,
} satisfies Decoder<Measurement>;
