import { textOf, type Adapter } from '#core';
import { dataset } from './dataset.ts';
import { decode } from './decode.ts';
import { map } from './map.ts';
import { recordSchema, type ParkingRecord } from './record.ts';

const columns = ['ID_Parkirisca', 'Ime', 'KoordinataX', 'KoordinataY', 'St_mest'];

export default {
  name: 'lpt-parking',
  title: { sl: 'LPT: parkirišča v Ljubljani', en: 'LPT: car parks in Ljubljana' },
  dataset,
  schedule: '*/10 * * * *',
  format: {
    kind: 'oneOf',
    formats: [
      { kind: 'json', rows: ['Parkirisca'], columns },
      { kind: 'xml', rows: ['Parkirisca', 'Parkirisca'], columns },
    ],
  },
  recordSchema,
  emits: ['OffStreetParking'],
  key: (row) => textOf(row, 'ID_Parkirisca'),
  defaultStations: 'all',
  decode,
  map,
  vanished: 'mark',
  staleAfterHours: 24,
  expect: { minRows: 1, maxRejectedPct: 50 },
} satisfies Adapter<ParkingRecord>;
