import { stationValuesSchema, type Adapter, type StationValues } from '#core';
import { dataset } from './dataset.ts';
import { decode } from './decode.ts';
import { map } from './map.ts';
import { keyOf, partsOf } from './parts.ts';

export default {
  name: 'sensor-community',
  title: { sl: 'sensor.community: senzorji prebivalcev', en: "sensor.community: citizens' sensors" },
  dataset,
  schedule: '*/5 * * * *',
  format: {
    kind: 'oneOf',
    formats: [
      { kind: 'json', rows: [], columns: ['timestamp', 'location', 'sensor', 'sensordatavalues'] },
      { kind: 'csv', columns: ['sensor_id', 'sensor_type', 'lat', 'lon', 'timestamp'] },
    ],
  },
  recordSchema: stationValuesSchema,
  emits: ['AirQualityObserved', 'WeatherObserved'],
  key: keyOf,
  isWanted: (row) => partsOf(row).indoor !== '1',
  defaultStations: 'all',
  decode,
  map,
  // A day of one sensor. Days of earlier years lie in folders of their year, compressed: they are taken as files.
  history: { url: 'https://archive.sensor.community/{from}/{from}_{station}.csv', longestDays: 1 },
  vanished: 'keep',
  staleAfterHours: 6,
  expect: { minRows: 0, maxRejectedPct: 100 },
} satisfies Adapter<StationValues>;
