import { measurementReadings, measurementSchema, type Decoder, type Measurement } from '#core';

import { decode } from './decode.ts';

/** UltraLight 2.0 measures. */
export default {
  name: 'ultralight',
  title: { sl: 'UltraLight 2.0', en: 'UltraLight 2.0' },
  device: {
    vendor: 'any',
    models: ['any that was made for the FIWARE IoT Agent for UltraLight 2.0'],
    datasheet: 'https://fiware-iotagent-ul.readthedocs.io/',
  },
  recordSchema: measurementSchema,
  decode,
  readings: measurementReadings,
} satisfies Decoder<Measurement>;
