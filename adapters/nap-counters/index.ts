import { textOf, type Adapter } from '#core';
import { dataset } from './dataset.ts';
import { decode } from './decode.ts';
import { map } from './map.ts';
import { recordSchema, type CounterRecord } from './record.ts';

/** Idrija, Otalež, Godovič, Hotedršica, Stopnik, Slap ob Idrijci, Cerkno, Zavratec, Kalce; both directions of each. */
const counters = ['0617', '0447', '0105', '0100', '0406', '0104', '0102', '0370', '0074'];

export default {
  name: 'nap-counters',
  title: { sl: 'NAP: števci prometa', en: 'NAP: traffic counters' },
  dataset,
  authorization: { kind: 'passwordGrant', tokenUrl: 'https://b2b.nap.si/uc/user/token' },
  // Counts of five minutes, collected within the minute after them.
  schedule: '2-57/5 * * * *',
  format: { kind: 'geojson', columns: ['id', 'updated', 'stevci_stat', 'stevci_stev'], crs: 'EPSG:3912' },
  recordSchema,
  emits: ['TrafficFlowObserved'],
  key: (row) => textOf(row, 'id'),
  defaultStations: counters.flatMap((counter) => [`${counter}-11`, `${counter}-21`]),
  decode,
  map,
  vanished: 'keep',
  staleAfterHours: 3,
  expect: { minRows: 1, maxRejectedPct: 90 },
} satisfies Adapter<CounterRecord>;
