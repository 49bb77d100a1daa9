import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import axios from 'axios';
import mqtt from 'mqtt';

import { loadAdapters } from '../../core/service/plugins.ts';
import { ended, klavze, start, type Ended } from './klavze.ts';

interface Urls {
  readonly broker: string;
  readonly mqtt: string;
  readonly http: string;
}

let folder: string;
let names: string[];
let environment: Record<string, string>;
const children: ChildProcess[] = [];
beforeAll(async () => {
  names = [...(await loadAdapters()).values()].filter(({ authorization }) => authorization === undefined).map(({ name }) => name);
  folder = mkdtempSync(join(tmpdir(), 'klavze-up-'));
  writeFileSync(join(folder, 'devices.yaml'), 'devices:\n  - id: aq-1\n    family: air-quality\n    location: [14.03, 46.0]\n');
  // Publishers that cannot be reached: nothing of the test leaves this machine.
  const adapters = new Map(names.map((name) => [name, { url: `http://127.0.0.1:9/${name}` }]));
  writeFileSync(join(folder, 'klavze.yaml'), JSON.stringify({ adapters: Object.fromEntries(adapters) }));
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

/** Starts `klavze up` or the demo and waits until it says where everything is. */
async function up(program = 'bin/klavze.js', words = ['up'], extra: Record<string, string> = {}) {
  const child = start(program, words, { ...environment, ...extra });
  children.push(child);
  const end = ended(child);
  const urls = await new Promise<Urls>((resolve, reject) => {
    let printed = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      printed += chunk.toString('utf8');
      const broker = /(http:\/\/[\d.]+:\d+)\/ngsi-ld\/v1/.exec(printed)?.[1];
      const mqttUrl = /mqtt:\/\/[\d.]+:\d+/.exec(printed)?.[0];
      const http = /(http:\/\/[\d.]+:\d+)\/health\/ready/.exec(printed)?.[1];
      if (broker !== undefined && mqttUrl !== undefined && http !== undefined) resolve({ broker, mqtt: mqttUrl, http });
    });
    void end.then(({ stderr }) => reject(new Error(`it ended: ${stderr}`)));
  });
  const stop = (signal: NodeJS.Signals): Promise<Ended> => {
    child.kill(signal);
    return end;
  };
  return { urls, stop };
}

async function publish(url: string, topic: string, ...payloads: readonly object[]): Promise<void> {
  const client = await mqtt.connectAsync(url);
  for (const payload of payloads) await client.publishAsync(topic, JSON.stringify(payload), { qos: 1 });
  await client.endAsync();
}

/** Entities of a type, asked for with our own context. */
async function entities({ broker, http }: Urls, subject: string, type: string): Promise<Record<string, unknown>[]> {
  const link = `<${http}/contexts/${subject}.jsonld>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"`;
  const { data } = await axios.get<Record<string, unknown>[]>(`${broker}/ngsi-ld/v1/entities?type=${type}&options=keyValues&limit=100`, {
    headers: { Link: link },
  });
  return data;
}

async function until<T>(what: () => Promise<T>, isEnough: (value: T) => boolean): Promise<T> {
  for (let tries = 0; ; tries++) {
    const value = await what();
    if (isEnough(value) || tries > 200) return value;
    await sleep(100);
  }
}

