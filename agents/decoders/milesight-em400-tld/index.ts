import { frameSchema, measurementReadings, type Decoder, type Measurement } from '#core';

import { decode } from './decode.ts';

/** Milesight EM400-TLD laser distance sensor. */
export default {
  name: 'milesight-em400-tld',
  title: { sl: 'Milesight EM400-TLD, laserski merilnik razdalje', en: 'Milesight EM400-TLD laser distance sensor' },
  device: {
    vendor: 'Milesight',
    models: ['EM400-TLD'],
    datasheet: 'https://github.com/Milesight-IoT/SensorDecoders/tree/main/em-series/em400-tld',
  },
  recordSchema: frameSchema('batteryLevel', 'airTemperature', 'distance', 'tilted'),
  decode,
  readings: measurementReadings,
} satisfies Decoder<Measurement>;
