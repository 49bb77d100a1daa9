import type { Adapter } from '#core';
import { dataset } from './dataset.ts';
import { decode, key } from './decode.ts';
import { map } from './map.ts';
import { recordSchema, type UnitRecord } from './record.ts';

export default {
  name: 'gurs-rpe',
  title: { sl: 'GURS: občine in naselja', en: 'GURS: municipalities and settlements' },
  dataset,
  schedule: '40 5 * * *',
  // Municipalities with their boundaries, settlements by their middle.
  parts: ['OB.geojson', 'NA.csv'],
  maxBytes: 128 * 1024 * 1024,
  format: {
    kind: 'oneOf',
    formats: [
      { kind: 'csv', columns: ['NA_MID', 'NA_UIME', 'OB_MID', 'STATUS', 'CEN_E', 'CEN_N'] },
      { kind: 'csv', columns: ['OB_MID', 'OB_ID', 'OB_UIME', 'STATUS', 'CEN_E', 'CEN_N'] },
      { kind: 'csv', columns: ['ODO_MID', 'ODO_UIME', 'STATUS', 'CEN_E', 'CEN_N'] },
      { kind: 'geojson', columns: ['ENOTA', 'STATUS'] },
    ],
  },
  recordSchema,
  emits: ['Organization'],
  key,
  // Idrija and Cerkno, and by their permanent numbers the settlements in them.
  defaultStations: ['36', '14', '11026893', '11026656'],
  decode,
  map,
  vanished: 'keep',
  expect: { minRows: 1, maxRejectedPct: 10 },
} satisfies Adapter<UnitRecord>;
