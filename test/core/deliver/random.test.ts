/**
 * Whatever waits, whatever comes and whatever the broker does for a while: in the end it has everything, each entity in order, and never two
 * requests with the same entity at once. `npm run test:random` makes more runs; one that fails prints what repeats it.
 */
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import type { Answer } from '../../../core/deliver/answer.ts';
import type { BrokerClient } from '../../../core/deliver/client.ts';
import { createDeliverer, type Deliverer } from '../../../core/deliver/deliverer.ts';
import type { Entity } from '../../../core/entity/entity.ts';
import { createMemoryOutbox } from '../../../core/outbox/memory.ts';
import type { Outbox } from '../../../core/outbox/outbox.ts';
import { openSqliteOutbox } from '../../../core/outbox/sqlite.ts';
import { generator } from '../../random.ts';
import { origin, silent } from '../outbox/samples.ts';

const runs = Number(process.env['KLAVZE_RANDOM_RUNS'] ?? 12);
const firstMoment = Date.parse('2026-05-01T00:00:00.000Z');
const types = ['WaterObserved', 'AirQualityObserved'] as const;
const moment = (n: number): string => new Date(firstMoment + n * 1_000).toISOString();

/** State number `n` of all: value and moment say which. */
function state(entity: number, n: number): Entity {
  const type = types[entity % types.length] ?? types[0];
  return { id: `urn:ngsi-ld:${type}:e${entity}`, type, level: { type: 'Property', value: n, observedAt: moment(n) } };
}

type Level = { readonly value: number; readonly observedAt: string };
type Sent = { readonly id: string; readonly level: Level | Level[] };

type Into = 'state' | 'history' | 'removal';

const moods = ['fine', 'fails', 'cuts', 'forgets to answer', 'locks some', 'takes few'] as const;
type Mood = (typeof moods)[number];

/** A broker that keeps what it is given, and notes what must not happen. */
class World {
  mood: Mood = 'fine';
  readonly now = new Map<string, number>();
  readonly arrived = new Map<string, Set<number>>();
  readonly faults = new Set<string>();
  private readonly newest = new Map<string, number>();
  private readonly underWay = new Map<string, string>();

  constructor(
    private readonly random: () => number,
    private readonly hasHistory: boolean,
    private readonly poison: (id: string) => boolean,
  ) {}

  client(tenant = ''): BrokerClient {
    const none = async (): Promise<Answer> => ({ status: 501 });
    return {
      upsert: (body) => this.request(tenant, JSON.parse(String(body)) as Sent[], 'state'),
      addHistory: (body) => this.request(tenant, [JSON.parse(body) as Sent], 'history'),
      remove: (body) =>
        this.request(
          tenant,
          (JSON.parse(String(body)) as string[]).map((id) => ({ id, level: [] })),
          'removal',
        ),
      register: none,
      registration: none,
      unregister: none,
      forTenant: (name) => this.client(name),
      close: () => undefined,
    };
  }

  private async request(tenant: string, sent: readonly Sent[], into: Into): Promise<Answer> {
    const keys = sent.map(({ id }) => `${tenant} ${id}`);
    if (new Set(keys).size < keys.length) this.faults.add('an entity twice in a batch');
    for (const key of keys) {
      const other = this.underWay.get(key);
      if (other !== undefined) this.faults.add(`an entity in two requests at once: ${other} and ${into}`);
    }
    for (const key of keys) this.underWay.set(key, into);
    await new Promise((resolve) => (this.random() < 0.7 ? setTimeout(resolve, this.random() * 4) : setImmediate(resolve)));
    for (const key of keys) this.underWay.delete(key);
    return this.answer(tenant, sent, into);
  }

