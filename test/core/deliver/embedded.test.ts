import { afterEach, describe, expect, it } from '@jest/globals';
import { createBrokerClient } from '../../../core/deliver/client.ts';
import { createDeliverer, type Deliverer } from '../../../core/deliver/deliverer.ts';
import type { Entity } from '../../../core/entity/entity.ts';
import { createMemoryOutbox } from '../../../core/outbox/memory.ts';
import type { Outbox } from '../../../core/outbox/outbox.ts';
import { startBroker, type Broker } from '../../../embedded/ngsi-ld/server.ts';
import { consign, gauge, silent } from '../outbox/samples.ts';

/** The deliverer against an NGSI-LD broker that answers as the specification and as Orion-LD do. */
describe.each(['strict', 'orion'] as const)('delivery to the embedded broker, profile %s', (profile) => {
  let broker: Broker;
  let deliverer: Deliverer;
  let outbox: Outbox;
  const empty = () => outbox.depth('2026-05-01T00:00:00.000Z').count === 0;

  async function start(): Promise<void> {
    outbox = createMemoryOutbox();
    broker = await startBroker({ port: 0, dbFile: ':memory:', profile });
    deliverer = createDeliverer({
      outbox,
      client: createBrokerClient({ url: broker.url, tenant: 'idrija', timeoutMs: 300 }),
      logger: silent,
      contextOf: () => '',
      lanes: 2,
      batchEntities: 25,
      backoffMs: { first: 20, longest: 100, longestUnreached: 50 },
    });
    deliverer.start();
  }
  async function until(condition: () => boolean): Promise<void> {
    for (let tries = 0; !condition(); tries++) {
      if (tries > 1_000) throw new Error('waited too long');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
  const get = async (path: string) => {
    const response = await fetch(`${broker.url}/ngsi-ld/v1/${path}`, { headers: { 'NGSILD-Tenant': 'idrija' } });
    return (await response.json()) as Record<string, unknown>;
  };
  const id = (name: string) => `urn:ngsi-ld:WaterObserved:${name}`;

  afterEach(async () => {
    await deliverer.stop();
    await broker.close();
  });

  it('creates, updates, keeps poison apart and gives late values to history', async () => {
    await start();
    const poison = { ...gauge('bad', 1), waterLevel: { type: 'Property', value: null, observedAt: 'yesterday' } } as unknown as Entity;
    await outbox.append(consign(...Array.from({ length: 60 }, (_, n) => gauge(`g${n}`, n, 10)), poison));
    await until(empty);
    await outbox.append(consign(gauge('g1', 50, 20), gauge('new', 1), gauge('g1', 40, 5)));
    await until(empty);

    expect(await get(`entities/${id('g59')}`)).toMatchObject({ waterLevel: { value: 59, observedAt: '2026-05-01T10:10:00.000Z' } });
    expect(await get(`entities/${id('g1')}`)).toMatchObject({ waterLevel: { value: 50 } });
    const { waterLevel } = await get(`temporal/entities/${id('g1')}?timeproperty=observedAt`);
    expect(
      [waterLevel]
        .flat()
        .map((instance) => (instance as { value: number }).value)
        .sort(),
    ).toEqual([1, 40, 50]);
    expect(outbox.deadLetters.list().map(({ rejection, raw }) => [rejection.code, JSON.parse(Buffer.from(raw).toString())])).toEqual([
      ['refused_by_broker', poison],
    ]);
  });

  it.each([
    ['500', { status: 500 }],
    ['503', { status: 503 }],
    ['429', { status: 429 }],
    ['no answer', { hang: true }],
    ['cut connections', { reset: true }],
    ['cut connections after the commit', { dropAfterCommit: true }],
  ])('delivers everything after %s', async (_name, faults) => {
    await start();
    broker.setFaults(faults);
    await outbox.append(consign(...Array.from({ length: 40 }, (_, n) => gauge(`h${n}`, n, 1)), gauge('h0', 99, 2)));
    await until(() => deliverer.status().state === 'unavailable');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(empty()).toBe(false);
    broker.setFaults({});
    await until(empty);
    expect(await get(`entities/${id('h0')}`)).toMatchObject({ waterLevel: { value: 99 } });
    expect(await get(`entities/${id('h39')}`)).toMatchObject({ waterLevel: { value: 39 } });
  });
});
