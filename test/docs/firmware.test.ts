/** Every line of docs/firmware.md that publishes to this machine, as it stands there, against `klavze up` with the demo's registry. */
import { execFile, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import axios from 'axios';

import { packageRoot } from '../../core/paths.ts';
import { upAndReady, withoutAdapters, type Ended, type Urls } from '../bin/klavze.ts';

const page = readFileSync(join(packageRoot, 'docs', 'firmware.md'), 'utf8');
/** Commands of the page, each with the lines that it goes on over. */
const commands = [...page.matchAll(/^```sh\n(.*?)^```/gms)]
  .flatMap(([, block = '']) => block.split(/\n(?=mosquitto_pub|mosquitto_sub|curl|npx|echo|\n)/))
  .map((command) => command.trim())
  .filter((command) => /^mosquitto_pub -h 127\.0\.0\.1 -p 1883 /.test(command));

const hasClient = spawnSync('mosquitto_pub', ['--help']).error === undefined;
if (!hasClient) console.warn('skipped: docs/firmware.md is run with mosquitto_pub, which is not installed (mosquitto-clients)');

(hasClient ? describe : describe.skip)('docs/firmware.md', () => {
  const children: ChildProcess[] = [];
  let folder: string;
  let running: { readonly urls: Urls; stop(): Promise<Ended> };
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'klavze-firmware-'));
    writeFileSync(join(folder, 'klavze.yaml'), withoutAdapters());
    const ports = { KLAVZE_MQTT_PORT: '0', KLAVZE_BROKER_PORT: '0', KLAVZE_HTTP_PORT: '0' };
    const registry = { KLAVZE_DEVICES_FILE: join(packageRoot, 'demo', 'devices.yaml') };
    running = await upAndReady({ KLAVZE_CONFIG: join(folder, 'klavze.yaml'), ...ports, ...registry }, children);
  }, 120_000);
  afterAll(async () => {
    await running?.stop();
    for (const child of children) child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  }, 60_000);

  async function count(name: string): Promise<number> {
    const { data } = await axios.get<string>(`${running.urls.http}/metrics`);
    const lines = data.split('\n').filter((line) => line.startsWith(name));
    return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  }

  async function attribute(id: string, name: string): Promise<unknown> {
    const { data } = await axios.get<Record<string, { value?: unknown }>>(`${running.urls.broker}/ngsi-ld/v1/entities/${id}`, {
      validateStatus: () => true,
    });
    return Object.entries(data).find(([key]) => key.split('/').at(-1) === name)?.[1].value;
  }

  async function becomes(id: string, name: string, value: unknown): Promise<void> {
    let found: unknown;
    for (let tries = 0; tries < 300 && found !== value; tries++) {
      found = await attribute(id, name);
      if (found !== value) await sleep(50);
    }
    expect(found).toBe(value);
  }

  it('has lines for a measurement, kept values, a greeting and the result of a command', () => {
    expect(commands.length).toBeGreaterThanOrEqual(4);
  });

  it('publishes nothing that is refused, and what it publishes arrives', async () => {
    const { port } = new URL(running.urls.mqtt);
    for (const command of commands) {
      await promisify(execFile)('sh', ['-c', command.replace('-p 1883', `-p ${port}`)]);
    }
    await becomes('urn:ngsi-ld:AirQualityObserved:idrija-aq-godovic', 'pm25', 11.2);
    await becomes('urn:ngsi-ld:Device:idrija-aq-godovic', 'firmwareVersion', '2.1.0');
    expect(await count('klavze_dead_letters')).toBe(0);
  }, 120_000);

  it('has a last will that makes the Device entity offline', async () => {
    const [will = ''] = /mosquitto_sub -h 127\.0\.0\.1 -p 1883 (?:.*\\\n)*.*--will-topic.*/.exec(page) ?? [];
    expect(will).toContain('--will-retain');
    const { port } = new URL(running.urls.mqtt);
    const child = execFile('sh', ['-c', `exec ${will.replace('-p 1883', `-p ${port}`)}`]);
    const device = 'urn:ngsi-ld:Device:idrija-aq-godovic';
    await becomes(device, 'deviceState', 'online');
    // It has to be connected before it can be lost: the retained greeting comes back to it.
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    child.kill('SIGKILL');
    await becomes(device, 'deviceState', 'offline');
  }, 120_000);
});
