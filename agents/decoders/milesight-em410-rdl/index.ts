import { frameSchema, measurementReadings, type Decoder, type Measurement } from '#core';

import { decode } from './decode.ts';

/** Milesight EM410-RDL radar distance sensor. */
export default {
  name: 'milesight-em410-rdl',
  title: { sl: 'Milesight EM410-RDL, radarski merilnik razdalje', en: 'Milesight EM410-RDL radar distance sensor' },
  device: {
    vendor: 'Milesight',
    models: ['EM410-RDL'],
    datasheet: 'https://github.com/Milesight-IoT/SensorDecoders/tree/main/em-series/em410-rdl',
  },
  recordSchema: frameSchema('batteryLevel', 'airTemperature', 'distance', 'tilted'),
  decode,
  readings: measurementReadings,
} satisfies Decoder<Measurement>;
