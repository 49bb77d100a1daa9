import type { Adapter } from '#core';
import { dataset } from './dataset.ts';
import { decode } from './decode.ts';
import { map } from './map.ts';
import { recordSchema, type WarningRecord } from './record.ts';
import { regionKey } from './region.ts';

export default {
  name: 'arso-warnings',
  title: { sl: 'ARSO: vremenska opozorila', en: 'ARSO: weather warnings' },
  dataset,
  // Issued several times a day at no fixed hour.
  schedule: '4-59/10 * * * *',
  parts: ['NORTH-WEST', 'SOUTH-WEST', 'MIDDLE', 'NORTH-EAST', 'SOUTH-EAST'],
  format: {
    kind: 'xml',
    rows: ['alert', 'info'],
    lists: ['parameter', 'area', 'geocode', 'polygon'],
    columns: ['language', 'event', 'expires', 'parameter', 'area'],
    root: { attribute: 'xmlns', startsWith: 'urn:oasis:names:tc:emergency:cap:1' },
  },
  recordSchema,
  emits: ['WeatherAlert'],
  key: regionKey,
  // The region whose polygon holds the town.
  defaultStations: ['idrija'],
  decode,
  map,
  vanished: 'keep',
  // Most warnings are green on most days, and then all of them.
  expect: { minRows: 1, maxRejectedPct: 100 },
} satisfies Adapter<WarningRecord>;
