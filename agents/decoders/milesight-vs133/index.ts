import { frameSchema, measurementReadings, type Decoder, type Measurement } from '#core';

import { decode } from './decode.ts';

/** Milesight VS133 people counter. */
export default {
  name: 'milesight-vs133',
  title: { sl: 'Milesight VS133, števec ljudi', en: 'Milesight VS133 people counter' },
  device: {
    vendor: 'Milesight',
    models: ['VS133'],
    datasheet: 'https://github.com/Milesight-IoT/SensorDecoders/tree/main/vs-series/vs133',
  },
  recordSchema: frameSchema(
    'peopleIn',
    'peopleOut',
    'peopleInTotal',
    'peopleOutTotal',
    'peopleInLine2',
    'peopleOutLine2',
    'peopleInTotalLine2',
    'peopleOutTotalLine2',
    'peopleInLine3',
    'peopleOutLine3',
    'peopleInTotalLine3',
    'peopleOutTotalLine3',
    'peopleInLine4',
    'peopleOutLine4',
    'peopleInTotalLine4',
    'peopleOutTotalLine4',
    'peopleInRegion1',
    'peopleInRegion2',
    'peopleInRegion3',
    'peopleInRegion4',
  ),
  decode,
  readings: measurementReadings,
} satisfies Decoder<Measurement>;
