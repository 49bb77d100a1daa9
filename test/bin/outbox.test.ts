import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';

import { watchShard } from '../../bin/outbox-metrics.ts';
import { clientIdOf, examineOutbox, openOutboxBeside, openOwnOutbox, rightOf } from '../../bin/outbox.ts';
import type { Lease } from '../../core/outbox/jetstream/lease.ts';
import type { Check, HttpServer } from '../../core/service/http.ts';
import { loadConfig } from '../../core/service/config.ts';
import { natsBinary, startNats, type TestNats } from '../core/outbox/nats.ts';
import { consign, gauge, silent } from '../core/outbox/samples.ts';

type Closers = (() => void | Promise<void>)[];

let folder: string;
let closers: Closers;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'klavze-outbox-'));
  closers = [];
});
afterEach(async () => {
  for (let close = closers.pop(); close !== undefined; close = closers.pop()) await close();
  rmSync(folder, { recursive: true });
});

const shared = { KLAVZE_MQTT_URL: 'mqtt://127.0.0.1:1', KLAVZE_BROKER_URL: 'http://127.0.0.1:1' };
const configOf = (name: string, more: Readonly<Record<string, string>>) =>
  loadConfig({ KLAVZE_DATA_DIR: join(folder, name), ...more }, folder);

/** What a process that stands by says of itself, and what its guard is told. */
function open(config: ReturnType<typeof loadConfig>) {
  const said: string[] = [];
  const guarded: string[] = [];
  const standing = (checks: Readonly<Record<string, () => Check>>): Promise<HttpServer> => {
    said.push(checks['shard']?.().detail ?? '');
    return Promise.resolve({ url: '', close: () => Promise.resolve(void said.push('closed')) } as HttpServer);
  };
  const guarding = (shard: string) => ({
    expect: () => void guarded.push(shard),
    quiet: () => void guarded.push('quiet'),
    close: () => void guarded.push('closed'),
  });
  const own = openOwnOutbox(config, silent, () => new Date().toISOString(), closers, standing, guarding);
  return { own, said, guarded };
}

describe('the right of a process', () => {
  function lease(): { readonly lease: Lease; lose(): void; end(): void } {
    const lost = new AbortController();
    let onEnd = (): void => undefined;
    const held = { epoch: 3, isHeld: () => !lost.signal.aborted, leftMs: () => 500, lost: lost.signal, release: () => Promise.resolve() };
    return { lease: { ...held, onEnd: (listener) => (onEnd = listener) }, lose: () => lost.abort(), end: () => onEnd() };
  }

  it('ends with the lease', () => {
    const of = lease();
    const { right } = rightOf(of.lease);
    let ends = 0;
    right.onEnd(() => ends++);
    expect([right.isHeld(), right.leftMs(), right.epoch]).toEqual([true, 500, 3]);
    of.end();
    expect([ends, right.lost.aborted]).toEqual([1, false]);
    of.lose();
    expect([right.isHeld(), right.leftMs(), right.lost.aborted, ends]).toEqual([false, 0, true, 2]);
  });

  it('ends when the stream says that another process has the shard, though the lease has not heard of it', () => {
    const of = lease();
    const { right, lose } = rightOf(of.lease);
    let ends = 0;
    right.onEnd(() => ends++);
    lose();
    lose();
    expect([of.lease.isHeld(), right.isHeld(), right.leftMs(), right.lost.aborted, ends]).toEqual([true, false, 0, true, 1]);
  });
});

describe('settings', () => {
  it('shards need a shared outbox, one MQTT broker and one NGSI-LD broker, and no provisioning', async () => {
    await expect(open(configOf('a', { KLAVZE_SHARD: '0/2' })).own).rejects.toThrow(/KLAVZE_OUTBOX/);
    const url = 'nats://127.0.0.1:1';
    await expect(open(configOf('a', { KLAVZE_SHARD: '2/2', KLAVZE_OUTBOX: url })).own).rejects.toThrow(/expected i\/n/);
    const wrong = { KLAVZE_SHARD: '0/2', KLAVZE_OUTBOX: url, KLAVZE_PROVISIONING_TOKEN: 'a-token-of-some-length' };
    await expect(open(configOf('a', wrong)).own).rejects.toThrow(/KLAVZE_MQTT_URL.*KLAVZE_BROKER_URL.*provisioning/s);
  });

  it('each shard has its MQTT session', () => {
    const id = clientIdOf(configOf('a', {}));
    expect(clientIdOf(configOf('a', { KLAVZE_SHARD: '0/1' }))).toBe(id);
    expect(clientIdOf(configOf('a', { KLAVZE_SHARD: '1/2' }))).toBe(`${id}-1-of-2`);
  });

  it('an outbox in a file has no owner but this process', async () => {
    const own = await open(configOf('', {})).own;
    expect([own.right, own.owns]).toEqual([undefined, undefined]);
    expect(own.lineOf('anything')).toBe(own.outbox);
  });
});

const suite = natsBinary === undefined ? describe.skip : describe;
if (natsBinary === undefined) console.warn('skipped: shards need a nats-server; install Debian\'s package "nats-server"');

