/**
 * Whatever our broker tells or forgets, whatever the partner does for a while, and however Klavže ends in between: in the end the partner has what
 * we have, nothing old went over something new, and with `history: full` every value arrived. `npm run test:random` makes more worlds; one that
 * fails prints what repeats it.
 */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { pino } from 'pino';

import { openSqliteOutbox } from '../../core/outbox/sqlite.ts';
import { createChannel } from '../../sharing/channel.ts';
import { createCourier } from '../../sharing/courier.ts';
import { partnerFiles } from '../../sharing/files.ts';
import { openLedger } from '../../sharing/ledger.ts';
import { lastApply, noteApply, queueMark, readStanding } from '../../sharing/standing.ts';
import { createNotificationTransport, createUpsertTransport } from '../../sharing/transport-http.ts';
import { createWatchdog } from '../../sharing/watchdog.ts';
import { generator } from '../random.ts';
import { partner } from './line.ts';
import { moods, OurBroker, TheirBroker, type } from './random-world.ts';

const runs = Number(process.env['KLAVZE_RANDOM_RUNS'] ?? 5);
const logger = pino({ level: 'silent' });

const worlds = fc.record({
  seed: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  entities: fc.integer({ min: 1, max: 25 }),
  history: fc.constantFrom('newest', 'full'),
  target: fc.constantFrom('upsert', 'notification'),
  tellsRemovals: fc.boolean(),
  mostValues: fc.constantFrom(5, 1_000_000),
  hasPoison: fc.boolean(),
  deletes: fc.boolean(),
  /** Our broker's clock goes back. */
  isSetBack: fc.boolean(),
  phases: fc.array(
    fc.record({
      telling: fc.constantFrom('fine', 'fails', 'is killed', 'is slow', 'tells twice'),
      mood: fc.constantFrom(...moods),
      isAway: fc.boolean(),
      writes: fc.integer({ min: 0, max: 60 }),
      end: fc.constantFrom('goes on', 'stops', 'is killed', 'is down'),
    }),
    { maxLength: 5 },
  ),
});

describe('sharing', () => {
  it(
    'brings everything, in order, whatever happens',
    async () => {
      await fc.assert(
        fc.asyncProperty(worlds, async (given) => {
          const { ours, theirs, letters, left } = await run(given);
          // Two states on their way when the clock is set back look the other way round, until everything is asked for.
          expect([...theirs.faults].filter((fault) => !given.isSetBack || fault !== TheirBroker.older)).toEqual([]);
          expect(left).toBe(0);
          const isWhole = (id: string): boolean => !given.hasPoison || !isPoison(id);
          const states = (all: Iterable<readonly [string, number]>) => [...all].filter(([id]) => isWhole(id)).sort();
          expect(states(theirs.now)).toEqual(states([...ours.present].map(([id, { n }]) => [id, n] as const)));
          for (const { id, n } of ours.history) {
            // What was deleted, or told by a clock that was set back before it was asked for, can be had no more.
            if (given.history === 'newest' || given.isSetBack || ours.wereDeleted.has(id) || letters.has(`${id} ${n}`)) continue;
            expect([id, n, theirs.arrived.get(id)?.has(n)]).toEqual([id, n, true]);
          }
        }),
        { numRuns: runs, endOnFailure: true },
      );
    },
    60_000 + runs * 10_000,
  );
});

