import { stationValuesSchema, textOf, type Adapter, type StationValues } from '#core';
import { dataset } from './dataset.ts';
import { decode } from './decode.ts';
import { map } from './map.ts';

export default {
  name: 'purpleair',
  title: { sl: 'PurpleAir: senzorji prebivalcev', en: "PurpleAir: citizens' sensors" },
  dataset,
  authorization: { kind: 'header', header: 'X-API-Key' },
  // Each request costs points of the key.
  schedule: '*/10 * * * *',
  format: {
    kind: 'oneOf',
    formats: [
      { kind: 'json', rows: ['data'], names: 'fields', columns: ['sensor_index', 'latitude', 'longitude'] },
      { kind: 'json', rows: ['sensor'], single: true, columns: ['sensor_index', 'latitude', 'longitude'] },
    ],
  },
  recordSchema: stationValuesSchema,
  emits: ['AirQualityObserved'],
  key: (row) => textOf(row, 'sensor_index'),
  isWanted: (row) => textOf(row, 'location_type') !== '1',
  defaultStations: 'all',
  decode,
  map,
  vanished: 'keep',
  staleAfterHours: 6,
  expect: { minRows: 0, maxRejectedPct: 100 },
} satisfies Adapter<StationValues>;
