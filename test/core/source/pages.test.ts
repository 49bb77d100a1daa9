import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import opsi from '../../../adapters/opsi-catalogue/index.ts';
import type { Consignment } from '../../../core/outbox/outbox.ts';
import type { Adapter } from '../../../core/plugin.ts';
import { loadKnowledge } from '../../../core/service/knowledge.ts';
import { readTable } from '../../../core/service/tables.ts';
import { runAdapter, type RunReport } from '../../../core/source/dataset.ts';
import { Publisher } from './http-publisher.ts';

const knowledge = await loadKnowledge();
const mapping = `name: t
dataset: { publisher: P, licence: L, attribution: A, resource: 0b4b6e2c-3c1a-4f5e-9d0e-1f2a3b4c5d6e }
format: json
type: PointOfInterest
id: [poi, '{Sifra}']
attributes: { name: Naziv }
`;
const table = readTable(mapping, 't.yaml', knowledge.models) as Adapter;

describe('a resource of the open-data portal', () => {
  let publisher: Publisher;
  let state: Map<string, unknown>;
  let kept: Consignment[];
  const asked = (): URLSearchParams[] => publisher.requests.map(({ url = '' }) => new URL(url, publisher.url).searchParams);

  /** A datastore with `total` rows of which `held` can be had. */
  async function datastore(total: number, held = total, answer?: (offset: number) => object | undefined): Promise<void> {
    publisher = await Publisher.start((request, response) => {
      const query = new URL(request.url ?? '', 'http://localhost').searchParams;
      const [offset, limit] = [Number(query.get('offset')), Number(query.get('limit'))];
      const count = Math.max(0, Math.min(limit, held - offset));
      const records = Array.from({ length: count }, (_, index) => ({
        _id: offset + index,
        Sifra: offset + index,
        Naziv: `Točka ${offset + index}`,
      }));
      const page = answer?.(offset) ?? { success: true, result: { records, total } };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(page));
    });
  }

  beforeEach(() => {
    state = new Map();
    kept = [];
  });
  afterEach(() => publisher.stop());

  function run(adapter: Adapter = table, more: { maxBytes?: number } = {}): Promise<RunReport> {
    return runAdapter({
      adapter,
      knowledge,
      input: {
        kind: 'fetch',
        state: { get: (key) => state.get(key), set: (key, value) => void state.set(key, value) },
        url: publisher.url,
      },
      stations: 'all',
      sink: { append: (one) => Promise.resolve(void kept.push(one)) },
      clock: () => '2030-01-01T00:00:00.000Z',
      ...more,
    });
  }

  it('is read to its last page as one file, and is unchanged the next time', async () => {
    await datastore(11_000);
    expect(await run()).toMatchObject({ outcome: 'published', received: 11_000, entities: 11_000, rejections: 0 });
    expect(asked().map((query) => [query.get('limit'), query.get('offset')])).toEqual([
      ['5000', '0'],
      ['5000', '5000'],
      ['5000', '10000'],
    ]);
    expect(await run()).toMatchObject({ outcome: 'unchanged' });
  });

  it('is refused when fewer rows come than there are', async () => {
    await datastore(6000, 5500);
    expect(await run()).toMatchObject({ outcome: 'refused', entities: 0, codes: { unexpected_content: 1 } });
    expect(kept.flatMap(({ publications }) => publications)).toEqual([]);
    expect(kept[0]?.deadLetters[0]?.rejection.message).toMatch(/6000 rows, but its pages end after 5500/);
  });

  it('is tried again when it changes while it is read', async () => {
    await datastore(6000, 6000, (offset) =>
      offset === 0 ? undefined : { success: true, result: { records: [{ Sifra: 1 }], total: 6001 } },
    );
    expect(await run()).toMatchObject({ outcome: 'unavailable', reason: expect.stringContaining('6000 rows, then 6001') });
  });

  it('is refused with the words of the portal when it has no answer', async () => {
    await datastore(0, 0, () => ({ success: false, error: { message: 'Not found: Resource' } }));
    expect(await run()).toMatchObject({
      outcome: 'refused',
      codes: { unexpected_content: 1 },
      reason: expect.stringContaining('Not found: Resource'),
    });
  });

  it('is refused when its pages are too large together', async () => {
    await datastore(11_000);
    expect(await run(table, { maxBytes: 400_000 })).toMatchObject({ outcome: 'refused', codes: { too_large: 1 } });
  });

  it('is read from the datastore only as JSON', () => {
    publisher = { stop: () => Promise.resolve() } as Publisher;
    expect(() => readTable(mapping.replace('format: json', 'format: csv'), 't.yaml', knowledge.models)).toThrow(/not valid/);
  });

  it('and its catalogue are read page by page', async () => {
    await datastore(0);
    const packages = Array.from({ length: 501 }, (_, index) => ({
      id: `d${index}`,
      name: `zbirka-${index}`,
      title: `Zbirka ${index}`,
      resources: [],
    }));
    publisher.answer = (request, response) => {
      const query = new URL(request.url ?? '', 'http://localhost').searchParams;
      const start = Number(query.get('start'));
      const results = packages.slice(start, start + Number(query.get('rows')));
      response.writeHead(200).end(JSON.stringify({ success: true, result: { count: packages.length, results } }));
    };
    expect(await run(opsi as Adapter)).toMatchObject({ outcome: 'published', received: 501 });
    expect(asked().map((query) => query.get('start'))).toEqual(['0', '500']);
  });
});
