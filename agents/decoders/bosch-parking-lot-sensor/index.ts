import { frameSchema, measurementReadings, type Decoder, type Measurement } from '#core';

import { decode } from './decode.ts';

/** Bosch Parking Lot Sensor. */
export default {
  name: 'bosch-parking-lot-sensor',
  title: { sl: 'Bosch Parking Lot Sensor, parkirno mesto', en: 'Bosch Parking Lot Sensor' },
  device: {
    vendor: 'Bosch',
    models: ['TPS110 EU'],
    datasheet: 'https://www.bosch-connectivity.com/products/connected-mobility/parking-lot-sensor/',
  },
  recordSchema: frameSchema('occupied', 'airTemperature'),
  decode,
  readings: measurementReadings,
} satisfies Decoder<Measurement>;
