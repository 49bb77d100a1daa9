import { setTimeout as sleep } from 'node:timers/promises';
import type { KV } from '@nats-io/kv';
import type { Logger } from 'pino';

import { shardName, type Shard } from '../shard.ts';

export interface LeaseOptions {
  /** A bucket whose entries vanish `ttlMs` after they were last written. */
  readonly leases: KV;
  readonly shard: Shard;
  /** Who asks, in words that an operator finds again. */
  readonly owner: string;
  readonly ttlMs: number;
  readonly logger: Logger;
}

/** The right to be the one writer of a shard's entities, for as long as it is renewed in time. */
export interface Lease {
  /** Grows with each owner. */
  readonly epoch: number;
  /** Also false some time before another one can take it, whatever this process was kept from doing meanwhile. */
  isHeld(): boolean;
  /** Milliseconds for which it is held without being renewed. */
  leftMs(): number;
  /** Aborted when it was lost. */
  readonly lost: AbortSignal;
  /** Gives it back, so that the next one need not wait. */
  release(): Promise<void>;
}

interface Holder {
  readonly owner: string;
  readonly epoch: number;
}

/** Part of the time of a lease that is left unused, so that what was just sent is over when the next owner begins. */
const margin = 0.25;
const renewalsInTtl = 5;

/**
 * Waits until the lease of the shard is free and takes it. A process with another number of shards is waited for too: two ways of dividing
 * the devices at the same time would give an entity two writers. `waits` is told who holds it.
 */
export async function takeLease(options: LeaseOptions, waits: (holder: string) => void): Promise<Lease> {
  const { leases, shard, owner, ttlMs, logger } = options;
  const name = shardName(shard);
  let told = '';
  for (;;) {
    const sentAt = performance.now();
    try {
      const holder = (await otherLayout(leases, shard)) ?? (await holderOf(leases, name));
      if (holder === undefined) {
        const epoch = await leases.create(name, JSON.stringify({ owner, epoch: 0 }));
        const revision = await leases.update(name, JSON.stringify({ owner, epoch } satisfies Holder), epoch);
        return hold(options, name, epoch, revision, sentAt);
      }
      if (holder !== told) {
        logger.info({ shard: name, holder }, 'the shard has its process; this one stands by to take over');
        waits((told = holder));
      }
    } catch (error) {
      // Another one was faster, or NATS is away: both are tried again.
      logger.debug({ err: error }, 'the lease could not be taken yet');
    }
    await sleep(ttlMs / 10 + (Math.random() * ttlMs) / 20);
  }
}

/** Who has the shard now; undefined: nobody. */
export function leaseHolder(leases: KV, shard: Shard): Promise<string | undefined> {
  return holderOf(leases, shardName(shard));
}

async function holderOf(leases: KV, name: string): Promise<string | undefined> {
  const entry = await leases.get(name);
  return entry === null || entry.operation !== 'PUT' ? undefined : entry.json<Holder>().owner;
}

async function otherLayout(leases: KV, { of }: Shard): Promise<string | undefined> {
  for await (const key of await leases.keys()) {
    if (key.endsWith(`-of-${of}`)) continue;
    const holder = await holderOf(leases, key);
    if (holder !== undefined) return `${holder} (as shard ${key.replace('-of-', '/')})`;
  }
  return undefined;
}

function hold({ leases, owner, ttlMs, logger }: LeaseOptions, name: string, epoch: number, first: number, since: number): Lease {
  const lost = new AbortController();
  let revision = first;
  let until = since + ttlMs * (1 - margin);
  let released = false;
  let renewing: Promise<void> | undefined;
  const timer = setInterval(() => (renewing ??= renew().finally(() => (renewing = undefined))), ttlMs / renewalsInTtl);

  function lose(reason: string): void {
    if (lost.signal.aborted || released) return;
    clearInterval(timer);
    logger.error({ shard: name, reason }, 'the lease of the shard is lost; nothing is delivered from here any more');
    lost.abort();
  }

  /** Too late is not lost: as long as nobody else has written, it is still ours, and nothing was delivered meanwhile. */
  async function renew(): Promise<void> {
    const sentAt = performance.now();
    try {
      revision = await leases.update(name, JSON.stringify({ owner, epoch } satisfies Holder), revision, ttlMs / 2);
      until = sentAt + ttlMs * (1 - margin);
    } catch (error) {
      await missed(error);
    }
  }

  /** A renewal may have been written although its answer was lost. */
  async function missed(error: unknown): Promise<void> {
    const entry = await leases.get(name).catch(() => undefined);
    if (entry === undefined) logger.debug({ err: error }, 'the lease could not be renewed; trying again');
    else if (entry?.operation === 'PUT' && entry.json<Holder>().epoch === epoch) ({ revision } = entry);
    else lose('another process has it, or it ran out');
  }

  const isHeld = (): boolean => !released && !lost.signal.aborted && performance.now() < until;
  return {
    epoch,
    isHeld,
    leftMs: () => (isHeld() ? until - performance.now() : 0),
    lost: lost.signal,
    async release() {
      if (released || lost.signal.aborted) return;
      released = true;
      clearInterval(timer);
      await renewing;
      await leases.delete(name, { previousSeq: revision }).catch(() => undefined);
    },
  };
}
