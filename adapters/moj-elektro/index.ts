import { textOf, type Adapter } from '#core';
import { dataset } from './dataset.ts';
import { decode } from './decode.ts';
import { map } from './map.ts';
import { pointColumn, timeColumn } from './portal.ts';
import { recordSchema, type MeterRecord } from './record.ts';

export default {
  name: 'moj-elektro',
  title: { sl: 'Moj elektro: 15-minutne meritve', en: 'Moj elektro: 15-minute readings' },
  dataset,
  authorization: { kind: 'header', header: 'X-API-TOKEN' },
  personal: true,
  // Values of a day arrive in the night after it; some are replaced within a week.
  schedule: '20 9 * * *',
  readsBack: 7,
  format: {
    kind: 'oneOf',
    formats: [
      {
        kind: 'json',
        rows: ['intervalBlocks', 'intervalReadings'],
        outer: ['usagePoint', 'readingType'],
        columns: ['usagePoint', 'readingType', 'timestamp', 'value'],
      },
      // What the portal gives to the holder, as CSV or as a workbook.
      { kind: 'csv', columns: [pointColumn, timeColumn, 'Energija A+'] },
      { kind: 'xlsx', columns: [pointColumn, timeColumn, 'Energija A+'] },
    ],
  },
  recordSchema,
  emits: ['ThreePhaseAcMeasurement', 'SmartMeteringObservation'],
  key: (row) => textOf(row, 'usagePoint') ?? textOf(row, pointColumn),
  // Whoever holds the token names the usage points.
  defaultStations: [],
  decode,
  map,
  // The same address; a week at a time is what is asked for every day.
  history: { url: dataset.url, longestDays: 7 },
  vanished: 'keep',
  staleAfterHours: 96,
  expect: { minRows: 1, maxRejectedPct: 60 },
} satisfies Adapter<MeterRecord>;
