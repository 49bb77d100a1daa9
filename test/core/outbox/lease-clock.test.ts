/** What a lease does as time passes, by a clock of the test and a bucket in memory. */
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { KV } from '@nats-io/kv';

import { takeLease, type Lease } from '../../../core/outbox/jetstream/lease.ts';
import { silent } from './samples.ts';

const ttlMs = 8_000;
/** A quarter of the time is left unused. */
const heldMs = 6_000;

let monotonic: number;
let ofDay: number;
let bucket: Bucket;
let told: string[];
let ends: number;
beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['performance', 'Date', 'nextTick', 'queueMicrotask', 'setImmediate'] });
  monotonic = 5_000;
  ofDay = Date.UTC(2026, 4, 1);
  jest.spyOn(performance, 'now').mockImplementation(() => monotonic);
  jest.spyOn(Date, 'now').mockImplementation(() => ofDay);
  bucket = new Bucket();
  told = [];
  ends = 0;
});
afterEach(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
});

/** Entries vanish `ttlMs` after they were written, as in a bucket of NATS. */
class Bucket {
  private readonly entries = new Map<string, { readonly text: string; readonly revision: number; readonly at: number }>();
  private revision = 0;
  isAway = false;
  /** What is written while an answer gets lost on its way. */
  losesAnswers = false;
  /** Called before each write. */
  before: () => void = () => undefined;

  private of(name: string) {
    const entry = this.entries.get(name);
    return entry === undefined || monotonic - entry.at >= ttlMs ? undefined : entry;
  }

  write(name: string, text: string): Promise<number> {
    this.entries.set(name, { text, revision: ++this.revision, at: monotonic });
    return this.losesAnswers ? Promise.reject(new Error('timeout')) : Promise.resolve(this.revision);
  }

  private reach(): Promise<void> {
    return this.isAway ? Promise.reject(new Error('no way to NATS')) : Promise.resolve();
  }

  readonly kv = {
    get: async (name: string) => {
      await this.reach();
      const entry = this.of(name);
      return entry === undefined ? null : { operation: 'PUT', revision: entry.revision, json: (): unknown => JSON.parse(entry.text) };
    },
    keys: () =>
      Promise.resolve(
        Object.assign(
          [...this.entries.keys()].filter((name) => this.of(name) !== undefined),
          { stop: () => undefined },
        ),
      ),
    create: (name: string, text: string) => {
      this.before();
      if (this.of(name) !== undefined) throw new Error('it is there');
      return this.write(name, text);
    },
    update: async (name: string, text: string, revision: number) => {
      await this.reach();
      if (this.of(name)?.revision !== revision) throw new Error('wrong last sequence');
      return this.write(name, text);
    },
    delete: (name: string, { previousSeq }: { previousSeq: number }) => {
      if (this.of(name)?.revision === previousSeq) this.entries.delete(name);
      return Promise.resolve();
    },
  };

  get owner(): string | undefined {
    const text = this.of('0-of-2')?.text;
    return text === undefined ? undefined : (JSON.parse(text) as { owner: string }).owner;
  }
}

async function take(owner = 'first', shard = { index: 0, of: 2 }): Promise<Lease> {
  const guard = { expect: (ms: number) => void told.push(`expect ${ms}`), quiet: () => void told.push('quiet') };
  const lease = await takeLease({ leases: bucket.kv as unknown as KV, shard, owner, ttlMs, logger: silent, guard }, () => undefined);
  lease.onEnd(() => {
    ends++;
    told.push('stopped');
  });
  return lease;
}

/** Both clocks go on and timers run; each time what is asked of NATS is answered. */
async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 100) {
    monotonic += Math.min(left, 100);
    ofDay += Math.min(left, 100);
    await jest.advanceTimersByTimeAsync(Math.min(left, 100));
  }
}

