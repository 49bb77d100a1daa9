import { measurementReadings, measurementSchema, type Decoder, type Measurement } from '#core';

import { decode } from './decode.ts';

/** What the network's own codec made of a frame (`decoded_payload`, `object`). */
export default {
  name: 'decoded-payload',
  title: { sl: 'Vsebina, ki jo je razbralo omrežje', en: 'Payload decoded by the network' },
  device: { vendor: 'any', models: ['any with a codec in its network server'], datasheet: 'the codec installed in the network server' },
  recordSchema: measurementSchema,
  decode,
  readings: measurementReadings,
} satisfies Decoder<Measurement>;