describe('klavze up', () => {
  it('carries a message from MQTT to the broker, keeps it over a restart and serves health, metrics and contexts', async () => {
    const first = await up();
    await publish(first.urls.mqtt, '/json/key/aq-1/attrs', { TimeInstant: '2026-05-01T10:00:00Z', pm10: 23.4 });
    const [station] = await until(
      () => entities(first.urls, 'environment', 'AirQualityObserved'),
      (found) => found.length > 0,
    );
    expect(station).toMatchObject({ type: 'AirQualityObserved', pm10: 23.4 });

    const second = await klavze(['up'], environment);
    expect(second.code).toBe(78);
    expect(second.stderr).toContain('in use by another klavze');

    const ready = await axios.get<{ ready: boolean; checks: Record<string, unknown> }>(`${first.urls.http}/health/ready`);
    expect(ready.data.ready).toBe(true);
    expect(Object.keys(ready.data.checks)).toEqual(['outbox', 'broker', 'mqtt']);
    const metrics = (await axios.get<string>(`${first.urls.http}/metrics`)).data;
    expect(metrics).toContain('klavze_received_total{plugin="agents/envelopes/iota-json"} 1');
    expect(metrics).toMatch(/klavze_deliveries_total\{plugin="agents\/envelopes\/iota-json",result="accepted"\} \d/);
    const context = await axios.get<{ '@context': unknown }>(`${first.urls.http}/contexts/environment.jsonld`);
    expect(context.headers['content-type']).toContain('application/ld+json');
    expect((await axios.get(`${first.urls.http}/contexts/nonsense.jsonld`, { validateStatus: () => true })).status).toBe(404);

    expect((await first.stop('SIGTERM')).code).toBe(0);
    const again = await up();
    expect(await entities(again.urls, 'environment', 'AirQualityObserved')).toEqual([station]);
    expect((await again.stop('SIGINT')).code).toBe(0);
  });

  it('keeps a stranger’s message and replays it after the device was registered', async () => {
    const first = await up();
    await publish(first.urls.mqtt, '/json/key/aq-2/attrs', { TimeInstant: '2026-05-01T11:00:00Z', pm10: 5 });
    const listed = await klavze(['dead-letters', 'list', '--json', '--code', 'unknown_device'], environment);
    const [letter] = JSON.parse(listed.stdout) as { id: number; rejection: { code: string } }[];
    expect(letter?.rejection.code).toBe('unknown_device');
    const shown = await klavze(['dead-letters', 'show', String(letter?.id)], environment);
    expect(JSON.parse(shown.stdout)).toMatchObject({ raw: { content: expect.stringContaining('"pm10":5') as unknown } });

    const devices = ['aq-1', 'aq-2'].map((id) => `  - id: ${id}\n    family: air-quality\n    location: [14.03, 46.0]\n`);
    writeFileSync(join(folder, 'devices.yaml'), `devices:\n${devices.join('')}`);
    const replayed = await klavze(['dead-letters', 'replay', String(letter?.id)], environment);
    expect(replayed.code).toBe(0);
    const found = await until(
      () => entities(first.urls, 'environment', 'AirQualityObserved'),
      (all) => all.length === 2,
    );
    expect(found.map((entity) => entity['pm10']).sort()).toEqual([23.4, 5]);
    expect(JSON.parse((await klavze(['dead-letters', 'list', '--json', '--code', 'unknown_device'], environment)).stdout)).toEqual([]);
    await first.stop('SIGTERM');
  });

  it('goes on without its publishers and says so once for each', async () => {
    // What a start before this one said is not said again: a data folder of its own.
    const running = await up('bin/klavze.js', ['up'], { KLAVZE_DATA_DIR: join(folder, 'without-publishers') });
    await sleep(6_000);
    const metrics = (await axios.get<string>(`${running.urls.http}/metrics`)).data;
    for (const name of names) expect(metrics).toContain(`klavze_source_available{adapter="${name}"} 0`);
    expect((await axios.get(`${running.urls.http}/health/ready`)).status).toBe(200);
    const { stderr } = await running.stop('SIGTERM');
    const complaints = stderr.split('\n').filter((line) => line.includes('unavailable'));
    expect(complaints.map((line) => (JSON.parse(line) as { adapter: string }).adapter).sort()).toEqual(names.sort());
  });

  it('delivers to a broker elsewhere what waited while it was away', async () => {
    const bodies: unknown[] = [];
    const answers = [503, 204];
    const elsewhere = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const status = answers.shift() ?? 204;
        if (status === 204) bodies.push(JSON.parse(Buffer.concat(chunks).toString('utf8')));
        response.writeHead(status).end();
      });
    });
    await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
    const { port } = elsewhere.address() as AddressInfo;
    const running = await up('bin/klavze.js', ['up'], {
      KLAVZE_BROKER_URL: `http://127.0.0.1:${port}`,
      KLAVZE_DATA_DIR: join(folder, 'elsewhere'),
    }).catch((error: unknown) => error);
    // The URL of a broker elsewhere is printed as configured.
    expect(running).not.toBeInstanceOf(Error);
    const { urls, stop } = running as Awaited<ReturnType<typeof up>>;
    await publish(urls.mqtt, '/json/key/aq-1/attrs', { TimeInstant: '2026-05-01T12:00:00Z', pm10: 7 });
    const received = await until(
      () => Promise.resolve(bodies.flat() as { type: string }[]),
      (all) => all.some(({ type }) => type === 'AirQualityObserved'),
    );
    expect(received.find(({ type }) => type === 'AirQualityObserved')).toMatchObject({ pm10: { value: 7, unitCode: 'GQ' } });
    await stop('SIGTERM');
    await new Promise((resolve) => elsewhere.close(resolve));
  });
});

describe('the demo', () => {
  it('fills the broker with sensors and rivers of Idrija and finds them again after a restart', async () => {
    const extra = { KLAVZE_CONFIG: '', KLAVZE_DATA_DIR: join(folder, 'demo') };
    const first = await up('demo/main.js', [], extra);
    const air = (urls: Urls) => entities(urls, 'environment', 'AirQualityObserved');
    const rivers = (urls: Urls) => entities(urls, 'environment', 'WaterObserved');
    const ofSensors = (all: Record<string, unknown>[]) => all.filter(({ id }) => !String(id).includes(':arso:'));
    const stations = await until(
      () => air(first.urls),
      (all) => ofSensors(all).length >= 3,
    );
    expect(ofSensors(stations).length).toBeGreaterThanOrEqual(3);
    const gauges = await until(
      () => rivers(first.urls),
      (all) => all.filter(({ id }) => String(id).includes(':arso:')).length >= 3,
    );
    expect(gauges.filter(({ id }) => String(id).includes(':arso:')).length).toBeGreaterThanOrEqual(3);
    expect((await first.stop('SIGINT')).code).toBe(0);

    const again = await up('demo/main.js', [], extra);
    const ids = (all: Record<string, unknown>[]) => all.map(({ id }) => id).sort();
    expect(ids(await air(again.urls))).toEqual(expect.arrayContaining(ids(stations)));
    expect((await again.stop('SIGINT')).code).toBe(0);
  });
});
