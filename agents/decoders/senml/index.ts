import { measurementReadings, measurementSchema, type Decoder, type Measurement } from '#core';

import { decode } from './decode.ts';

/** Sensor Measurement Lists in JSON. */
export default {
  name: 'senml',
  title: { sl: 'SenML (RFC 8428)', en: 'SenML (RFC 8428)' },
  device: { vendor: 'any', models: ['any that sends SenML in JSON'], datasheet: 'https://www.rfc-editor.org/rfc/rfc8428' },
  recordSchema: measurementSchema,
  decode,
  readings: measurementReadings,
} satisfies Decoder<Measurement>;
