import { textOf, type Adapter } from '#core';
import { dataset } from './dataset.ts';
import { decode } from './decode.ts';
import { map } from './map.ts';
import { recordSchema, type HourRecord } from './record.ts';

export default {
  name: 'telraam',
  title: { sl: 'Telraam: števci prometa prebivalcev', en: "Telraam: citizens' traffic counters" },
  dataset,
  authorization: { kind: 'header', header: 'X-Api-Key' },
  post: {
    '': {
      level: 'segments',
      format: 'per-hour',
      id: '{station}',
      time_start: '{from} 00:00:00Z',
      time_end: '{to} 23:59:59Z',
    },
  },
  // Hours of the day before still change for a while.
  readsBack: 1,
  schedule: '15 * * * *',
  format: { kind: 'json', rows: ['report'], columns: ['segment_id', 'date', 'interval', 'uptime'] },
  recordSchema,
  emits: ['TrafficFlowObserved', 'CrowdFlowObserved'],
  key: (row) => textOf(row, 'segment_id'),
  // Whoever holds the key names the segments.
  defaultStations: [],
  decode,
  map,
  // A request may span three months.
  history: { url: dataset.url, longestDays: 30 },
  vanished: 'keep',
  staleAfterHours: 48,
  expect: { minRows: 0, maxRejectedPct: 100 },
} satisfies Adapter<HourRecord>;