  private answer(tenant: string, sent: readonly Sent[], into: Into): Answer {
    const isBad = this.random() < 0.6;
    if (into === 'history' && !this.hasHistory) return { status: 501 };
    if (this.mood === 'fails' && isBad) return { status: 503 };
    if (this.mood === 'cuts' && isBad) return { status: 0, failure: 'cut' };
    if (this.mood === 'takes few' && sent.length > 7) return { status: 413 };
    const isLocked = ({ id }: Sent): boolean => this.mood === 'locks some' && id.endsWith('3');
    const locked = into === 'history' ? [] : sent.filter(isLocked);
    const refused = sent.filter(({ id }) => this.poison(id));
    for (const one of sent) if (!locked.includes(one) && !refused.includes(one)) this.keep(tenant, one, into);
    if (this.mood === 'forgets to answer' && isBad) return { status: 0, failure: 'no answer after all was taken' };
    if (into === 'history') return { status: refused.length > 0 ? 400 : 204 };
    const errors = [
      ...locked.map(({ id }) => ({ entityId: id, error: { status: 500, title: 'locked' } })),
      ...refused.map(({ id }) => ({ entityId: id, error: { status: 400, title: 'bad' } })),
    ];
    if (errors.length === 0) return { status: 204 };
    const success = sent.filter((one) => !locked.includes(one) && !refused.includes(one)).map(({ id }) => id);
    return { status: 207, body: { success, errors } };
  }

  private keep(tenant: string, { id, level }: Sent, into: Into): void {
    const key = `${tenant} ${id}`;
    if (into === 'removal') this.now.delete(key);
    const seen = this.arrived.get(key) ?? new Set();
    this.arrived.set(key, seen);
    for (const { value } of [level].flat()) {
      const newest = this.newest.get(key) ?? -1;
      if (into === 'state' && value < newest && !seen.has(value)) this.faults.add('an older state over a newer one');
      if (into === 'state') {
        this.now.set(key, value);
        this.newest.set(key, Math.max(newest, value));
      }
      seen.add(value);
    }
  }
}

const worlds = fc.record({
  seed: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  entities: fc.integer({ min: 1, max: 60 }),
  tenants: fc.integer({ min: 1, max: 3 }),
  /** States that wait at the beginning, all of them for long. */
  backlog: fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 1_000, max: 2_500 })),
  /** Of how many entities they are. */
  share: fc.integer({ min: 1, max: 60 }),
  appends: fc.integer({ min: 0, max: 30 }),
  shuffles: fc.boolean(),
  repeats: fc.boolean(),
  removals: fc.boolean(),
  hasHistory: fc.boolean(),
  hasPoison: fc.boolean(),
  moods: fc.array(fc.constantFrom(...moods), { maxLength: 4 }),
  batchEntities: fc.constantFrom(3, 20, 200),
  lanes: fc.constantFrom(1, 2, 4),
  /** In a file: between two moods Klavže may end, in order or killed. */
  inFile: fc.boolean(),
});

describe('delivery', () => {
  it(
    'brings everything, in order, whatever happens',
    async () => {
      await fc.assert(
        fc.asyncProperty(worlds, async (given) => {
          const { world, expected, gone, letters, left } = await run(given);
          expect([...world.faults]).toEqual([]);
          expect(left).toBe(0);
          for (const [key, values] of expected) {
            const missing = [...values].filter((value) => world.arrived.get(key)?.has(value) !== true && !letters.has(`${key} ${value}`));
            expect([key, missing]).toEqual([key, []]);
            const newest = Math.max(...values);
            const last = gone.has(key) ? undefined : newest;
            if (!letters.has(`${key} ${newest}`)) expect([key, world.now.get(key)]).toEqual([key, last]);
          }
        }),
        { numRuns: runs, endOnFailure: true },
      );
    },
    60_000 + runs * 5_000,
  );
});

