import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { pino } from 'pino';
import { createBrokerClient, type BrokerClientOptions } from '../../../core/deliver/client.ts';
import { createDeliverer, type Deliverer, type DelivererOptions, type DeliveryResult } from '../../../core/deliver/deliverer.ts';
import type { Entity } from '../../../core/entity/entity.ts';
import { createMemoryOutbox } from '../../../core/outbox/memory.ts';
import { publicationOf } from '../../../core/outbox/letters.ts';
import type { Outbox } from '../../../core/outbox/outbox.ts';
import { consign, gauge, removal } from '../outbox/samples.ts';
import { answer, startSink, type Sink } from './sink.ts';

const context = 'http://127.0.0.1/contexts/environment.jsonld';
const id = (name: string) => `urn:ngsi-ld:WaterObserved:${name}`;

describe('deliverer', () => {
  let sink: Sink;
  let outbox: Outbox;
  let deliverer: Deliverer | undefined;
  let log: { msg: string; level: number }[];
  const counts = new Map<DeliveryResult, number>();

  beforeEach(async () => {
    sink = await startSink();
    outbox = createMemoryOutbox();
    log = [];
    counts.clear();
  });
  afterEach(async () => {
    await deliverer?.stop();
    deliverer = undefined;
    await sink.close();
  });

  function start(more: Partial<DelivererOptions> = {}, clientOptions: Partial<BrokerClientOptions> = {}): Deliverer {
    deliverer = createDeliverer({
      outbox,
      client: createBrokerClient({ url: sink.url, ...clientOptions }),
      logger: pino({ level: 'info' }, { write: (line: string) => void log.push(JSON.parse(line) as { msg: string; level: number }) }),
      contextOf: () => context,
      backoffMs: { first: 20, longest: 100, longestUnreached: 50 },
      observer: { delivered: (result, publications) => counts.set(result, (counts.get(result) ?? 0) + publications.length) },
      ...more,
    });
    deliverer.start();
    return deliverer;
  }

  const empty = () => outbox.depth('2026-05-01T00:00:00.000Z').count === 0;
  async function until(condition: () => boolean, ms = 20_000): Promise<void> {
    const end = Date.now() + ms;
    while (!condition()) {
      if (Date.now() > end) throw new Error('waited too long');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  it('sends plain JSON with Link, tenant, token and Content-Length', async () => {
    await outbox.append(consign(gauge('a', 1), gauge('b', 2)));
    start({ lanes: 1 }, { tenant: 'idrija', token: () => 'secret' });
    await until(empty);

    const [request] = sink.requests;
    expect(request?.path).toBe('/ngsi-ld/v1/entityOperations/upsert?options=update');
    expect(request?.headers).toMatchObject({
      'content-type': 'application/json',
      link: `<${context}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"`,
      'ngsild-tenant': 'idrija',
      authorization: 'Bearer secret',
      'content-length': expect.stringMatching(/^\d+$/),
    });
    expect(request?.headers).not.toHaveProperty('transfer-encoding');
    expect(request?.entities).toEqual([gauge('a', 1), gauge('b', 2)]);
    expect(counts.get('accepted')).toBe(2);
  });

  it('sends every value in order, one instance of an id per batch', async () => {
    await outbox.append(consign(gauge('a', 1, 1), gauge('a', 2, 2), gauge('b', 1, 1), gauge('a', 3, 3)));
    start();
    await until(empty);

    for (const { entities } of sink.requests) expect(new Set(entities.map((entity) => entity.id)).size).toBe(entities.length);
    const levels = sink.requests.flatMap(({ entities }) => entities.filter((entity) => entity.id === id('a')));
    expect(levels.map(({ waterLevel }) => waterLevel?.value)).toEqual([1, 2, 3]);
  });

  it('sends only the newest state where coalescing is on', async () => {
    await outbox.append(consign(gauge('a', 1, 1), gauge('a', 3, 3), gauge('a', 2, 2)));
    start({ coalesce: 'always' });
    await until(empty);
    expect(sink.requests.map(({ entities }) => entities)).toEqual([[gauge('a', 3, 3)]]);
    expect(counts.get('accepted')).toBe(3);
  });

  it('keeps batches within their number of entities and bytes, and contexts apart', async () => {
    const entities = Array.from({ length: 50 }, (_, n) => ({
      ...gauge(`g${n}`, n),
      type: n % 2 === 0 ? 'WaterObserved' : 'WeatherObserved',
    }));
    await outbox.append(consign(...entities));
    start({ lanes: 2, batchEntities: 10, batchBytes: 1_000, contextOf: ({ type }) => `http://127.0.0.1/${type}` });
    await until(empty);

    expect(sink.state.size).toBe(50);
    for (const { entities: sent, headers } of sink.requests) {
      expect(sent.length).toBeLessThanOrEqual(10);
      expect(Number(headers['content-length'])).toBeLessThanOrEqual(1_000);
      expect(new Set(sent.map(({ type }) => type)).size).toBe(1);
      expect(headers.link).toContain(sent[0]?.type);
    }
  });

  it('gives late values to history, never over a newer one, and does not send repeats', async () => {
    start();
    await outbox.append(consign(gauge('a', 5, 30)));
    await until(empty);
    await outbox.append(consign(gauge('a', 4, 10), gauge('a', 5, 30), gauge('a', 6, 31)));
    await until(empty);

    expect(sink.state.get(id('a'))).toMatchObject(gauge('a', 6, 31));
    expect([...sink.history]).toEqual([
      [`${id('a')} waterLevel 2026-05-01T10:30:00.000Z`, 1],
      [`${id('a')} waterLevel 2026-05-01T10:10:00.000Z`, 1],
      [`${id('a')} waterLevel 2026-05-01T10:31:00.000Z`, 1],
    ]);
    expect(sink.requests[1]).toMatchObject({ path: '/ngsi-ld/v1/temporal/entities', entities: [{ waterLevel: [{ value: 4 }] }] });
    expect([counts.get('late'), counts.get('repeated'), counts.get('accepted')]).toEqual([1, 1, 4]);
  });

  it('does not send again what came twice, however old it is', async () => {
    start();
    const states = [1, 2, 3, 4].map((level) => gauge('a', level, level));
    await outbox.append(consign(...states));
    await until(empty);
    await outbox.append(consign(...states, gauge('a', 9, 2), gauge('a', 5, 5)));
    await until(empty);

    // What another value says of the same moment is no repeat.
    const late = sink.requests.filter(({ path }) => path === '/ngsi-ld/v1/temporal/entities');
    expect(late.map(({ entities: sent }) => sent)).toMatchObject([[{ waterLevel: [{ value: 9 }] }]]);
    expect(sink.state.get(id('a'))).toMatchObject(gauge('a', 5, 5));
    expect([counts.get('late'), counts.get('accepted')]).toEqual([1, 10]);
  });

  const backlog = () =>
    consign(...Array.from({ length: 1_200 }, (_, n) => gauge(`g${n % 30}`, n, Math.floor(n / 30))), gauge('once', 1, 3));

  it('after a long outage sends the newest state of each entity first, the older ones to the history, and none twice', async () => {
    await outbox.append(backlog());
    start();
    await until(empty);

    const live = sink.requests.filter(({ path }) => path.includes('upsert')).flatMap(({ entities }) => entities);
    const first = live.slice(0, 31).map(({ id: one, waterLevel }) => `${one} ${String(waterLevel?.observedAt)}`);
    const newest = [
      ...Array.from({ length: 30 }, (_, n) => `${id(`g${n}`)} 2026-05-01T10:39:00.000Z`),
      `${id('once')} 2026-05-01T10:03:00.000Z`,
    ];
    expect(first.toSorted()).toEqual(newest.toSorted());
    for (let n = 0; n < 30; n++) expect(sink.state.get(id(`g${n}`))).toMatchObject(gauge(`g${n}`, 1_170 + n, 39));
    expect(sink.history.size).toBe(1_201);
    expect([...sink.history.values()].filter((times) => times > 1)).toEqual([]);
    expect(sink.requests.filter(({ path }) => path.includes('temporal')).length).toBeLessThan(200);
    expect(outbox.deadLetters.count()).toBe(0);
  });

  it('after a long outage goes on with what is new, where of each entity one state waited', async () => {
    const names = Array.from({ length: 1_200 }, (_, n) => `g${n}`);
    await outbox.append(consign(gauge('twice', 1, 0), gauge('twice', 2, 1), ...names.map((name, n) => gauge(name, n, 1))));
    start();
    for (let minute = 2; minute < 6; minute++) {
      await until(() => sink.requests.length > minute);
      await outbox.append(consign(...names.slice(0, 600).map((name, n) => gauge(name, n, minute))));
    }
    await until(empty);
    for (const [n, name] of names.entries()) expect(sink.state.get(id(name))).toEqual(gauge(name, n, n < 600 ? 5 : 1));
    expect([...sink.history.values()].filter((times) => times > 1)).toEqual([]);
  });

  it('after a long outage in which each entity reported once sends nothing twice', async () => {
    await outbox.append(consign(...Array.from({ length: 1_200 }, (_, n) => gauge(`g${n}`, n, 1))));
    start();
    await until(empty);
    expect([sink.state.size, sink.history.size]).toEqual([1_200, 1_200]);
    expect([...sink.history.values()].filter((times) => times > 1)).toEqual([]);
  });

  it('after a long outage keeps to the order of an entity that was removed and came again', async () => {
    sink.script(({ path, entities }, response) => {
      if (!path.endsWith('/delete')) return false;
      for (const one of entities) sink.state.delete(String(one));
      return answer(response, 204);
    });
    await outbox.append(backlog());
    await outbox.append(consign(gauge('again', 1, 1)));
    await outbox.append(removal('again'));
    await outbox.append(consign(gauge('again', 2, 2)));
    await outbox.append(removal('once'));
    start();
    await until(empty);
    expect(sink.state.get(id('again'))).toEqual(gauge('again', 2, 2));
    expect(sink.state.has(id('once'))).toBe(false);
    expect([...sink.history.values()].filter((times) => times > 1)).toEqual([]);
  });

  it('after a long outage sends everything in order where the broker has no history', async () => {
    sink.script(({ path }, response) => path.includes('temporal') && answer(response, 501));
    await outbox.append(backlog());
    start();
    await until(empty);

    const at = new Map<string, string>();
    for (const { id: one, waterLevel } of sink.requests.flatMap(({ path, entities }) => (path.includes('upsert') ? entities : []))) {
      expect(String(waterLevel?.observedAt) > (at.get(one) ?? '')).toBe(true);
      at.set(one, String(waterLevel?.observedAt));
    }
    expect([sink.requests.filter(({ path }) => path.includes('temporal')).length, outbox.deadLetters.count()]).toEqual([1, 0]);
    expect(sink.history.size).toBe(1_201);
  });

  it('removes entities in their place between states, and takes one that is gone for done', async () => {
    sink.script(({ path, entities }, response) =>
      path.endsWith('/delete')
        ? answer(response, 207, {
            success: [],
            errors: entities.map((entityId) => ({ entityId, error: { status: 404, title: 'Entity not found' } })),
          })
        : false,
    );
    await outbox.append(consign(gauge('a', 5, 30), gauge('b', 1, 1)));
    await outbox.append(removal('a'));
    await outbox.append(consign(gauge('a', 4, 10)));
    start({ lanes: 1, coalesce: 'always' });
    await until(empty);

    expect(sink.requests.map(({ path, entities }) => [path.split('/').at(-1), entities])).toEqual([
      ['upsert?options=update', [gauge('a', 5, 30), gauge('b', 1, 1)]],
      ['delete', [id('a')]],
      ['upsert?options=update', [gauge('a', 4, 10)]],
    ]);
    expect([outbox.deadLetters.count(), counts.get('accepted')]).toEqual([0, 4]);
  });

  it('keeps the letter of a refused removal so that it is a removal again when replayed', async () => {
    sink.script(({ path }, response) => path.endsWith('/delete') && answer(response, 400, { title: 'not a URI' }));
    await outbox.append(removal('a'));
    start();
    await until(empty);
    const [refused] = outbox.deadLetters.list();
    expect(refused?.rejection.code).toBe('refused_by_broker');
    expect(publicationOf(refused!)).toMatchObject({ entity: { id: id('a') }, removal: true });
  });

  it.each([404, 405, 501])('keeps late values as dead letters when the broker answers %i to history', async (status) => {
    sink.script(({ path }, response) => path.includes('temporal') && answer(response, status, { title: 'Service Not Found' }));
    start();
    await outbox.append(consign(gauge('a', 5, 30), gauge('a', 4, 10), gauge('a', 3, 9)));
    await until(empty);

    expect(sink.requests.filter(({ path }) => path.includes('temporal'))).toHaveLength(1);
    expect(
      outbox.deadLetters.list().map(({ rejection, raw }) => [rejection.code, JSON.parse(Buffer.from(raw).toString()) as Entity]),
    ).toEqual([
      ['late_value', gauge('a', 4, 10)],
      ['late_value', gauge('a', 3, 9)],
    ]);
  });

  it('settles each entity of a 207 by its own: accepted, refused, tried again while others go on', async () => {
    let healed = false;
    sink.script(({ entities }, response) => {
      const errors = entities.flatMap((entity): { entityId: string; error: object }[] => {
        if (entity.id === id('bad')) return [{ entityId: entity.id, error: { title: 'Bad value', status: 400 } }];
        if (entity.id === id('slow') && !healed) return [{ entityId: entity.id, error: { type: 'x/LdContextNotAvailable', status: 504 } }];
        return [];
      });
      if (errors.length === 0) return false;
      const success = entities.map((entity) => entity.id).filter((one) => !errors.some(({ entityId }) => entityId === one));
      return answer(response, 207, { success, errors });
    });
    await outbox.append(consign(gauge('good', 1), gauge('bad', 2), gauge('slow', 3, 1), gauge('slow', 4, 2), gauge('good', 5, 1)));
    start({ lanes: 1 });
    await until(() => outbox.depth('2026-05-01T00:00:00.000Z').count === 2);
    expect(outbox.deadLetters.list()).toMatchObject([
      { rejection: { code: 'refused_by_broker', message: 'the broker refused it (Bad value)' } },
    ]);
    healed = true;
    await until(empty);

    const slow = sink.requests
      .flatMap(({ entities }) => entities.filter((entity) => entity.id === id('slow')))
      .map(({ waterLevel }) => waterLevel?.value);
    expect(slow.toSorted()).toEqual(slow);
    expect(sink.state.get(id('slow'))).toMatchObject(gauge('slow', 4, 2));
    expect(deliverer?.status().state).toBe('ready');
  });

  it.each<[number, string]>([
    [400, 'refused_by_broker'],
    [413, 'too_large_for_broker'],
  ])('halves a batch answered with %i until only the culprit is left', async (status, code) => {
    sink.script(({ entities }, response) => entities.some((entity) => entity.id === id('g7')) && answer(response, status, { title: 'no' }));
    await outbox.append(consign(...Array.from({ length: 20 }, (_, n) => gauge(`g${n}`, n))));
    start({ lanes: 1 });
    await until(empty);
    expect(sink.state.size).toBe(19);
    expect(
      outbox.deadLetters.list().map(({ rejection, raw }) => [rejection.code, (JSON.parse(Buffer.from(raw).toString()) as Entity).id]),
    ).toEqual([[code, id('g7')]]);
  });

  it.each([429, 500, 503])('waits out %i, says so once, loses and doubles nothing', async (status) => {
    let left = 5;
    sink.script((_, response) => left-- > 0 && answer(response, status, { title: 'later' }));
    await outbox.append(consign(...Array.from({ length: 40 }, (_, n) => gauge(`g${n % 10}`, n, n))));
    start();
    await until(() => deliverer?.status().state === 'unavailable');
    expect(deliverer?.status().lastError).toContain(String(status));
    await until(empty);

    expect([...sink.history.values()]).toEqual(Array.from({ length: 40 }, () => 1));
    expect(log.map(({ msg }) => msg)).toEqual([
      'the NGSI-LD broker is unavailable; publications wait in the outbox',
      'the NGSI-LD broker takes publications again',
    ]);
    expect(deliverer?.status()).toMatchObject({ state: 'ready', lastSuccessAt: expect.any(String) });
  });

  it('waits as long as Retry-After says', async () => {
    let first = 0;
    sink.script((_, response) => first === 0 && (first = Date.now()) > 0 && answer(response, 503, {}, { 'Retry-After': '1' }));
    await outbox.append(consign(gauge('a', 1)));
    start();
    await until(empty);
    expect(Date.now() - first).toBeGreaterThanOrEqual(990);
  });

  it('is not held up when the clock is set back while the broker is away', async () => {
    let away = true;
    sink.script((_, response) => away && answer(response, 503));
    await outbox.append(consign(gauge('a', 1)));
    start();
    await until(() => deliverer?.status().state === 'unavailable');
    const year = 365 * 86_400_000;
    const real = Date.now.bind(Date);
    const clock = jest.spyOn(Date, 'now').mockImplementation(() => real() - year);
    try {
      away = false;
      await until(empty);
    } finally {
      clock.mockRestore();
    }
  });

  it('keeps everything while the broker denies the service, and reports it', async () => {
    let denied = true;
    sink.script((_, response) => denied && answer(response, 401, { title: 'token expired' }));
    await outbox.append(consign(gauge('a', 1)));
    start();
    await until(() => deliverer?.status().state === 'denied');
    expect(outbox.deadLetters.count()).toBe(0);
    expect(deliverer?.status().lastError).toBe('the broker answered 401 (token expired)');
    denied = false;
    await until(empty);
    expect(log.map(({ level }) => level)).toEqual([50, 30]);
  });

  it('delivers once the broker listens, and asks politely until then', async () => {
    await sink.close();
    await outbox.append(consign(gauge('a', 1), gauge('b', 2)));
    start();
    await until(() => deliverer?.status().state === 'unavailable');
    await new Promise((resolve) => setTimeout(resolve, 200));
    sink.server.listen(sink.port, '127.0.0.1');
    await until(empty);
    expect(sink.state.size).toBe(2);
  });

  it('survives a connection cut before and after the broker took the batch', async () => {
    let cut = 0;
    sink.script((_, response, store) => {
      if (cut++ >= 4) return false;
      if (cut % 2 === 0) store();
      response.destroy();
      return true;
    });
    await outbox.append(consign(...Array.from({ length: 20 }, (_, n) => gauge(`g${n}`, n))));
    start({ lanes: 1 });
    await until(empty);
    expect(sink.state.size).toBe(20);
  });

  it('takes an idle connection that the broker closed for what it is', async () => {
    start({ lanes: 1 });
    await outbox.append(consign(gauge('a', 1, 1)));
    await until(empty);
    sink.script((_, response) => {
      sink.script(() => false);
      response.destroy();
      return true;
    });
    await outbox.append(consign(gauge('a', 2, 2)));
    await until(empty);
    expect(log).toEqual([]);
    expect(sink.state.get(id('a'))).toMatchObject(gauge('a', 2, 2));
  });

  it('gives up on an answer that never comes, and tries again', async () => {
    let hung = false;
    sink.script(() => !hung && (hung = true));
    await outbox.append(consign(gauge('a', 1)));
    start({}, { timeoutMs: 100 });
    await until(empty);
    expect(sink.requests).toHaveLength(2);
  });

  it('uses at most four sockets', async () => {
    let sockets = 0;
    sink.server.on('connection', () => sockets++);
    start({ batchEntities: 5 });
    for (let round = 0; round < 20; round++) {
      await outbox.append(consign(...Array.from({ length: 50 }, (_, n) => gauge(`g${n}`, n, round))));
    }
    await until(empty);
    expect(sink.history.size).toBe(1_000);
    expect(sockets).toBeLessThanOrEqual(4);
  });

  it('records what was delivered although the disk was away in between', async () => {
    const settle = outbox.settle;
    let failures = 3;
    outbox.settle = (settlement) => {
      if (failures-- > 0) throw new Error('disk full');
      settle(settlement);
    };
    await outbox.append(consign(gauge('a', 1)));
    start();
    await until(empty);
    expect(sink.requests).toHaveLength(1);
  });

  it('stops in the middle of its work and keeps the rest', async () => {
    sink.script((_, response) => {
      setTimeout(() => answer(response, 204), 30);
      return true;
    });
    await outbox.append(consign(...Array.from({ length: 30 }, (_, n) => gauge('a', n, n))));
    const running = start({ lanes: 1 });
    await until(() => sink.requests.length >= 3);
    await running.stop();

    const left = outbox.depth('2026-05-01T00:00:00.000Z').count;
    expect(left).toBe(30 - sink.requests.length);
    expect(running.status().state).toBe('stopped');
  });
});
