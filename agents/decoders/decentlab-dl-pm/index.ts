import { frameSchema, measurementReadings, type Decoder, type Measurement } from '#core';

import { decode } from './decode.ts';

/** Decentlab DL-PM, particulate matter with air temperature, humidity and pressure. */
export default {
  name: 'decentlab-dl-pm',
  title: { sl: 'Decentlab DL-PM, prašni delci', en: 'Decentlab DL-PM particulate matter sensor' },
  device: { vendor: 'Decentlab', models: ['DL-PM'], datasheet: 'https://github.com/decentlab/decentlab-decoders/tree/master/DL-PM' },
  recordSchema: frameSchema(
    'batteryVoltage',
    'pm1',
    'pm25',
    'pm4',
    'pm10',
    'typicalParticleSize',
    'particleNumber05',
    'particleNumber1',
    'particleNumber25',
    'particleNumber4',
    'particleNumber10',
    'airTemperature',
    'relativeHumidity',
    'atmosphericPressure',
  ),
  decode,
  readings: measurementReadings,
} satisfies Decoder<Measurement>;
