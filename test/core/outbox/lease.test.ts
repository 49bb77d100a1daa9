import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { leaseHolder, takeLease, type Lease } from '../../../core/outbox/jetstream/lease.ts';
import type { Cluster } from '../../../core/outbox/jetstream/cluster.ts';
import { parseShard, shardOfKey } from '../../../core/outbox/shard.ts';
import { natsBinary, startNats, type TestNats } from './nats.ts';
import { silent } from './samples.ts';

const suite = natsBinary === undefined ? describe.skip : describe;
if (natsBinary === undefined) console.warn('skipped: leases need a nats-server; install Debian\'s package "nats-server"');

describe('shards', () => {
  it('are read from i/n', () => {
    expect(parseShard('1/2')).toEqual({ index: 1, of: 2 });
    for (const wrong of ['2/2', '1', '', '-1/2', '1/2/3', 'a/b', '0/0', '1.5/2']) expect(parseShard(wrong)).toBeUndefined();
  });

  it('every key has exactly one, whatever its case, and they have about as many', () => {
    const counts = [0, 0, 0];
    for (let n = 0; n < 3_000; n++) {
      const shard = shardOfKey(`Device-${n}`, 3);
      expect(shardOfKey(`device-${n}`, 3)).toBe(shard);
      counts[shard] = (counts[shard] ?? 0) + 1;
    }
    for (const count of counts) expect(count).toBeGreaterThan(800);
    expect(shardOfKey('anything', 1)).toBe(0);
  });
});

suite('leases on a real nats-server', () => {
  const ttlMs = 3_000;
  let nats: TestNats;
  const held: Lease[] = [];
  beforeAll(async () => {
    nats = await startNats();
  });
  afterAll(async () => {
    for (const lease of held) await lease.release();
    await nats.close();
  });
  const asking = ({ leases }: Cluster, owner: string, shard = { index: 0, of: 1 }) => ({ leases, shard, owner, ttlMs, logger: silent });
  const take = async (...given: Parameters<typeof asking>) => {
    const waits: string[] = [];
    const lease = await takeLease(asking(...given), (holder) => waits.push(holder));
    held.push(lease);
    return { lease, waits };
  };

  it('one has it, the other waits until it is given back; the epoch grows', async () => {
    const cluster = await nats.cluster({ prefix: 'back', leaseMs: ttlMs });
    const { lease: first } = await take(cluster, 'first');
    expect(await leaseHolder(cluster.leases, { index: 0, of: 1 })).toBe('first');
    const second = take(cluster, 'second');
    await new Promise((resolve) => setTimeout(resolve, 1.5 * ttlMs));
    expect(first.isHeld()).toBe(true);

    await first.release();

    expect(first.isHeld()).toBe(false);
    const { lease, waits } = await second;
    expect(waits).toEqual(['first']);
    expect(lease.isHeld()).toBe(true);
    expect(lease.epoch).toBeGreaterThan(first.epoch);
  });

  it('an owner that cannot renew stops before another one can begin, and is told that it was replaced', async () => {
    const away = await nats.cluster({ prefix: 'late', leaseMs: ttlMs });
    const { lease: first } = await take(away, 'first');
    const lost = new Promise<void>((resolve) => first.lost.addEventListener('abort', () => resolve()));
    // Its renewals do not reach NATS any more.
    const { update } = away.leases;
    away.leases.update = () => Promise.reject(new Error('no way to NATS'));
    const { lease: second } = await take(await nats.cluster({ prefix: 'late', leaseMs: ttlMs }), 'second');

    expect(first.isHeld()).toBe(false);
    expect(first.leftMs()).toBe(0);
    expect(second.isHeld()).toBe(true);
    await lost;
    away.leases.update = update;
  });

  it('two ways of dividing the devices do not run at the same time', async () => {
    const cluster = await nats.cluster({ prefix: 'layout', leaseMs: ttlMs });
    const { lease: old } = await take(cluster, 'old', { index: 0, of: 2 });
    const next = take(cluster, 'next', { index: 2, of: 3 });
    await new Promise((resolve) => setTimeout(resolve, ttlMs));
    expect(await leaseHolder(cluster.leases, { index: 2, of: 3 })).toBeUndefined();
    await old.release();
    expect((await next).waits).toEqual(['old (as shard 0/2)']);
  });
});
