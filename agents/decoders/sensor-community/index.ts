import { measurementReadings, measurementSchema, type Decoder, type Measurement } from '#core';

import { decode } from './decode.ts';

/** Values of airRohr stations. */
export default {
  name: 'sensor-community',
  title: { sl: 'sensor.community', en: 'sensor.community' },
  device: { vendor: 'sensor.community', models: ['airRohr'], datasheet: 'https://github.com/opendata-stuttgart/meta/wiki/APIs' },
  recordSchema: measurementSchema,
  decode,
  readings: measurementReadings,
} satisfies Decoder<Measurement>;
