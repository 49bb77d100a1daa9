import { textOf, type Adapter } from '#core';
import { dataset } from './dataset.ts';
import { decode } from './decode.ts';
import { map } from './map.ts';
import { recordSchema, type AirRecord } from './record.ts';

export default {
  name: '__name__',
  title: { sl: 'Založnik: kaj meri', en: 'Publisher: what it measures' },
  dataset,
  schedule: '10 * * * *',
  format: { kind: 'xml', rows: ['stations', 'station'], columns: ['@id', 'time'] },
  recordSchema,
  emits: ['AirQualityObserved'],
  key: (row) => textOf(row, '@id'),
  defaultStations: ['A1'],
  decode,
  map,
  vanished: 'keep',
  expect: { minRows: 1, maxRejectedPct: 50 },
} satisfies Adapter<AirRecord>;
