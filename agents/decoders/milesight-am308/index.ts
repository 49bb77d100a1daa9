import { frameSchema, measurementReadings, type Decoder, type Measurement } from '#core';

import { decode } from './decode.ts';

/** Milesight AM308 indoor ambience sensor. */
export default {
  name: 'milesight-am308',
  title: { sl: 'Milesight AM308, notranje okolje', en: 'Milesight AM308 indoor ambience sensor' },
  device: {
    vendor: 'Milesight',
    models: ['AM308', 'AM308L'],
    datasheet: 'https://github.com/Milesight-IoT/SensorDecoders/tree/main/am-series/am308',
  },
  recordSchema: frameSchema(
    'batteryLevel',
    'airTemperature',
    'relativeHumidity',
    'presence',
    'lightLevel',
    'co2',
    'vocIndex',
    'tvoc',
    'atmosphericPressure',
    'pm25',
    'pm10',
    'hcho',
    'o3',
  ),
  decode,
  readings: measurementReadings,
} satisfies Decoder<Measurement>;
