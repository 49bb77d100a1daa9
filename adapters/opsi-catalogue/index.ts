import type { Adapter } from '#core';
import { dataset } from './dataset.ts';
import { decode } from './decode.ts';
import { map } from './map.ts';
import { recordSchema, type PackageRecord } from './record.ts';

const failure = { member: 'success', value: 'false', message: ['error', 'message'] } as const;
const columns = ['id', 'name', 'title', 'resources'];

export default {
  name: 'opsi-catalogue',
  title: { sl: 'OPSI: katalog odprtih podatkov', en: 'OPSI: catalogue of open data' },
  dataset,
  schedule: '15 4 * * *',
  format: {
    kind: 'oneOf',
    formats: [
      // package_search, package_show, and the list with resources.
      { kind: 'json', rows: ['result', 'results'], columns, failure },
      { kind: 'json', rows: ['result'], columns, failure, single: true },
    ],
  },
  pages: { offset: 'start', limit: 'rows', size: 500, rows: ['result', 'results'], total: ['result', 'count'] },
  recordSchema,
  emits: ['Catalogue', 'Agent', 'Dataset', 'Distribution'],
  // The publisher has filtered by the search.
  key: () => undefined,
  // Whatever speaks of Idrija; `organization:<name>` and `tags:<word>` are searches too.
  defaultStations: ['Idrija'],
  decode,
  map,
  vanished: 'keep',
  expect: { minRows: 1, maxRejectedPct: 20 },
} satisfies Adapter<PackageRecord>;