const isPoison = (id: string): boolean => id.endsWith('7');
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function run(given: typeof worlds extends fc.Arbitrary<infer T> ? T : never) {
  const random = generator(given.seed);
  const folder = mkdtempSync(join(tmpdir(), 'klavze-sharing-random-'));
  const { tellsRemovals, mostValues, history, target } = given;
  const to = partner('p', { endpoint: 'http://127.0.0.1:9', history, target, entities: [{ type, attributes: ['temperature'] }] });
  const ours = new OurBroker({ random, tellsRemovals, mostValues });
  const theirs = new TheirBroker(random, (id) => given.hasPoison && isPoison(id), history === 'full' && target === 'notification');
  const idOf = (entity: number): string => `urn:ngsi-ld:${type}:e${entity}`;
  let starts = 0;
  let next = 0;
  let deleted = 0;

  /** One life of Klavže, on the files of its number. */
  function start() {
    const files = partnerFiles(join(folder, String(starts)), 'p');
    mkdirSync(join(folder, String(starts), 'sharing', 'p'), { recursive: true });
    const queue = openSqliteOutbox({ path: files.queue, logger });
    const staging = openSqliteOutbox({ path: files.staging, logger });
    const ledger = openLedger(files.ledger);
    let isAlive = true;
    const clock = (): string => new Date().toISOString();
    const channel = createChannel({ partner: to, subscriptionOf: (name) => name, queue, staging, ledger, clock });
    const transport = { partner: to, caller: theirs.caller(() => isAlive), contextOf: () => '', now: clock, mark: queueMark(queue.state) };
    const courier = createCourier({
      partner: to,
      queue,
      transport: target === 'upsert' ? createUpsertTransport(transport) : createNotificationTransport(transport),
      logger,
      backoffMs: { first: 2, longest: 8, longestUnreached: 4 },
      random,
      pollMs: 20,
    });
    if (lastApply(queue.state) === undefined) noteApply(queue.state, new Date(ours.clock).toISOString(), true);
    const wanted = [{ partner: 'p', kind: 'subscriptions', id: 'urn:ngsi-ld:Subscription:1', context: '', body: {} }] as const;
    const watchdog = createWatchdog({
      partner: to,
      channel,
      lake: ours.lake,
      ledger,
      wanted,
      documents: ours.documents,
      contextOf: () => '',
      state: queue.state,
      logger,
      everyMs: 3_600_000,
      sweepMs: random() < 0.5 ? 0 : 3_600_000,
    });
    courier.start();
    ours.receive = (states) => channel.receive(states);
    return {
      queue,
      look: () => watchdog.look(),
      async stop() {
        ours.receive = undefined;
        isAlive = false;
        await watchdog.stop();
        await courier.stop();
        await Promise.all([queue.close(), staging.close()]);
        ledger.close();
      },
      /** What the files are at this moment is what a killed process would have left. */
      async kill() {
        ours.receive = undefined;
        isAlive = false;
        const after = partnerFiles(join(folder, String(starts + 1)), 'p');
        mkdirSync(join(folder, String(starts + 1), 'sharing', 'p'), { recursive: true });
        for (const name of ['queue', 'staging', 'ledger'] as const)
          for (const suffix of ['', '-wal']) if (existsSync(files[name] + suffix)) copyFileSync(files[name] + suffix, after[name] + suffix);
        starts++;
        await this.stop();
      },
    };
  }

  async function write(): Promise<void> {
    const id = idOf(Math.floor(random() * given.entities));
    const known = ours.present.get(id);
    if (given.deletes && known !== undefined && deleted < 4 && random() < 0.05) {
      deleted++;
      ours.write(id, undefined);
    } else ours.write(id, known !== undefined && random() < 0.2 ? known.n : next++);
    ours.clock += Math.floor(random() * (random() < 0.05 ? 100_000 : 500));
    if (given.isSetBack && random() < 0.02) ours.clock -= random() < 0.5 ? 5_000 : 3_600_000;
    await pause(random() * 3);
  }

  let klavze = start();
  let isDown = false;
  for (const { telling, mood, isAway, writes, end } of given.phases) {
    Object.assign(ours, { telling, isAway });
    theirs.mood = mood;
    for (let count = 0; count < writes; count++) {
      if (!isDown && random() < 0.1) void klavze.look();
      await write();
    }
    if (isDown) {
      klavze = start();
      isDown = false;
    } else if (end !== 'goes on') {
      await (end === 'is killed' ? klavze.kill() : klavze.stop());
      isDown = end === 'is down';
      if (!isDown) klavze = start();
    }
  }
  Object.assign(ours, { telling: 'fine', isAway: false });
  theirs.mood = 'fine';
  if (isDown) klavze = start();
  await ours.quiet();
  await klavze.look();
  await klavze.look();
  // A start asks for all since the last asking, and for what was deleted.
  await klavze.stop();
  klavze = start();
  await klavze.look();
  await klavze.look();
  const depth = (): number => klavze.queue.depth(new Date().toISOString()).count;
  for (let last = depth(), still = 0; depth() > 0 && still < 200; still++) {
    await pause(20);
    if (depth() !== last) still = 0;
    last = depth();
  }
  const left = depth() + (readStanding(klavze.queue.state).openSince === undefined ? 0 : 1);
  const letters = new Set(
    klavze.queue.deadLetters.list().map(({ raw }) => {
      const { id, temperature } = JSON.parse(Buffer.from(raw).toString()) as { id: string; temperature: { value: number } };
      return `${id} ${temperature.value}`;
    }),
  );
  await klavze.stop();
  rmSync(folder, { recursive: true });
  return { ours, theirs, letters, left };
}
