/** What leaves for a partner, and in which requests. */
import { describe, expect, it } from '@jest/globals';
import { pino } from 'pino';

import { createMemoryOutbox } from '../../core/outbox/memory.ts';
import type { Queued } from '../../core/outbox/outbox.ts';
import type { Entity } from '../../core/entity/entity.ts';
import { planBatch, type Batch } from '../../sharing/batch.ts';
import { createCourier } from '../../sharing/courier.ts';
import type { Caller, Reply } from '../../sharing/http.ts';
import { createLake } from '../../sharing/lake.ts';
import { queueMark } from '../../sharing/standing.ts';
import { acceptedAll } from '../../sharing/transport.ts';
import { createUpsertTransport, notificationOf } from '../../sharing/transport-http.ts';
import { partner } from './line.ts';
import { until, weather } from './rig.ts';

const logger = pino({ level: 'silent' });
const at = '2026-05-01T10:00:00.000Z';
const origin = { plugin: 'sharing/p', from: 'urn:ngsi-ld:Subscription:1', receivedAt: at };
const queuedOf = (station: number, seq: number): Queued => ({ seq, entity: weather(station, seq, at) as unknown as Entity, origin });
const batchOf = (parcels: readonly Queued[], from = origin.from): Batch => ({
  from,
  removal: false,
  parcels: parcels.map((one) => ({ id: one.entity.id, queued: [one], entity: one.entity })),
});

function callerThat(answer: (url: URL, n: number) => Partial<Reply>): Caller & { readonly urls: string[] } {
  const urls: string[] = [];
  return {
    urls,
    call({ url }) {
      urls.push(url);
      return Promise.resolve({ status: 204, bytes: 0, ...answer(new URL(url), urls.length) });
    },
    close: () => undefined,
  };
}

describe('what waited when the declaration became narrower', () => {
  it('leaves without what is not shared any more', async () => {
    const queue = createMemoryOutbox();
    const elsewhere = { type: 'GeoProperty', value: { type: 'Point', coordinates: [15.6, 46.5] } };
    const far = { ...weather(2, 2, at), location: elsewhere };
    const other = { ...weather(3, 3, at), type: 'NoiseLevelObserved' };
    const long = {
      id: 'urn:ngsi-ld:WeatherObserved:test-4',
      type: 'WeatherObserved',
      'https://uri.etsi.org/ngsi-ld/temperature': { type: 'Property', value: 4 },
    };
    const bare = { id: 'urn:ngsi-ld:WeatherObserved:test-5', type: 'WeatherObserved', windSpeed: { type: 'Property', value: 5 } };
    const all = [weather(1, 1, at), far, other, long, bare].map((entity) => ({ entity: entity as unknown as Entity, origin }));
    await queue.append({
      publications: [...all, { entity: { id: 'urn:x:gone', type: 'NoiseLevelObserved' }, origin, removal: true as const }],
      deadLetters: [],
    });
    const sent: Entity[] = [];
    const counted: Record<string, number> = {};
    const courier = createCourier({
      partner: partner('p', {
        endpoint: 'http://127.0.0.1:9',
        area: [13.75, 45.9, 14.2, 46.2],
        entities: [{ type: 'WeatherObserved', attributes: ['temperature'] }],
      }),
      queue,
      transport: {
        send(batch) {
          sent.push(...batch.parcels.map(({ entity }) => entity));
          return Promise.resolve(acceptedAll(batch));
        },
        close: () => undefined,
      },
      logger,
      counted: (result, states) => (counted[result] = (counted[result] ?? 0) + states),
    });
    courier.start();
    await until('all is settled', () => queue.depth(at).count === 0, 10_000);
    await courier.stop();
    expect(sent.map(({ id }) => id)).toEqual(['urn:ngsi-ld:WeatherObserved:test-1', long.id, 'urn:x:gone']);
    expect(Object.keys(sent[0] ?? {}).sort()).toEqual(['id', 'temperature', 'type']);
    expect(counted).toMatchObject({ delivered: 3, withheld: 3 });
  });
});

