import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import mqtt from 'mqtt';

import { freePort } from '../core/source/mqtt-brokers.ts';
import { jsonLines, klavze, upAndReady, withoutAdapters } from './klavze.ts';

let folder: string;
let environment: Record<string, string>;
const children: ChildProcess[] = [];
const started = new Date().toISOString();
const moments = ['2026-05-01T10:00:00.000Z', '2026-05-01T10:10:00.000Z', '2026-05-01T10:20:00.000Z'];
const devices = (more = ''): string => `devices:\n  - id: aq-1\n    family: air-quality\n    location: [14.03, 46.0]\n${more}`;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'klavze-replay-'));
  writeFileSync(join(folder, 'devices.yaml'), devices());
  writeFileSync(join(folder, 'klavze.yaml'), withoutAdapters());
  environment = {
    KLAVZE_CONFIG: join(folder, 'klavze.yaml'),
    KLAVZE_MQTT_PORT: '0',
    KLAVZE_BROKER_PORT: String(await freePort()),
    KLAVZE_HTTP_PORT: String(await freePort()),
  };
});
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

async function get(path: string): Promise<Record<string, unknown>> {
  const { KLAVZE_BROKER_PORT: broker, KLAVZE_HTTP_PORT: http } = environment;
  const link = `<http://127.0.0.1:${http}/contexts/environment.jsonld>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"`;
  const response = await fetch(`http://127.0.0.1:${broker}/ngsi-ld/v1/${path}/urn:ngsi-ld:AirQualityObserved:aq-1`, { headers: { link } });
  return (await response.json()) as Record<string, unknown>;
}

/** The newest value, and all by their moment. */
async function pm10(): Promise<{ present: unknown; past: Record<string, unknown> }> {
  const present = (await get('entities'))['pm10'] as { value: number } | undefined;
  const past = [(await get('temporal/entities'))['pm10'] ?? []].flat() as { observedAt: string; value: number }[];
  return {
    present: present?.value,
    past: Object.fromEntries(past.map(({ observedAt, value }) => [new Date(observedAt).toISOString(), value])),
  };
}

async function untilPresent(value: number): Promise<void> {
  for (let tries = 0; (await pm10()).present !== value; tries++) {
    if (tries > 200) throw new Error(`the broker never held ${value}: ${JSON.stringify(await pm10())}`);
    await sleep(50);
  }
}

describe('klavze replay', () => {
  it('puts right what a wrong calibration did, beside a running klavze up and without one', async () => {
    const running = await upAndReady(environment, children);
    const client = await mqtt.connectAsync(running.urls.mqtt);
    for (const [index, moment] of moments.entries()) {
      const payload = JSON.stringify({ TimeInstant: moment, pm10: 10 * (index + 1) });
      await client.publishAsync('/json/key/aq-1/attrs', payload, { qos: 1 });
    }
    await client.endAsync();
    await untilPresent(30);
    // The journal follows within a second.
    const words = ['replay', '--from', started, '--device', 'aq-1'];
    let tried = await klavze([...words, '--dry-run'], environment);
    for (let tries = 0; jsonLines(tried.stdout).length < 4 && tries < 10; tries++)
      tried = await klavze([...words, '--dry-run'], environment);
    expect(jsonLines(tried.stdout).at(-1)).toMatchObject({ summary: { received: 3, rejections: 0 } });

    writeFileSync(join(folder, 'devices.yaml'), devices('    calibration: [{ quantity: pm10, offset: 100 }]\n'));
    const replayed = await klavze(words, environment);
    expect([replayed.code, replayed.stderr]).toEqual([0, expect.stringContaining('replay: 100 %')]);
    expect(JSON.parse(replayed.stdout)).toMatchObject({ messages: 3, corrected: 3, damaged: 0 });
    await untilPresent(130);
    const right = { present: 130, past: Object.fromEntries(moments.map((moment, index) => [moment, 110 + 10 * index])) };
    expect(await pm10()).toEqual(right);
    await running.stop();

    const again = await klavze(words, environment);
    expect([again.code, JSON.parse(again.stdout)]).toMatchObject([0, { messages: 3, sent: 0, corrected: 0 }]);
    const other = await klavze(['replay', '--from', started, '--device', 'nobody'], environment);
    expect([other.code, other.stderr]).toEqual([0, expect.stringContaining('nothing of nobody was kept')]);
    const after = await upAndReady(environment, children);
    expect(await pm10()).toEqual(right);
    await after.stop();
  }, 120_000);

  it.each([
    [['--from', '2026-05-01T10:00'], 'expected a day such as'],
    [['--from', '2026-05-01', '--device', 'a', '--adapter', 'arso-air'], 'not both'],
  ])('refuses %j', async (words, reason) => {
    const { code, stderr } = await klavze(['replay', ...words], environment);
    expect([code, stderr]).toEqual([64, expect.stringContaining(reason)]);
  });
});
