import { frameSchema, measurementReadings, type Decoder, type Measurement } from '#core';

import { decode } from './decode.ts';

/** Dragino LSE01 soil moisture and conductivity sensor. */
export default {
  name: 'dragino-lse01',
  title: { sl: 'Dragino LSE01, vlaga in prevodnost tal', en: 'Dragino LSE01 soil moisture and conductivity sensor' },
  device: {
    vendor: 'Dragino',
    models: ['LSE01'],
    datasheet:
      'https://wiki.dragino.com/xwiki/bin/view/Main/User%20Manual%20for%20LoRaWAN%20End%20Nodes/LSE01-LoRaWAN%20Soil%20Moisture%20%26%20EC%20Sensor%20User%20Manual/',
  },
  recordSchema: frameSchema('batteryVoltage', 'soilMoisture', 'soilTemperature', 'conductivity', 'soilPermittivity', 'probeTemperature'),
  decode,
  readings: measurementReadings,
} satisfies Decoder<Measurement>;
