import { frameSchema, measurementReadings, type Decoder, type Measurement } from '#core';

import { decode } from './decode.ts';

/** Elsys ERS and its family. */
export default {
  name: 'elsys-ers',
  title: { sl: 'Elsys ERS in sorodni', en: 'Elsys ERS and its family' },
  device: {
    vendor: 'Elsys',
    models: ['ERS', 'ERS CO2', 'ERS Eye', 'ERS Sound', 'ERS VOC', 'ERS Desk', 'ESM5k', 'ELT-2', 'ELT Ultrasonic', 'EXT', 'EMS'],
    datasheet: 'https://elsys.se/public/documents/Sensor_payload.pdf',
  },
  recordSchema: frameSchema(
    'airTemperature',
    'relativeHumidity',
    'illuminance',
    'motionCount',
    'co2',
    'batteryVoltage',
    'pulseCount',
    'pulseTotal',
    'probeTemperature',
    'digitalInput',
    'distance',
    'surfaceTemperature',
    'presence',
    'waterLeak',
    'atmosphericPressure',
    'soundLevel',
    'soundLevelPeak',
    'tvocFraction',
  ),
  decode,
  readings: measurementReadings,
} satisfies Decoder<Measurement>;
