/** Lines of README.md, docs/add-a-device.md, docs/iot-agents.md and docs/commands.md that ask or tell this machine something, as they stand there, against `klavze up`. */
import { execFile, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import axios from 'axios';

import { packageRoot } from '../../core/paths.ts';
import { scaffoldDecoder } from '../../tools/scaffold.ts';
import { klavze, upAndReady, withoutAdapters, type Ended, type Urls } from '../bin/klavze.ts';

/** The commands of a page, each with the lines that it goes on over. */
function commandsOf(page: string): string[] {
  const text = readFileSync(join(packageRoot, page), 'utf8');
  return [...text.matchAll(/^```sh\n(.*?)^```/gms)]
    .flatMap(([, block = '']) => block.split(/\n(?=mosquitto_pub|curl|npx|npm|\n)/))
    .map((command) => command.trim())
    .filter((command) => /^(mosquitto_pub|curl) /.test(command));
}

const isThere = ['mosquitto_pub', 'curl'].every((program) => spawnSync(program, ['--help']).error === undefined);
if (!isThere) console.warn('skipped: the lines of the pages are run with mosquitto_pub and curl, which are not installed');

(isThere ? describe : describe.skip)('the lines of the pages', () => {
  const children: ChildProcess[] = [];
  let folder: string;
  let environment: Record<string, string>;
  let running: { readonly urls: Urls; stop(): Promise<Ended> };
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'klavze-pages-'));
    writeFileSync(join(folder, 'klavze.yaml'), `provisioning: { commands: true }\n${withoutAdapters()}`);
    const own = /devices:\n(.*?)^```/ms.exec(readFileSync(join(packageRoot, 'docs', 'commands.md'), 'utf8'))?.[1] ?? '';
    const trg = '  - { id: idrija-mestni-trg, family: air-quality, location: [14.0304, 46.0021] }\n';
    writeFileSync(join(folder, 'devices.yaml'), `devices:\n${own}${trg}`);
    const ports = { KLAVZE_MQTT_PORT: '0', KLAVZE_BROKER_PORT: '0', KLAVZE_HTTP_PORT: '0' };
    scaffoldDecoder('acme-lp1', join(packageRoot, 'agents', 'decoders'), join(folder, 'decoders'));
    environment = { KLAVZE_CONFIG: join(folder, 'klavze.yaml'), KLAVZE_DECODERS_DIR: join(folder, 'decoders'), ...ports };
    running = await upAndReady(environment, children);
  }, 120_000);
  afterAll(async () => {
    await running?.stop();
    for (const child of children) child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  }, 60_000);

  /** What a line prints, with the ports of this run in the place of the usual ones. */
  async function run(line: string): Promise<string> {
    const { urls } = running;
    const here = line
      .replaceAll('http://127.0.0.1:1026', urls.broker)
      .replaceAll('http://127.0.0.1:8080', urls.http)
      .replace(/^mosquitto_pub -h 127\.0\.0\.1( -p 1883)?/, `mosquitto_pub -h 127.0.0.1 -p ${new URL(urls.mqtt).port}`);
    return (await promisify(execFile)('sh', ['-c', here])).stdout;
  }

  /** The line once more until it prints what is expected. */
  async function prints(line: string, expected: RegExp): Promise<void> {
    let printed = '';
    for (let tries = 0; !expected.test(printed) && tries < 100; tries++) {
      printed = await run(line);
      if (!expected.test(printed)) await sleep(200);
    }
    expect(printed).toMatch(expected);
  }

  it('of README.md publish a value and read it', async () => {
    const lines = commandsOf('README.md');
    const [publish = ''] = lines.filter((line) => line.startsWith('mosquitto_pub'));
    const [read = ''] = lines.filter((line) => line.startsWith('curl') && line.includes('idrija-mestni-trg'));
    await run(publish);
    await prints(read, /"pm10":\s*18\.4/);
  }, 120_000);

  it('of docs/add-a-device.md register a device of a new model and publish what becomes its entity', async () => {
    const page = readFileSync(join(packageRoot, 'docs', 'add-a-device.md'), 'utf8');
    const [, words = ''] = /^npx klavze (device add ucilnica-3 .*)$/m.exec(page) ?? [];
    expect((await klavze(words.split(/\s+/), environment)).code).toBe(0);
    const [publish = '', read = ''] = commandsOf('docs/add-a-device.md');
    // The running registry takes the entry within a second; what comes earlier is kept as a dead letter.
    const isTaken = async () => (await axios.get<string>(`${running.urls.http}/metrics`)).data.includes('klavze_devices 3\n');
    for (let tries = 0; !(await isTaken()) && tries < 100; tries++) await sleep(100);
    expect(await isTaken()).toBe(true);
    await run(publish);
    await prints(read, /"temperature":\s*21\.9/);
  }, 120_000);

  it('of docs/iot-agents.md provision, measure, read and command', async () => {
    const [service = '', device = '', http = '', mqtt = '', read = '', own = '', broker = ''] = commandsOf('docs/iot-agents.md');
    expect(await run(service)).toContain('201 Created');
    expect(await run(device)).toContain('201 Created');
    expect(await run(http)).toContain('200 OK');
    await run(mqtt);
    await prints(read, /temperature.*"value":\s*3\b/s);
    const bell = {
      device_id: 'bell001',
      entity_name: 'urn:ngsi-ld:Bell:001',
      entity_type: 'Bell',
      commands: [{ name: 'ring', type: 'command' }],
    };
    const headers = { 'fiware-service': 'openiot', 'fiware-servicepath': '/' };
    expect((await axios.post(`${running.urls.http}/iot/devices`, { devices: [bell] }, { headers })).status).toBe(201);
    expect(await run(own)).toContain('204 No Content');
    await prints(broker, /204 No Content/);
  }, 120_000);

  it('of docs/commands.md send a command to a device that was heard', async () => {
    const [own = '', subscribe = ''] = commandsOf('docs/commands.md');
    expect(await run(own)).toContain('NO_WAY_DOWN');
    await run(`mosquitto_pub -h 127.0.0.1 -p 1883 -q 1 -t v3/app@ttn/devices/nikova-most/up -m '${JSON.stringify(uplink)}'`);
    await prints(own, /204 No Content/);
    expect(await run(subscribe)).toContain('201 Created');
  }, 120_000);
});

const uplink = {
  end_device_ids: { device_id: 'nikova-most', dev_eui: '24E124713B000001' },
  uplink_message: { f_port: 85, frm_payload: 'AXVkA4KSCQ==', received_at: '2026-03-02T08:14:30Z' },
};
