import type { Adapter } from '#core';
import { dataset } from './dataset.ts';
import { decode, municipalityCode } from './decode.ts';
import { map } from './map.ts';
import { recordSchema, type MunicipalityRecord } from './record.ts';

export default {
  name: 'gurs-rpe',
  title: { sl: 'GURS: občine', en: 'GURS: municipalities' },
  dataset,
  schedule: '40 5 * * *',
  format: { kind: 'csv', columns: ['OB_MID', 'OB_ID', 'OB_UIME', 'STATUS', 'CEN_E', 'CEN_N'] },
  recordSchema,
  emits: ['Organization'],
  key: municipalityCode,
  // Idrija and Cerkno.
  defaultStations: ['36', '14'],
  decode,
  map,
  vanished: 'keep',
  expect: { minRows: 1, maxRejectedPct: 10 },
} satisfies Adapter<MunicipalityRecord>;
