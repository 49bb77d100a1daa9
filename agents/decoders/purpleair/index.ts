import { measurementReadings, measurementSchema, type Decoder, type Measurement } from '#core';

import { decode } from './decode.ts';

/** Values of PurpleAir sensors. */
export default {
  name: 'purpleair',
  title: { sl: 'PurpleAir', en: 'PurpleAir' },
  device: { vendor: 'PurpleAir', models: ['PA-I', 'PA-II', 'Flex', 'Zen'], datasheet: 'https://api.purpleair.com/' },
  recordSchema: measurementSchema,
  decode,
  readings: measurementReadings,
} satisfies Decoder<Measurement>;
