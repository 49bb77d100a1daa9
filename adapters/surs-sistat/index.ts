import type { Adapter } from '#core';
import { areaOf } from './cell.ts';
import { dataset, questions } from './dataset.ts';
import { decode } from './decode.ts';
import { map } from './map.ts';
import { recordSchema, type FigureRecord } from './record.ts';

export default {
  name: 'surs-sistat',
  title: { sl: 'SURS: prebivalstvo in turizem po občinah', en: 'SURS: population and tourism by municipality' },
  dataset,
  parts: ['05C4003S', '2164466S'],
  post: questions,
  // Figures are published at half past ten.
  schedule: '20 11 * * *',
  format: {
    kind: 'oneOf',
    formats: [
      { kind: 'statistics' },
      // Monthly nights as others have grouped them.
      {
        kind: 'json',
        rows: ['municipalities', '*', 'countries'],
        outer: ['month', 'display_name'],
        columns: ['month', 'display_name', 'name', 'data'],
      },
    ],
  },
  recordSchema,
  emits: ['KeyPerformanceIndicator'],
  key: areaOf,
  // The country, Idrija and its neighbours: Cerkno, Gorenja vas-Poljane, Logatec, Tolmin, Žiri, Ajdovščina, Vrhnika.
  defaultStations: ['0', '036', '014', '027', '064', '128', '147', '001', '140'],
  decode,
  map,
  vanished: 'keep',
  // In small municipalities most months may be confidential.
  expect: { minRows: 1, maxRejectedPct: 90 },
} satisfies Adapter<FigureRecord>;
