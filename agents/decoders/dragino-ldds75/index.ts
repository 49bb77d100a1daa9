import { frameSchema, measurementReadings, type Decoder, type Measurement } from '#core';

import { decode } from './decode.ts';

/** Dragino LDDS75 ultrasonic distance sensor. */
export default {
  name: 'dragino-ldds75',
  title: { sl: 'Dragino LDDS75, ultrazvočni merilnik razdalje', en: 'Dragino LDDS75 ultrasonic distance sensor' },
  device: {
    vendor: 'Dragino',
    models: ['LDDS75', 'LDDS45'],
    datasheet:
      'https://wiki.dragino.com/xwiki/bin/view/Main/User%20Manual%20for%20LoRaWAN%20End%20Nodes/LDDS75%20-%20LoRaWAN%20Distance%20Detection%20Sensor%20User%20Manual/',
  },
  recordSchema: frameSchema('batteryVoltage', 'distance', 'probeTemperature'),
  decode,
  readings: measurementReadings,
} satisfies Decoder<Measurement>;