suite('shards over a real nats-server', () => {
  let nats: TestNats;
  beforeAll(async () => {
    nats = await startNats();
  });
  afterAll(() => nats.close());
  const shard = (of: string, tenant: string) =>
    configOf(of.replace('/', '-'), {
      ...shared,
      KLAVZE_OUTBOX: nats.url,
      KLAVZE_SHARD: of,
      KLAVZE_LEASE_SECONDS: '3',
      KLAVZE_BROKER_TENANT: tenant,
    });
  const ids = (outbox: { peek(limit: number, lane: number, lanes: number): { entity: { id: string } }[] }) =>
    outbox.peek(99, 0, 1).map(({ entity }) => entity.id.split(':').at(-1));

  it('every key is one process’s, whose line takes what the other one is given for it', async () => {
    const [first, second] = await Promise.all([open(shard('0/2', 'a')).own, open(shard('1/2', 'a')).own]);
    const keys = Array.from({ length: 50 }, (_, n) => `device-${n}`);
    expect(keys.filter((key) => first.owns?.(key) === second.owns?.(key))).toEqual([]);
    const others = keys.find((key) => second.owns?.(key) === true) ?? '';
    const own = keys.find((key) => first.owns?.(key) === true) ?? '';

    await first.lineOf(own).append(consign(gauge('own', 1)));
    await first.lineOf(others).append(consign(gauge('others', 1)));

    expect(first.lineOf(own)).toBe(first.outbox);
    while (ids(second.outbox).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    expect([ids(first.outbox), ids(second.outbox)]).toEqual([['own'], ['others']]);
  });

  it('a second process stands by and says who has the shard, and goes on where the first one stopped', async () => {
    const first = open(shard('0/1', 'b'));
    const { outbox, right } = await first.own;
    await outbox.append(consign(gauge('waits', 1)));
    const ofFirst = closers;
    closers = [];
    const second = open({ ...shard('0/1', 'b'), dataDir: join(folder, 'other') });
    while (second.said.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(second.said[0]).toContain(`process ${process.pid}`);
    expect([right?.isHeld(), second.guarded]).toEqual([true, []]);

    const beside = await openOutboxBeside({ ...shard('0/1', 'b'), dataDir: join(folder, 'beside') }, silent);
    await beside?.append(consign(gauge('guest', 1)));
    await beside?.close();

    for (let close = ofFirst.pop(); close !== undefined; close = ofFirst.pop()) await close();

    expect([right?.isHeld(), first.guarded.at(-2), first.guarded.at(-1)]).toEqual([false, 'quiet', 'closed']);
    const next = await second.own;
    expect(second.said).toEqual([expect.stringContaining('stands by'), 'closed']);
    expect(second.guarded[0]).toBe('0-of-1');
    expect(ids(next.outbox)).toEqual(['waits', 'guest']);
    const registry = new Registry();
    watchShard(next, registry);
    const metrics = await registry.metrics();
    expect(Number(/^klavze_shard_epoch (\d+)$/m.exec(metrics)?.[1])).toBeGreaterThan(right?.epoch ?? 0);
    expect(Number(/^klavze_stream_messages (\d+)$/m.exec(metrics)?.[1])).toBeGreaterThan(0);
    expect(Number(/^klavze_stream_bytes (\d+)$/m.exec(metrics)?.[1])).toBeGreaterThan(0);
    expect(Number(/^klavze_shard_lease_seconds ([\d.]+)$/m.exec(metrics)?.[1])).toBeGreaterThan(0);
  });

  it('metrics do not wait for a NATS that is away', async () => {
    const registry = new Registry();
    const right = { isHeld: () => false, leftMs: () => 0, onEnd: () => undefined, epoch: 1, lost: new AbortController().signal };
    watchShard({ right, stream: () => Promise.reject(new Error('away')) }, registry);
    expect(await registry.metrics()).toMatch(/^klavze_stream_messages Nan$/im);
  });

  it('the doctor says how NATS is, and what to do', async () => {
    const url = nats.url;
    const config = shard('0/2', 'd');
    expect(await examineOutbox(config, url)).toMatch(/shard 0-of-2 has no stream yet; klavze up makes it/);

    const { outbox } = await open(config).own;
    await outbox.append(consign(gauge('waits', 1)));
    expect(await examineOutbox(config, url)).toMatch(/[1-9] messages wait in klavze-d-outbox-0-of-2, the oldest of 20/);

    const other = { ...config, shard: '0/3', outbox: { ...config.outbox, replicas: 3 } };
    await expect(examineOutbox(other, url)).rejects.toThrow(
      /of another number of shards: run klavze with KLAVZE_SHARD=0\/2 until it is empty/,
    );
    expect(await examineOutbox({ ...config, outbox: other.outbox }, url)).toMatch(/it has 1 copies, KLAVZE_OUTBOX_REPLICAS says 3/);
    await expect(examineOutbox(config, 'nats://geheim@127.0.0.1:1')).rejects.toThrow(
      /^nats:\/\/127.0.0.1:1 cannot be reached .*KLAVZE_OUTBOX/,
    );
    await expect(examineOutbox(config, 'http://127.0.0.1')).rejects.toThrow(/expected nats/);
  });

  it('a command beside nobody may deliver itself', async () => {
    expect(await openOutboxBeside(shard('0/1', 'c'), silent)).toBeUndefined();
  });
});
