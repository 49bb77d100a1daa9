import { textOf, type Adapter } from '#core';
import { dataset } from './dataset.ts';
import { decode } from './decode.ts';
import { map } from './map.ts';
import { recordSchema, type AirRecord } from './record.ts';

export default {
  name: 'arso-air',
  title: { sl: 'ARSO: kakovost zraka, urni podatki', en: 'ARSO: air quality, hourly' },
  dataset,
  // The file itself says "45 minut čez polno uro".
  schedule: '45 * * * *',
  format: { kind: 'xml', rows: ['arsopodatki', 'postaja'], columns: ['@sifra', 'datum_do', 'merilno_mesto'] },
  recordSchema,
  emits: ['AirQualityObserved'],
  key: (row) => textOf(row, '@sifra'),
  // None stands in Idrija: Otlica, Nova Gorica (Grčna), Ljubljana Vič.
  defaultStations: ['E424', 'E421', 'E404'],
  decode,
  map,
  // Seven days of all stations, in the form of the newest hour.
  history: { url: 'https://www.arso.gov.si/xml/zrak/ones_zrak_urni_podatki_7dni.xml', keptDays: 7 },
  vanished: 'keep',
  staleAfterHours: 6,
  expect: { minRows: 1, maxRejectedPct: 50 },
} satisfies Adapter<AirRecord>;