async function run(given: typeof worlds extends fc.Arbitrary<infer T> ? T : never) {
  const random = generator(given.seed);
  const folder = mkdtempSync(join(tmpdir(), 'klavze-random-'));
  let starts = 0;
  const fileOf = (start: number): string => join(folder, `outbox-${start}.db`);
  // Where much waits an outage was long.
  const isLong = given.backlog >= 1_000;
  const clock = (): string => new Date(Date.now() - (isLong ? 100_000 : 0)).toISOString();
  const open = (): Outbox => openSqliteOutbox({ path: fileOf(starts), logger: silent, clock });
  let outbox = given.inFile ? open() : createMemoryOutbox();
  let deliverer: Deliverer;
  const poison = (id: string): boolean => given.hasPoison && id.endsWith('7');
  const world = new World(random, given.hasHistory, poison);
  const expected = new Map<string, Set<number>>();
  const gone = new Set<string>();
  // Where states come in any order, what was removed may come to life again.
  const removes = (): boolean => given.removals && !given.shuffles && !given.repeats && random() < 0.03;
  let next = 0;

  async function append(count: number, entities: number): Promise<void> {
    const numbers = Array.from({ length: count }, () => next++);
    const again = given.repeats ? numbers.filter(() => random() < 0.2) : [];
    const ordered = given.shuffles ? [...numbers, ...again].sort(() => random() - 0.5) : [...numbers, ...again];
    const publications = ordered.flatMap((n) => {
      const entity = n % entities;
      const tenant = entity % given.tenants === 0 ? undefined : `tenant${entity % given.tenants}`;
      const one = state(entity, n);
      const key = `${tenant ?? ''} ${one.id}`;
      expected.set(key, (expected.get(key) ?? new Set()).add(n));
      const publication = { entity: one, origin: { ...origin, ...(tenant !== undefined && { tenant }) } };
      gone.delete(key);
      if (!removes()) return [publication];
      gone.add(key);
      return [publication, { ...publication, entity: { id: one.id, type: one.type }, removal: true as const }];
    });
    await outbox.append({ publications, deadLetters: [] });
  }

  if (given.backlog > 0) await append(given.backlog, given.share);
  function start(): void {
    deliverer = createDeliverer({
      outbox,
      client: world.client(),
      logger: silent,
      contextOf: ({ type }) => type,
      backoffMs: { first: 3, longest: 10, longestUnreached: 5 },
      lingerMs: random() * 3,
      lanes: given.lanes,
      batchEntities: given.batchEntities,
      pollMs: 50,
      random,
    });
    deliverer.start();
  }

  async function restart(): Promise<void> {
    // Killed while the newest went first, it would not know that they arrived.
    const [before, isKilled] = [fileOf(starts), !isLong && random() < 0.5];
    if (isKilled) {
      // What the file is at this moment is what a killed process would have left; its requests under way still come through.
      starts++;
      for (const suffix of ['', '-wal']) if (existsSync(before + suffix)) copyFileSync(before + suffix, fileOf(starts) + suffix);
    }
    await deliverer.stop();
    await outbox.close();
    outbox = open();
    start();
  }

  start();
  const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  for (const [place, mood] of [...given.moods, 'fine' as const].entries()) {
    world.mood = mood;
    const rounds = Math.ceil(given.appends / (given.moods.length + 1));
    for (let round = 0; round < rounds; round++) {
      await append(1 + Math.floor(random() * 40), place % 2 === 0 ? given.entities : given.share);
      await pause(random() * 4);
    }
    await pause(random() * 20);
    if (given.inFile && random() < 0.5) await restart();
  }
  const depth = (): number => outbox.depth(new Date().toISOString()).count;
  // Not by the clock: as long as something moves it is waited for.
  for (let last = depth(), still = 0; depth() > 0 && still < 200; still++) {
    await pause(20);
    if (depth() !== last) still = 0;
    last = depth();
  }
  const left = depth();
  await deliverer!.stop();
  const letters = new Set(
    outbox.deadLetters.list().map(({ raw, origin: { tenant } }) => {
      const { id, level } = JSON.parse(Buffer.from(raw).toString()) as { id: string; level?: Level };
      return `${tenant ?? ''} ${id} ${level?.value ?? 'removal'}`;
    }),
  );
  await outbox.close();
  rmSync(folder, { recursive: true });
  return { world, expected, gone, letters, left };
}
