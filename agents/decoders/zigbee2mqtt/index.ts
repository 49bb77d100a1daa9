import { measurementReadings, measurementSchema, type Decoder, type Measurement } from '#core';

import { decode } from './decode.ts';

/** States of Zigbee devices as Zigbee2MQTT publishes them. */
export default {
  name: 'zigbee2mqtt',
  title: { sl: 'Zigbee2MQTT', en: 'Zigbee2MQTT' },
  device: {
    vendor: 'any',
    models: ['any Zigbee device behind Zigbee2MQTT'],
    datasheet: 'https://www.zigbee2mqtt.io/guide/usage/exposes.html',
  },
  recordSchema: measurementSchema,
  decode,
  readings: measurementReadings,
} satisfies Decoder<Measurement>;
