import { frameSchema, measurementReadings, type Decoder, type Measurement } from '#core';

import { decode } from './decode.ts';

/** Cayenne Low Power Payload. */
export default {
  name: 'cayenne-lpp',
  title: { sl: 'Cayenne LPP', en: 'Cayenne Low Power Payload' },
  device: { vendor: 'myDevices', models: ['any that sends Cayenne LPP'], datasheet: 'https://docs.mydevices.com/docs/lorawan/cayenne-lpp' },
  recordSchema: frameSchema(
    'illuminance',
    'presence',
    'airTemperature',
    'relativeHumidity',
    'atmosphericPressure',
    'voltage',
    'current',
    'activePower',
    'distance',
    'activeEnergyImport',
    'digitalInput',
  ),
  decode,
  readings: measurementReadings,
} satisfies Decoder<Measurement>;
