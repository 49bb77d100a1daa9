import type { Decoder } from '#core';

import { decode } from './decode.ts';
import { recordSchema, type DlPmRecord } from './record.ts';
import { readings } from './readings.ts';

/** Decentlab DL-PM, particulate matter with air temperature, humidity and pressure. */
export default {
  name: 'decentlab-dl-pm',
  title: { sl: 'Decentlab DL-PM, prašni delci', en: 'Decentlab DL-PM particulate matter sensor' },
  device: { vendor: 'Decentlab', models: ['DL-PM'], datasheet: 'https://github.com/decentlab/decentlab-decoders/tree/master/DL-PM' },
  recordSchema,
  decode,
  readings,
} satisfies Decoder<DlPmRecord>;
