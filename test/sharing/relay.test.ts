/** The durable relay: a partner that is down, a killed Klavže, a subscription that the broker paused. */
import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { call } from '../conformance/broker.ts';
import { createRig, entitiesOf, historyOf, until, weather, write, type Rig } from './rig.ts';

/** How long the partner is down. `KLAVZE_SHARING_OUTAGE=600 npm test -- test/sharing/relay` is the ten minutes of a real outage. */
const outageMs = Number(process.env['KLAVZE_SHARING_OUTAGE'] ?? 3) * 1_000;
const stations = 10;
const updatesPerSecond = 50;

/** Writes until told to stop; every value of every station has a moment of its own. */
function startWriter(rig: Rig) {
  const written = new Map<number, string[]>();
  let running = true;
  let count = 0;
  const done = (async () => {
    const start = Date.now();
    while (running) {
      const station = count % stations;
      const observedAt = new Date(start + count).toISOString();
      await write(rig.ours, [weather(station, count / 10, observedAt)], rig.link);
      written.set(station, [...(written.get(station) ?? []), observedAt]);
      count++;
      await sleep(Math.max(0, start + (count * 1_000) / updatesPerSecond - Date.now()));
    }
  })();
  return {
    written,
    async stop() {
      running = false;
      await done;
    },
  };
}

async function isPaused(rig: Rig, partner: string): Promise<boolean> {
  const answer = await call(
    `${rig.ours.url}/ngsi-ld/v1/subscriptions/urn:ngsi-ld:Subscription:klavze:here:${partner}:WeatherObserved`,
    'GET',
  );
  return (answer.json as { isActive?: boolean }).isActive === false;
}

/** What the two brokers do not hold alike; the order of attributes says nothing. */
async function differences(rig: Rig): Promise<string[]> {
  const [ours, theirs] = [await entitiesOf(rig.ours, rig.link), await entitiesOf(rig.theirs, rig.link)];
  const there = new Map(theirs.map((entity) => [entity['id'], entity]));
  const names = (entity: object, other: object = {}): string[] => [...new Set([...Object.keys(entity), ...Object.keys(other)])];
  const told = ours.flatMap((entity) => {
    const other = there.get(entity['id']);
    return names(entity, other)
      .filter((name) => !isDeepStrictEqual(entity[name], other?.[name]))
      .map((name) => `${String(entity['id'])} ${name}: ${JSON.stringify(entity[name])}, at the partner ${JSON.stringify(other?.[name])}`);
  });
  return theirs.length === ours.length ? told : [...told, `${ours.length} entities, at the partner ${theirs.length}`];
}

/** How sharing stands, for who reads of a failure. */
async function standing(rig: Rig): Promise<string> {
  const { stdout, stderr } = await rig.share('status', '--json');
  const letters = await rig.share('letters', 'list');
  const metrics = await call(`http://127.0.0.1:${rig.environment['KLAVZE_HTTP_PORT']}/metrics`, 'GET');
  return [stdout, stderr, letters.stdout, ...metrics.text.split('\n').filter((line) => line.startsWith('klavze_sharing'))].join('\n');
}

describe.each(['full', 'newest'] as const)('history: %s', (history) => {
  let rig: Rig;
  let child: ChildProcess;
  beforeAll(async () => {
    rig = await createRig('orion');
    rig.declare('ljubljana', {
      mode: 'relay',
      target: 'upsert',
      endpoint: rig.theirs.url,
      history,
      entities: [{ type: 'WeatherObserved', attributes: ['temperature', 'windSpeed', 'location'] }],
    });
    child = await rig.up();
    const applied = await rig.share('apply');
    expect(applied.stderr).toBe('');
  }, 180_000);
  afterAll(() => rig.close());

  it(
    'loses nothing while the partner is down, Klavže is killed and the subscription is paused',
    async () => {
      const writer = startWriter(rig);
      await until('the first states arrive', async () => (await entitiesOf(rig.theirs, rig.link)).length === stations);
      rig.theirs.setFaults({ status: 503 });
      const end = performance.now() + outageMs;
      await sleep(outageMs / 2);
      child.kill('SIGKILL');
      await until('the broker pauses the subscription', () => isPaused(rig, 'ljubljana'));
      await sleep(1_500);
      child = await rig.up();
      await until('the subscription is revived', async () => !(await isPaused(rig, 'ljubljana')));
      await sleep(Math.max(500, end - performance.now()));
      rig.theirs.setFaults({});
      await sleep(1_000);
      await writer.stop();

      await until(
        'both brokers hold the same',
        async () => (await differences(rig)).length === 0,
        120_000 + outageMs,
        async () => [...(await differences(rig)), await standing(rig)].join('\n'),
      );
      for (const [station, written] of writer.written) {
        const arrived = await historyOf(rig.theirs, `urn:ngsi-ld:WeatherObserved:test-${station}`, rig.link);
        expect(arrived).toEqual([...arrived].sort());
        if (history === 'full') expect([...new Set(arrived)]).toEqual(written);
        else expect(arrived.at(-1)).toBe(written.at(-1));
      }
      const status = JSON.parse((await rig.share('status', '--json')).stdout) as Record<string, unknown>[];
      expect(status).toEqual([
        expect.objectContaining({ partner: 'ljubljana', waiting: 0, deadLetters: 0, lostSeconds: 0, openGapSince: '' }),
      ]);
      expect(status[0]?.['gapsClosed']).toBeGreaterThan(0);
    },
    240_000 + 2 * outageMs,
  );
});
