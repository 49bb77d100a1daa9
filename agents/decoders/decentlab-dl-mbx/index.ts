import { frameSchema, measurementReadings, type Decoder, type Measurement } from '#core';

import { decode } from './decode.ts';

/** Decentlab DL-MBX ultrasonic distance sensor. */
export default {
  name: 'decentlab-dl-mbx',
  title: { sl: 'Decentlab DL-MBX, ultrazvočni merilnik razdalje', en: 'Decentlab DL-MBX ultrasonic distance sensor' },
  device: { vendor: 'Decentlab', models: ['DL-MBX'], datasheet: 'https://github.com/decentlab/decentlab-decoders/tree/master/DL-MBX' },
  recordSchema: frameSchema('batteryVoltage', 'distance'),
  decode,
  readings: measurementReadings,
} satisfies Decoder<Measurement>;
