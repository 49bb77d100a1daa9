import { frameSchema, measurementReadings, type Decoder, type Measurement } from '#core';

import { decode } from './decode.ts';

/** Dragino LHT65N temperature and humidity sensor. */
export default {
  name: 'dragino-lht65n',
  title: { sl: 'Dragino LHT65N, temperatura in vlažnost', en: 'Dragino LHT65N temperature and humidity sensor' },
  device: {
    vendor: 'Dragino',
    models: ['LHT65N'],
    datasheet:
      'https://wiki.dragino.com/xwiki/bin/view/Main/User%20Manual%20for%20LoRaWAN%20End%20Nodes/LHT65N%20LoRaWAN%20Temperature%20%26%20Humidity%20Sensor%20Manual/',
  },
  recordSchema: frameSchema(
    'batteryVoltage',
    'airTemperature',
    'relativeHumidity',
    'probeTemperature',
    'probeHumidity',
    'illuminance',
    'pulseTotal',
    'digitalInput',
  ),
  decode,
  readings: measurementReadings,
} satisfies Decoder<Measurement>;