describe('values that go into the history of a partner', () => {
  const late = batchOf(
    [1, 2, 3].map((station) => queuedOf(station, station)),
    `${origin.from}#late`,
  );
  const [first, second, third] = late.parcels.map(({ id }) => id) as [string, string, string];
  const send = (caller: Caller) =>
    createUpsertTransport({
      partner: partner('p', { endpoint: 'http://127.0.0.1:9', target: 'upsert' }),
      caller,
      contextOf: () => '',
      now: () => at,
      mark: 'm',
    }).send(late, new AbortController().signal);

  it('are not sent a second time when the partner fails in the middle of them', async () => {
    expect(await send(callerThat((_url, n) => ({ status: n === 2 ? 503 : 204 })))).toMatchObject({
      kind: 'perItem',
      accepted: [first],
      retry: [{ id: second }, { id: third }],
    });
    expect(await send(callerThat(() => ({ status: 503 })))).toMatchObject({ kind: 'unavailable' });
  });

  it('are refused one by one', async () => {
    expect(await send(callerThat((_url, n) => ({ status: n === 2 ? 400 : 204 })))).toMatchObject({
      accepted: [first, third],
      refused: [{ id: second }],
      retry: [],
    });
  });
});

it('a batch holds the newest of many entities and leaves the others waiting', () => {
  const waiting = Array.from({ length: 2_000 }, (_, index) => queuedOf(index % 500, index + 1));
  const batch = planBatch(waiting, { coalesce: true, entities: 200, bytes: 10_000_000, blocked: new Set() });
  expect(batch?.parcels).toHaveLength(200);
  expect(batch?.parcels[0]?.queued.map(({ seq }) => seq)).toEqual([1, 501, 1_001, 1_501]);
  expect(batch?.parcels[0]?.entity).toEqual(waiting[1_500]?.entity);
});

it('notifications of two queues have different ids, those of one the same', () => {
  const [one, other] = [createMemoryOutbox().state, createMemoryOutbox().state];
  const idOf = (state: typeof one) =>
    (notificationOf(batchOf([queuedOf(1, 1)]), partner('p', { endpoint: 'http://127.0.0.1:9' }), at, queueMark(state)) as { id: string })
      .id;
  expect(idOf(one)).toBe(idOf(one));
  expect(idOf(one)).not.toBe(idOf(other));
});

describe('our broker', () => {
  const lakeThat = (answer: (url: URL, n: number) => Partial<Reply>) => createLake('http://127.0.0.1:9', callerThat(answer));
  const share = { type: 'WeatherObserved', attributes: 'all' } as const;
  const to = partner('p', { endpoint: 'http://127.0.0.1:9' });
  const page = (from: number, count: number) => Array.from({ length: count }, (_, index) => weather(from + index, 1, at));
  const changed = (lake: ReturnType<typeof createLake>) => lake.changed(to, share, '', undefined);

  it('has no entities where its tenant is not there; a 404 of anybody else says nothing of them', async () => {
    const nobody = { status: 404, body: { type: 'https://uri.etsi.org/ngsi-ld/errors/NonExistingTenant', title: 'No such tenant' } };
    expect(await changed(lakeThat(() => nobody))).toEqual([]);
    for (const body of [
      '<h1>404 Not Found</h1>',
      undefined,
      { type: 'https://uri.etsi.org/ngsi-ld/errors/ResourceNotFound', title: 'Service Not Found' },
    ]) {
      const lake = lakeThat(() => ({ status: 404, body }));
      await expect(changed(lake)).rejects.toThrow('404');
      await expect(lake.ids('WeatherObserved', '')).rejects.toThrow('404');
      await expect(lake.exists('urn:x:1')).rejects.toThrow('404');
    }
    expect(await lakeThat(() => ({ status: 404, body: { title: 'Entity Not Found', type: 'ResourceNotFound' } })).exists('urn:x:1')).toBe(
      false,
    );
  });

  it.each([
    ['refuses pages of 500', { status: 400 }],
    ['says that they are too many', { status: 403, body: { type: 'https://uri.etsi.org/ngsi-ld/errors/TooManyResults' } }],
    ['gives more than is read', { status: 0, tooLong: true }],
  ])('is asked for smaller pages where it %s', async (_why, refusal) => {
    const lake = lakeThat((url) => {
      const [limit, offset] = ['limit', 'offset'].map((name) => Number(url.searchParams.get(name))) as [number, number];
      return limit > 130 ? refusal : { status: 200, body: page(offset, Math.min(limit, 230 - offset)) };
    });
    expect(await changed(lake)).toHaveLength(230);
  });

  it('is asked on where it gives fewer than were asked for and names a next page', async () => {
    const lake = lakeThat((url) => {
      const offset = Number(url.searchParams.get('offset'));
      const body = page(offset, Math.min(40, 230 - offset));
      return { status: 200, body, ...(offset + body.length < 230 && { hasNext: true }) };
    });
    expect(await changed(lake)).toHaveLength(230);
  });
});
