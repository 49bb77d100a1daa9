/** The registry beside a running `klavze up`: changed under load, and a device added and heard over a real Mosquitto. */
import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import axios from 'axios';
import mqtt from 'mqtt';

import { klavze, upAndReady, withoutAdapters } from './klavze.ts';

let folder: string;
const children: ChildProcess[] = [];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'klavze-registry-'));
  writeFileSync(join(folder, 'klavze.yaml'), withoutAdapters());
});
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

function environmentOf(name: string): Record<string, string> {
  return {
    KLAVZE_CONFIG: join(folder, 'klavze.yaml'),
    KLAVZE_DATA_DIR: join(folder, name),
    KLAVZE_DEVICES_FILE: join(folder, `${name}.yaml`),
    KLAVZE_MQTT_PORT: '0',
    KLAVZE_BROKER_PORT: '0',
    KLAVZE_HTTP_PORT: '0',
  };
}

const entryOf = (id: string): string => `  - { id: ${id}, family: air-quality, location: [14.03, 46.0] }\n`;

async function metric(http: string, name: string): Promise<number> {
  const { data } = await axios.get<string>(`${http}/metrics`);
  const lines = data.split('\n').filter((line) => line.startsWith(name));
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

describe('a registry that changes under load', () => {
  it('loses no message, also while a version has a fault', async () => {
    const environment = environmentOf('load');
    const file = environment['KLAVZE_DEVICES_FILE'] ?? '';
    writeFileSync(file, `devices:\n${entryOf('aq-0')}`);
    const { urls, stop } = await upAndReady(environment, children);
    const client = await mqtt.connectAsync(urls.mqtt);
    let sent = 0;
    let isOver = false;
    const load = (async () => {
      while (!isOver && sent < 5_000) {
        const batch = Array.from({ length: 10 }, (_, i) => ({ pm10: ((sent + i) % 90) + 1 }));
        await Promise.all(batch.map((readings) => client.publishAsync('klavze/aq-0/up', JSON.stringify({ readings }), { qos: 1 })));
        sent += batch.length;
        await sleep(20);
      }
    })();
    let entries = entryOf('aq-0');
    for (let version = 1; version <= 3; version++) {
      writeFileSync(file, `devices:\n${entries}  - id: broken\n`);
      for (let tries = 0; (await metric(urls.http, 'klavze_registry_reloads_total{result="refused"}')) < version && tries < 200; tries++)
        await sleep(50);
      entries += entryOf(`aq-${version}`);
      writeFileSync(file, `devices:\n${entries}`);
      for (let tries = 0; (await metric(urls.http, 'klavze_devices')) !== version + 1 && tries < 200; tries++) await sleep(50);
      expect(await metric(urls.http, 'klavze_devices')).toBe(version + 1);
      // The newest device is known from its first message on.
      await client.publishAsync(`klavze/aq-${version}/up`, '{"readings":{"pm10":5}}', { qos: 1 });
      sent += 1;
    }
    isOver = true;
    await load;
    await client.endAsync();
    expect(sent).toBeGreaterThan(30);
    expect(await metric(urls.http, 'klavze_received_total')).toBe(sent);
    expect(await metric(urls.http, 'klavze_dead_letters')).toBe(0);
    expect(await metric(urls.http, 'klavze_entities_total')).toBeGreaterThanOrEqual(sent);
    expect((await stop()).code).toBe(0);
  }, 180_000);
});

const programs = ['mosquitto', 'mosquitto_pub'];
const isThere = programs.every((program) => spawnSync(program, ['-h']).error === undefined);
if (!isThere) console.warn('skipped: klavze device add is tried over Mosquitto, which is not installed (mosquitto, mosquitto-clients)');

(isThere ? describe : describe.skip)('klavze device add beside Mosquitto', () => {
  it('prints a line that publishes what becomes an entity', async () => {
    const port = await freePort();
    writeFileSync(join(folder, 'mosquitto.conf'), `listener ${port} 127.0.0.1\nallow_anonymous true\n`);
    const broker = spawn('mosquitto', ['-c', join(folder, 'mosquitto.conf')], { stdio: 'ignore' });
    children.push(broker);
    for (let tries = 0; !(await answers(port)) && tries < 100; tries++) await sleep(50);
    const environment = { ...environmentOf('mosquitto'), KLAVZE_MQTT_URL: `mqtt://127.0.0.1:${port}` };
    writeFileSync(join(folder, 'mosquitto.yaml'), 'devices: []\n');
    const { urls, stop } = await upAndReady(environment, children);
    const added = await klavze(['device', 'add', 'sola-2', '--family', 'air-quality', '--location', '14.0921,45.9553'], environment);
    expect([added.code, added.stderr]).toEqual([0, '']);
    const line = /^\s*(mosquitto_pub .*)$/m.exec(added.stdout)?.[1] ?? '';
    expect(line).toContain(`-p ${port}`);
    for (let tries = 0; (await metric(urls.http, 'klavze_devices')) !== 1 && tries < 200; tries++) await sleep(50);
    await promisify(execFile)('sh', ['-c', line]);
    const entity = `${urls.broker}/ngsi-ld/v1/entities/urn:ngsi-ld:AirQualityObserved:sola-2`;
    let status = 0;
    for (let tries = 0; status !== 200 && tries < 200; tries++) {
      ({ status } = await axios.get(entity, { validateStatus: () => true }));
      await sleep(50);
    }
    expect(status).toBe(200);
    expect(await metric(urls.http, 'klavze_dead_letters')).toBe(0);
    expect((await stop()).code).toBe(0);
    broker.kill('SIGTERM');
  }, 120_000);
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
