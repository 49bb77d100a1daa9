import { frameSchema, measurementReadings, type Decoder, type Measurement } from '#core';

import { decode } from './decode.ts';

/** Milesight EM500-UDL, ultrasonic distance. */
export default {
  name: 'milesight-em500-udl',
  title: { sl: 'Milesight EM500-UDL, ultrazvočni merilnik razdalje', en: 'Milesight EM500-UDL ultrasonic distance sensor' },
  device: {
    vendor: 'Milesight',
    models: ['EM500-UDL-W050', 'EM500-UDL-W100'],
    datasheet: 'https://github.com/Milesight-IoT/SensorDecoders/tree/main/em-series/em500-udl',
  },
  recordSchema: frameSchema('batteryLevel', 'distance'),
  decode,
  readings: measurementReadings,
} satisfies Decoder<Measurement>;
