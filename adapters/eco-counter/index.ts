import type { Adapter } from '#core';
import { dataset } from './dataset.ts';
import { decode } from './decode.ts';
import { map } from './map.ts';
import { recordSchema, type CountRecord } from './record.ts';

export default {
  name: 'eco-counter',
  title: { sl: 'Eco-Counter: števci kolesarjev in pešcev', en: 'Eco-Counter: counters of cyclists and walkers' },
  dataset,
  authorization: { kind: 'header', header: 'Authorization', scheme: 'Bearer' },
  // Counters send once a day, some only every few days.
  schedule: '40 5,11,17,23 * * *',
  readsBack: 7,
  format: { kind: 'json', rows: [], columns: ['date', 'counts'] },
  recordSchema,
  emits: ['TrafficFlowObserved'],
  // The answer does not say of which site it is: the address does.
  key: () => undefined,
  // Whoever holds the token names the sites.
  defaultStations: [],
  decode,
  map,
  history: { url: dataset.url, longestDays: 31 },
  vanished: 'keep',
  staleAfterHours: 96,
  expect: { minRows: 0, maxRejectedPct: 100 },
} satisfies Adapter<CountRecord>;
