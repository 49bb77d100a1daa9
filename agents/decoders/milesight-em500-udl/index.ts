import type { Decoder } from '#core';

import { decode } from './decode.ts';
import { recordSchema, type Em500UdlRecord } from './record.ts';
import { readings } from './readings.ts';

/** Milesight EM500-UDL, ultrasonic distance. */
export default {
  name: 'milesight-em500-udl',
  title: { sl: 'Milesight EM500-UDL, ultrazvočni merilnik razdalje', en: 'Milesight EM500-UDL ultrasonic distance sensor' },
  device: {
    vendor: 'Milesight',
    models: ['EM500-UDL-W050', 'EM500-UDL-W100'],
    datasheet: 'https://github.com/Milesight-IoT/SensorDecoders/tree/main/EM_Series/EM500_Series/EM500-UDL',
  },
  recordSchema,
  decode,
  readings,
} satisfies Decoder<Em500UdlRecord>;
