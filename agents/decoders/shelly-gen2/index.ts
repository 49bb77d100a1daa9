import { measurementReadings, measurementSchema, type Decoder, type Measurement } from '#core';

import { decode } from './decode.ts';

/** Components of Shelly devices. */
export default {
  name: 'shelly-gen2',
  title: { sl: 'Shelly, 2. generacija in novejše', en: 'Shelly Gen2 and newer' },
  device: { vendor: 'Shelly', models: ['Plus', 'Pro', 'Gen3', 'Gen4'], datasheet: 'https://shelly-api-docs.shelly.cloud/gen2/' },
  recordSchema: measurementSchema,
  decode,
  readings: measurementReadings,
} satisfies Decoder<Measurement>;
