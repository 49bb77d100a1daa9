import { frameSchema, measurementReadings, type Decoder, type Measurement } from '#core';

import { decode } from './decode.ts';

/** Milesight EM300-TH temperature and humidity sensor. */
export default {
  name: 'milesight-em300-th',
  title: { sl: 'Milesight EM300-TH, temperatura in vlažnost', en: 'Milesight EM300-TH temperature and humidity sensor' },
  device: {
    vendor: 'Milesight',
    models: ['EM300-TH'],
    datasheet: 'https://github.com/Milesight-IoT/SensorDecoders/tree/main/em-series/em300-th',
  },
  recordSchema: frameSchema('batteryLevel', 'airTemperature', 'relativeHumidity'),
  decode,
  readings: measurementReadings,
} satisfies Decoder<Measurement>;
