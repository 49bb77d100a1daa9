/** The durable relay: a partner that is down, a killed Klavže, a subscription that the broker paused. */
import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
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
        async () => {
          const [ours, theirs] = [await entitiesOf(rig.ours, rig.link), await entitiesOf(rig.theirs, rig.link)];
          return JSON.stringify(ours) === JSON.stringify(theirs);
        },
        120_000 + outageMs,
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
