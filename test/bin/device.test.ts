import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import axios from 'axios';
import mqtt from 'mqtt';

import { jsonLines, klavze, upAndReady, withoutAdapters } from './klavze.ts';

let folder: string;
let environment: Record<string, string>;
const children: ChildProcess[] = [];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'klavze-device-'));
  writeFileSync(join(folder, 'klavze.yaml'), withoutAdapters());
  writeFileSync(
    join(folder, 'devices.yaml'),
    '# Naprave občine\ndevices:\n  - id: aq-1 # ob šoli\n    family: air-quality\n    location: [14.03, 46.0]\n    expectedInterval: 1\n',
  );
  environment = {
    KLAVZE_CONFIG: join(folder, 'klavze.yaml'),
    KLAVZE_MQTT_PORT: '0',
    KLAVZE_BROKER_PORT: '0',
    KLAVZE_HTTP_PORT: '0',
  };
});
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

async function publish(url: string, topic: string, payload: string): Promise<void> {
  const client = await mqtt.connectAsync(url);
  await client.publishAsync(topic, payload, { qos: 1 });
  await client.endAsync();
}

async function entity(urls: { broker: string; http: string }, id: string, isEnough: (found: Record<string, unknown>) => boolean) {
  const link = `<${urls.http}/contexts/device.jsonld>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"`;
  for (let tries = 0; ; tries++) {
    const { data, status } = await axios.get<Record<string, unknown>>(`${urls.broker}/ngsi-ld/v1/entities/${id}?options=keyValues`, {
      headers: { Link: link },
      validateStatus: () => true,
    });
    if ((status === 200 && isEnough(data)) || tries > 150) return data;
    await sleep(100);
  }
}

async function metric(http: string, line: string): Promise<boolean> {
  for (let tries = 0; tries < 80; tries++) {
    if ((await axios.get<string>(`${http}/metrics`)).data.includes(line)) return true;
    await sleep(100);
  }
  return false;
}

describe('klavze device', () => {
  it('registers, adopts, tests and retires devices beside a running klavze up, which reports the silent ones', async () => {
    const running = await upAndReady(environment, children);
    const { urls } = running;
    const registry = () => readFileSync(join(folder, 'devices.yaml'), 'utf8');

    const added = await klavze(
      ['device', 'add', 'nikova-1', '--family', 'river-level', '--location', '14.02,46.01', '--datum', '4.2', '--name', 'Nikova, most'],
      environment,
    );
    expect(added.code).toBe(0);
    expect(registry()).toContain('# Naprave občine\ndevices:\n  - id: aq-1 # ob šoli\n');
    const [, topic = '', payload = ''] = /mosquitto_pub .* -t (\S+) -m '(.*)'/.exec(added.stdout) ?? [];
    expect(await metric(urls.http, 'klavze_devices 2')).toBe(true);
    await publish(urls.mqtt, topic, payload);
    const river = await entity(urls, 'urn:ngsi-ld:WaterObserved:nikova-1', () => true);
    expect(river).toMatchObject({ id: 'urn:ngsi-ld:WaterObserved:nikova-1' });

    await publish(urls.mqtt, '/json/key/stranger-7/attrs', '{"TimeInstant":"2026-05-01T11:00:00Z","pm10":5,"no2":7}');
    const listed = await klavze(['device', 'adopt', '--json'], environment);
    expect(JSON.parse(listed.stdout)).toEqual([
      expect.objectContaining({ id: 'stranger-7', messages: 1, family: 'air-quality', topic: '/json/key/stranger-7/attrs' }),
    ]);
    const nowhere = await klavze(['device', 'adopt', 'stranger-7'], environment);
    expect(nowhere.code).toBe(64);
    expect(nowhere.stderr).toContain('--location');
    const adopted = await klavze(['device', 'adopt', 'stranger-7', '--as', 'aq-7', '--location', '14.03,46.0'], environment);
    expect(jsonLines(adopted.stdout)[0]).toMatchObject({ id: 'aq-7', family: 'air-quality', replayed: 1 });
    expect(await entity(urls, 'urn:ngsi-ld:AirQualityObserved:aq-7', () => true)).toMatchObject({
      type: expect.stringContaining('AirQuality') as unknown,
    });
    expect((await klavze(['device', 'adopt', 'nobody', '--location', '14.03,46.0'], environment)).code).toBe(65);

    expect(await metric(urls.http, 'klavze_device_silent{device="aq-1"} 1')).toBe(true);
    const silent = await entity(urls, 'urn:ngsi-ld:Device:aq-1', ({ deviceState }) => deviceState === 'silent');
    expect(silent['deviceState']).toBe('silent');
    expect(JSON.parse((await klavze(['device', 'list', '--json'], environment)).stdout)).toContainEqual(
      expect.objectContaining({ id: 'aq-1', state: 'silent' }),
    );
    await publish(urls.mqtt, 'klavze/aq-1/up', '{"readings":{"pm10":5}}');
    const back = await entity(urls, 'urn:ngsi-ld:Device:aq-1', ({ deviceState }) => deviceState === 'online');
    expect(back['deviceState']).toBe('online');

    const valid = registry();
    writeFileSync(join(folder, 'devices.yaml'), `${valid}  - id: broken\n`);
    expect(await metric(urls.http, 'klavze_registry_reloads_total{result="refused"} 1')).toBe(true);
    expect(await metric(urls.http, 'klavze_devices 3')).toBe(true);
    writeFileSync(join(folder, 'devices.yaml'), valid);

    const retired = await klavze(['device', 'retire', 'nikova-1', '--json'], environment);
    expect(JSON.parse(retired.stdout)).toMatchObject({ id: 'nikova-1' });
    await sleep(2_500);
    await publish(urls.mqtt, topic, payload);
    const letters = await klavze(['dead-letters', 'list', '--json', '--code', 'retired_device'], environment);
    expect(JSON.parse(letters.stdout)).toHaveLength(1);
    expect(await entity(urls, 'urn:ngsi-ld:WaterObserved:nikova-1', () => true)).toMatchObject({ id: river['id'] });
    const shown = await klavze(['device', 'show', 'nikova-1', '--json'], environment);
    expect(JSON.parse(shown.stdout)).toMatchObject({ state: 'retired', kept: [{ code: 'retired_device' }] });

    const { stderr, code } = await running.stop();
    expect(code).toBe(0);
    expect(stderr.split('\n').filter((line) => line.includes('"devices.3')).length).toBe(0);
    expect(stderr.split('\n').filter((line) => line.includes('devices.3.family is missing'))).toHaveLength(1);
  }, 120_000);

  it('tries a message of a device without publishing it', async () => {
    const tested = await klavze(['device', 'test', 'aq-1', '--input', '-'], environment, '{"readings":{"pm10":12}}');
    expect(tested.code).toBe(0);
    expect(jsonLines(tested.stdout).at(-1)).toEqual({ summary: { received: 1, entities: 2, rejections: 0 } });
    expect((await klavze(['device', 'show', 'nobody'], environment)).code).toBe(65);
    expect((await klavze(['device', 'add', 'x'], environment)).code).toBe(64);
    expect((await klavze(['device', 'add', 'x', '--family', 'air-quality', '--location', '46.0,14.03'], environment)).code).toBe(78);
  }, 60_000);
});
