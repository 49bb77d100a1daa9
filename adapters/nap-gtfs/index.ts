import type { Adapter } from '#core';
import { area, dataset } from './dataset.ts';
import { decode, key } from './decode.ts';
import { map } from './map.ts';
import { gtfsTypes, recordSchema, type GtfsRecord } from './record.ts';

export default {
  name: 'nap-gtfs',
  title: { sl: 'NAP: vozni redi', en: 'NAP: timetables' },
  dataset,
  authorization: { kind: 'passwordGrant', tokenUrl: 'https://b2b.nap.si/uc/user/token' },
  maxBytes: 256 * 1024 * 1024,
  // Timetables change some times a week; an unchanged file is not read again.
  schedule: '10 3 * * *',
  format: {
    kind: 'oneOf',
    formats: [
      { kind: 'gtfs', area },
      { kind: 'json', rows: [], columns: ['gtfs_id', 'name', 'lat', 'lon'] },
    ],
  },
  recordSchema,
  emits: gtfsTypes,
  key,
  // The area decides.
  defaultStations: 'all',
  decode,
  map,
  vanished: 'delete',
  expect: { minRows: 1, maxRejectedPct: 20 },
} satisfies Adapter<GtfsRecord>;
