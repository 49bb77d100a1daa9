/** Tenants of one broker: what goes where, and that none of them is in the way of another. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';

import { createBrokerClient } from '../../../core/deliver/client.ts';
import { createDeliverer, type Deliverer, type DelivererOptions } from '../../../core/deliver/deliverer.ts';
import type { Entity } from '../../../core/entity/entity.ts';
import { createMemoryOutbox } from '../../../core/outbox/memory.ts';
import type { Outbox } from '../../../core/outbox/outbox.ts';
import { gauge, origin } from '../outbox/samples.ts';
import { answer, startSink, type Sink, type SinkRequest } from './sink.ts';

const tenantOf = ({ headers }: Pick<SinkRequest, 'headers'>): string => String(headers['ngsild-tenant'] ?? '');
const id = (name: string): string => `urn:ngsi-ld:WaterObserved:${name}`;

describe('tenants', () => {
  let sink: Sink;
  let outbox: Outbox;
  let deliverer: Deliverer | undefined;

  beforeEach(async () => {
    sink = await startSink();
    outbox = createMemoryOutbox();
  });
  afterEach(async () => {
    await deliverer?.stop();
    deliverer = undefined;
    await sink.close();
  });

  function append(tenant: string, ...entities: Entity[]): Promise<void> {
    const to = tenant === '' ? origin : { ...origin, tenant };
    return outbox.append({ publications: entities.map((entity) => ({ entity, origin: to })), deadLetters: [] });
  }

  function start(more: Partial<DelivererOptions> = {}): Deliverer {
    deliverer = createDeliverer({
      outbox,
      client: createBrokerClient({ url: sink.url }),
      logger: pino({ level: 'silent' }),
      contextOf: () => '',
      backoffMs: { first: 20, longest: 100, longestUnreached: 50 },
      lingerMs: 1,
      ...more,
    });
    deliverer.start();
    return deliverer;
  }

  const waiting = (): number => outbox.depth('2026-05-01T00:00:00.000Z').count;
  async function until(condition: () => boolean, ms = 20_000): Promise<void> {
    const end = Date.now() + ms;
    while (!condition()) {
      if (Date.now() > end) throw new Error('waited too long');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
  const valuesOf = (tenant: string, name: string): unknown[] =>
    sink.requests
      .filter((request) => tenantOf(request) === tenant)
      .flatMap(({ entities }) => entities.filter((entity) => entity.id === id(name)).map(({ waterLevel }) => waterLevel?.value));

  it('get what is theirs in requests of their own', async () => {
    await append('', gauge('a', 1));
    await append('energija', gauge('b', 2), gauge('c', 3));
    await append('okolje', gauge('d', 4));
    start();
    await until(() => waiting() === 0);
    const sent = sink.requests.map((request) => [tenantOf(request), request.entities.map((entity) => entity.id).join()]);
    expect(sent.toSorted()).toEqual([
      ['', id('a')],
      ['energija', `${id('b')},${id('c')}`],
      ['okolje', id('d')],
    ]);
  });

  it('have each an entity of their own under the same id: in order, with watermarks of its own', async () => {
    await append('energija', gauge('a', 9, 30));
    start({ lanes: 1 });
    await until(() => waiting() === 0);
    // Older than what the other tenant holds, and an exact repeat of it: both are news here.
    await append('okolje', gauge('a', 1, 10), gauge('a', 9, 30));
    await append('', gauge('a', 2, 20));
    // A repeat for the first one, which is not sent again.
    await append('energija', gauge('a', 9, 30));
    await until(() => waiting() === 0);
    expect([valuesOf('energija', 'a'), valuesOf('okolje', 'a'), valuesOf('', 'a')]).toEqual([[9], [1, 9], [2]]);
  });

  it('do not wait for one that does not answer, although far more waits for it than is read ahead', async () => {
    const hanging: (() => void)[] = [];
    sink.script((request, response, store) => {
      if (tenantOf(request) !== 'pocasni') return false;
      hanging.push(() => {
        store();
        response.writeHead(204).end();
      });
      return true;
    });
    await append('pocasni', ...Array.from({ length: 2_500 }, (_, n) => gauge(`s${n % 50}`, n, n % 59)));
    start();
    await until(() => hanging.length > 0);
    await append('hitri', ...Array.from({ length: 200 }, (_, n) => gauge(`h${n}`, n)));
    await append('', gauge('a', 1));
    await until(() => valuesOf('hitri', 'h199').length > 0 && valuesOf('', 'a').length > 0);
    // What the slow one got until then is no more than its share of the connections.
    expect(sink.requests.filter((request) => tenantOf(request) === 'pocasni').length).toBeLessThanOrEqual(4);
    await append('hitri', gauge('h0', 77, 50));
    await until(() => valuesOf('hitri', 'h0').includes(77));
    expect(deliverer?.status().state).toBe('ready');
    sink.script(() => false);
    for (const answerNow of hanging) answerNow();
  });

  it('do not wait for one whose history does not answer', async () => {
    const names = Array.from({ length: 40 }, (_, n) => `s${n}`);
    await append('pocasni', ...names.map((name) => gauge(name, 1, 50)));
    start();
    await until(() => waiting() === 0);
    const hanging: (() => void)[] = [];
    sink.script((request, response, store) => {
      if (tenantOf(request) !== 'pocasni') return false;
      // The first is answered: after it, it is known that there is a history.
      const answerNow = (): void => {
        store();
        response.writeHead(204).end();
      };
      if (request.path.includes('/temporal/') && hanging.length === 0) {
        hanging.push(() => undefined);
        answerNow();
      } else hanging.push(answerNow);
      return true;
    });
    await append('pocasni', ...names.map((name) => gauge(name, 2, 10)));
    await until(() => hanging.length > 1);
    await append('hitri', gauge('a', 1));
    await until(() => valuesOf('hitri', 'a').length > 0);
    sink.script(() => false);
    for (const answerNow of hanging) answerNow();
    await until(() => waiting() === 0);
  });

  it('do not wait for one that fails or denies, and its own waits until it is back', async () => {
    let isFailing = true;
    sink.script((request, response) => {
      if (!isFailing || tenantOf(request) === 'hitri') return false;
      return tenantOf(request) === 'brez' ? answer(response, 403) : answer(response, 503);
    });
    start();
    await append('pocasni', gauge('a', 1, 1), gauge('a', 2, 2));
    await append('brez', gauge('a', 3));
    for (let n = 0; n < 20; n++) {
      await append('hitri', gauge('a', n, n));
      await until(() => valuesOf('hitri', 'a').length === n + 1);
    }
    await until(() => waiting() === 3);
    expect(deliverer?.status().lastError).toMatch(/^tenant (?:pocasni|brez): /);
    isFailing = false;
    await until(() => waiting() === 0);
    expect(valuesOf('pocasni', 'a').slice(-2)).toEqual([1, 2]);
    expect(outbox.deadLetters.count()).toBe(0);
  });

  it('with a poison entity lose that one alone, to the dead letters', async () => {
    sink.script((request, response) =>
      tenantOf(request) === 'okolje' && request.entities.some((entity) => entity.id === id('bad'))
        ? answer(response, 400, { title: 'Bad request' })
        : false,
    );
    await append('okolje', gauge('bad', 1), ...Array.from({ length: 20 }, (_, n) => gauge(`o${n}`, n)));
    await append('hitri', gauge('a', 1));
    start();
    await until(() => waiting() === 0);
    expect(outbox.deadLetters.list()).toMatchObject([{ rejection: { code: 'refused_by_broker' }, origin: { tenant: 'okolje' } }]);
    expect(valuesOf('okolje', 'o19').at(-1)).toBe(19);
    expect(valuesOf('hitri', 'a')).toEqual([1]);
  });

  it('share the connections: never more requests under way than allowed', async () => {
    let underWay = 0;
    let most = 0;
    sink.script((_request, response, store) => {
      most = Math.max(most, ++underWay);
      setTimeout(() => {
        underWay--;
        store();
        response.writeHead(204).end();
      }, 5);
      return true;
    });
    for (const tenant of ['a', 'b', 'c']) await append(tenant, ...Array.from({ length: 60 }, (_, n) => gauge(`g${n % 20}`, n, n % 59)));
    start({ batchEntities: 5 });
    await until(() => waiting() === 0);
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(4);
  });
});
