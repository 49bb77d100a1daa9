import { textOf, type Adapter } from '#core';
import { dataset } from './dataset.ts';
import { decode } from './decode.ts';
import { map } from './map.ts';
import { recordSchema, type HydroRecord } from './record.ts';

export default {
  name: 'arso-hydro',
  title: { sl: 'ARSO: vodostaji, pretoki in temperature voda', en: 'ARSO: river levels, flow and water temperature' },
  dataset,
  // The file itself says "5 minut čez polno uro ali pol ure".
  schedule: '5,35 * * * *',
  format: { kind: 'xml', rows: ['arsopodatki', 'postaja'], columns: ['@sifra', 'reka', 'datum'] },
  recordSchema,
  emits: ['WaterObserved', 'WaterQualityObserved'],
  key: (row) => textOf(row, '@sifra'),
  // Idrijca (Podroteja, its canal, Hotešk), Cerknica, Trebuša, Bača, Poljanska Sora, Tolminka, Hubelj, Vipava.
  defaultStations: ['8350', '8351', '8450', '8454', '8478', '8500', '4222', '8332', '8630', '8561'],
  decode,
  map,
  vanished: 'keep',
  staleAfterHours: 6,
  expect: { minRows: 1, maxRejectedPct: 50 },
} satisfies Adapter<HydroRecord>;
