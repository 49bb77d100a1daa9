import { measurementReadings, measurementSchema, type Decoder, type Measurement } from '#core';

import { decode } from './decode.ts';

/** JSON objects that name their quantities: the sensor contract, IoT-Agent JSON, and any firmware alike. */
export default {
  name: 'json',
  title: { sl: 'JSON z imeni količin', en: 'JSON with names of quantities' },
  device: { vendor: 'any', models: ['any that sends JSON'], datasheet: 'schemas/sensor.asyncapi.yaml' },
  recordSchema: measurementSchema,
  decode,
  readings: measurementReadings,
} satisfies Decoder<Measurement>;
