import { frameSchema, measurementReadings, type Decoder, type Measurement } from '#core';

import { decode } from './decode.ts';

/** Decentlab DL-LID laser distance sensor. */
export default {
  name: 'decentlab-dl-lid',
  title: { sl: 'Decentlab DL-LID, laserski merilnik razdalje', en: 'Decentlab DL-LID laser distance sensor' },
  device: { vendor: 'Decentlab', models: ['DL-LID'], datasheet: 'https://github.com/decentlab/decentlab-decoders/tree/master/DL-LID' },
  recordSchema: frameSchema('batteryVoltage', 'distance'),
  decode,
  readings: measurementReadings,
} satisfies Decoder<Measurement>;