describe('a lease', () => {
  it('is held as long as it is renewed, and the guard hears of each renewal', async () => {
    const lease = await take();
    await pass(10 * ttlMs);
    expect(lease.isHeld()).toBe(true);
    expect(lease.leftMs()).toBeGreaterThan(heldMs - ttlMs / 5 - 1);
    expect(ends).toBe(0);
    expect(told.filter((words) => words === 'expect 7000').length).toBeGreaterThanOrEqual(49);
    await lease.release();
  });

  it('ends a quarter of its time before another one can have it; first all stops, then the guard is told; it may heal', async () => {
    const lease = await take();
    told = [];
    bucket.isAway = true;
    await pass(heldMs - 100);
    expect(lease.isHeld()).toBe(true);
    await pass(200);
    expect([lease.isHeld(), lease.leftMs(), lease.lost.aborted]).toEqual([false, 0, false]);
    expect(bucket.owner).toBe('first');
    expect(told).toEqual(['stopped', 'quiet']);

    bucket.isAway = false;
    await pass(ttlMs / 5);
    expect(lease.isHeld()).toBe(true);
    expect(told.slice(2)).toEqual(['expect 7000']);
    await lease.release();
  });

  it('counts from the moment when a renewal was sent', async () => {
    const lease = await take();
    const { update } = bucket.kv;
    let answer = (): void => undefined;
    bucket.kv.update = (...given) => new Promise((resolve) => (answer = () => resolve(update(...given))));
    await pass(ttlMs / 5);
    await pass(2_000);
    answer();
    await pass(100);
    expect(lease.leftMs()).toBe(heldMs - 2_100);
    bucket.kv.update = update;
    await lease.release();
  });

  it('is over for a process that was stopped, before any of its timers runs', async () => {
    const lease = await take();
    monotonic += heldMs;
    expect(lease.isHeld()).toBe(false);
    await lease.release();
  });

  it('is over when the machine slept, while the monotonic clock stood still', async () => {
    const lease = await take();
    ofDay += heldMs;
    expect(lease.isHeld()).toBe(false);
    await lease.release();
  });

  it('a clock that is set forward ends it until the next renewal, one that is set back changes nothing', async () => {
    const lease = await take();
    ofDay += 3_600_000;
    expect(lease.isHeld()).toBe(false);
    await pass(ttlMs / 5);
    expect(lease.isHeld()).toBe(true);
    ofDay -= 2 * 3_600_000;
    expect(lease.isHeld()).toBe(true);
    monotonic += heldMs;
    expect(lease.isHeld()).toBe(false);
    await lease.release();
  });

  it('is lost when another one has it', async () => {
    const lease = await take();
    monotonic += ttlMs;
    const next = await take('second');
    expect(next.epoch).toBeGreaterThan(lease.epoch);
    await pass(ttlMs / 5);
    expect([lease.lost.aborted, lease.isHeld(), next.isHeld()]).toEqual([true, false, true]);
    await lease.release();
    expect(bucket.owner).toBe('second');
    await next.release();
    expect(bucket.owner).toBeUndefined();
  });

  it('goes on when a renewal was written and its answer got lost', async () => {
    const lease = await take();
    bucket.losesAnswers = true;
    await pass(ttlMs / 5);
    bucket.losesAnswers = false;
    await pass(3 * ttlMs);
    expect(lease.isHeld()).toBe(true);
    await lease.release();
  });

  it('is given back once, and ends with that', async () => {
    const lease = await take();
    await lease.release();
    await lease.release();
    expect([lease.isHeld(), lease.leftMs(), ends, bucket.owner]).toEqual([false, 0, 1, undefined]);
    expect(told.at(-1)).toBe('quiet');
  });

  it('is not taken beside one of another number of shards that came at the same moment', async () => {
    let others = 0;
    bucket.before = () => {
      bucket.before = () => undefined;
      others++;
      void bucket.write('1-of-3', JSON.stringify({ owner: 'other', epoch: 1 }));
    };
    const taking = take();
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    expect([others, bucket.owner]).toEqual([1, undefined]);
    monotonic += ttlMs;
    const lease = await taking;
    expect(lease.isHeld()).toBe(true);
    await lease.release();
  });
});
