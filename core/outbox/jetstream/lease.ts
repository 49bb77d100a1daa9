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
  readonly guard?: Guard;
}

/** Ends this process from outside when it does not stop by itself in time. */
export interface Guard {
  /** The process must have stopped writing in so many milliseconds, or say so again. */
  expect(ms: number): void;
  /** It writes nothing until it says otherwise. */
  quiet(): void;
}

/** The right to be the one writer of a shard's entities, for as long as it is renewed in time. */
export interface Lease {
  /** Grows with each owner. */
  readonly epoch: number;
  /** Also false some time before another one can take it, whatever this process was kept from doing meanwhile. */
  isHeld(): boolean;
  /** Milliseconds for which it is held without being renewed. */
  leftMs(): number;
  /** Calls back each time it ends: it was not renewed in time (which may heal), it was lost, or it was given back. */
  onEnd(listener: () => void): void;
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
/** Attempts to take a lease that failed before the operator hears of it. */
const failuresToTell = 20;

/**
 * Waits until the lease of the shard is free and takes it. A process with another number of shards is waited for too: two ways of dividing
 * the devices at the same time would give an entity two writers. `waits` is told who holds it.
 */
export async function takeLease(options: LeaseOptions, waits: (holder: string) => void): Promise<Lease> {
  const { leases, shard, owner, ttlMs, logger } = options;
  const name = shardName(shard);
  let told = '';
  let failures = 0;
  for (;;) {
    const sent = thisMoment();
    try {
      const holder = (await otherLayout(options)) ?? (await holderOf(leases, name));
      if (holder === undefined) {
        const epoch = await leases.create(name, JSON.stringify({ owner, epoch: 0 }));
        if ((await otherLayout(options)) !== undefined) {
          // Both asked before either had written; one of them is later now.
          await leases.delete(name, { previousSeq: epoch });
          continue;
        }
        const revision = await leases.update(name, JSON.stringify({ owner, epoch } satisfies Holder), epoch);
        return hold(options, name, epoch, revision, sent);
      }
      if (holder !== told) {
        logger.info({ shard: name, holder }, 'the shard has its process; this one stands by to take over');
        waits((told = holder));
      }
    } catch (error) {
      // Another one was faster, or NATS is away: both are tried again.
      const isNews = ++failures === failuresToTell;
      logger[isNews ? 'warn' : 'debug']({ err: error, shard: name }, 'the lease could not be taken yet; trying again');
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

async function otherLayout({ leases, shard: { of }, ttlMs }: LeaseOptions): Promise<string | undefined> {
  const keys = await leases.keys();
  // The end of the list may not come when an entry is renewed meanwhile.
  const late = setTimeout(() => keys.stop(new Error('the leases could not be listed in time')), ttlMs);
  try {
    for await (const key of keys) {
      if (key.endsWith(`-of-${of}`)) continue;
      const holder = await holderOf(leases, key);
      if (holder !== undefined) return `${holder} (as shard ${key.replace('-of-', '/')})`;
    }
    return undefined;
  } finally {
    clearTimeout(late);
  }
}

function hold({ leases, owner, ttlMs, logger, guard }: LeaseOptions, name: string, epoch: number, first: number, since: Moment): Lease {
  const lost = new AbortController();
  const listeners: (() => void)[] = [];
  let revision = first;
  let renewed = since;
  let released = false;
  let renewing: Promise<void> | undefined;
  let ending: NodeJS.Timeout | undefined;
  const timer = setInterval(() => (renewing ??= renew().finally(() => (renewing = undefined))), ttlMs / renewalsInTtl);

  const isOver = (): boolean => released || lost.signal.aborted;
  const isHeld = (): boolean => leftMs() > 0;
  function leftMs(): number {
    return isOver() ? 0 : Math.max(0, ttlMs * (1 - margin) - passedSince(renewed));
  }

  function hasUntil(moment: Moment): void {
    if (isOver()) return;
    renewed = moment;
    clearTimeout(ending);
    ending = setTimeout(look, Math.max(1, leftMs()));
    guard?.expect(ttlMs * (1 - margin / 2) - passedSince(renewed));
  }

  /** First everything stops, then the guard hears of it. */
  function look(): void {
    clearTimeout(ending);
    if (isHeld()) {
      ending = setTimeout(look, Math.max(1, leftMs()));
      return;
    }
    for (const listener of listeners) listener();
    guard?.quiet();
  }

  function lose(reason: string): void {
    if (isOver()) return;
    clearInterval(timer);
    logger.error({ shard: name, reason }, 'the lease of the shard is lost; nothing is delivered from here any more');
    lost.abort();
    look();
  }

  /** Too late is not lost: as long as nobody else has written, it is still ours, and nothing was delivered meanwhile. */
  async function renew(): Promise<void> {
    const sent = thisMoment();
    try {
      revision = await leases.update(name, JSON.stringify({ owner, epoch } satisfies Holder), revision, ttlMs / 2);
      hasUntil(sent);
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

  hasUntil(since);
  return {
    epoch,
    isHeld,
    leftMs,
    onEnd: (listener) => void listeners.push(listener),
    lost: lost.signal,
    async release() {
      if (isOver()) return;
      released = true;
      clearInterval(timer);
      look();
      await renewing;
      await leases.delete(name, { previousSeq: revision }).catch(() => undefined);
    },
  };
}

/** By both clocks: one stands still while a machine sleeps, the other one may be set back. */
interface Moment {
  readonly monotonic: number;
  readonly ofDay: number;
}

const thisMoment = (): Moment => ({ monotonic: performance.now(), ofDay: Date.now() });

/** Milliseconds, by the clock that says more. A clock of day that was set forward ends a lease until it is renewed. */
function passedSince({ monotonic, ofDay }: Moment): number {
  return Math.max(performance.now() - monotonic, Date.now() - ofDay);
}
