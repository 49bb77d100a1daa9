/** `klavze backup` and `klavze restore`: what they promise, and the drill of docs/operate.md in one process. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import mqtt from 'mqtt';
import { extract, pack } from 'tar-stream';

import { backupCommand, restoreCommand } from '../../bin/commands/backup.ts';
import { shareCommand } from '../../bin/commands/share.ts';
import { startUp, type Running } from '../../bin/up.ts';
import { openSqliteOutbox } from '../../core/outbox/sqlite.ts';
import { lastBackup } from '../../core/service/backup-mark.ts';
import { loadConfig } from '../../core/service/config.ts';
import { loadKnowledge } from '../../core/service/knowledge.ts';
import { createLogger } from '../../core/service/log.ts';
import { createMetrics } from '../../core/service/metrics.ts';
import { call } from '../conformance/broker.ts';
import { freePort } from '../core/source/mqtt-brokers.ts';
import { consign, gauge } from '../core/outbox/samples.ts';
import { until } from '../sharing/rig.ts';

const knowledge = await loadKnowledge();
const logger = createLogger('silent');
let root: string;
let home: string;
let archive: string;
let before: NodeJS.ProcessEnv;
let running: Running | undefined;
let printed: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'klavze-backup-'));
  home = join(root, 'home');
  archive = join(root, 'disk', 'backup.tar.gz');
  mkdirSync(join(home, 'partners'), { recursive: true });
  before = { ...process.env };
  for (const name of Object.keys(process.env)) if (name.startsWith('KLAVZE_')) delete process.env[name];
  process.env['KLAVZE_CONFIG'] = join(home, 'klavze.yaml');
  printed = '';
  jest.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    printed += String(chunk);
    return true;
  });
  writeFileSync(join(home, 'klavze.yaml'), '{}');
});
afterEach(async () => {
  await running?.stop();
  running = undefined;
  jest.restoreAllMocks();
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
  Object.assign(process.env, before);
  rmSync(root, { recursive: true });
});

const backup = (...words: string[]) =>
  backupCommand()
    .exitOverride()
    .parseAsync([archive, ...words], { from: 'user' });
const restore = (...words: string[]) =>
  restoreCommand()
    .exitOverride()
    .parseAsync([archive, ...words], { from: 'user' });
const dataDir = () => join(home, 'data');

/** An outbox with so many states that wait. */
async function waiting(count: number): Promise<void> {
  const outbox = openSqliteOutbox({ path: join(dataDir(), 'outbox.db'), logger });
  for (let one = 0; one < count; one++) await outbox.append(consign(gauge(`s-${one}`, one)));
  await outbox.close();
}

/** What waits in a file, as another process sees it. */
async function depth(...path: string[]): Promise<number> {
  const outbox = openSqliteOutbox({ path: join(dataDir(), ...(path.length > 0 ? path : ['outbox.db'])), logger });
  try {
    return outbox.depth(new Date().toISOString()).count;
  } finally {
    await outbox.close();
  }
}

/** The archive with its files as `change` gives them. */
async function rewrite(change: (name: string, body: string) => { name?: string; body?: string } | undefined): Promise<void> {
  const to = pack();
  const from = extract();
  from.end(gunzipSync(readFileSync(archive)));
  for await (const entry of from) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString('latin1');
    const changed = change(entry.header.name, body);
    if (changed !== undefined) to.entry({ name: changed.name ?? entry.header.name }, Buffer.from(changed.body ?? body, 'latin1'));
  }
  to.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of to as AsyncIterable<Buffer>) chunks.push(chunk);
  writeFileSync(archive, gzipSync(Buffer.concat(chunks)));
}

describe('a backup', () => {
  it('holds settings, keys and databases, and nothing that is of no use later', async () => {
    await waiting(3);
    for (const folder of ['decoders/acme', 'tables']) mkdirSync(join(home, folder), { recursive: true });
    writeFileSync(join(home, 'devices.yaml'), 'devices: []');
    writeFileSync(join(home, 'decoders', 'acme', 'decoder.yaml'), 'x');
    writeFileSync(join(home, 'tables', 'parking.yaml'), 'x');
    writeFileSync(join(home, 'partners', 'lj.yaml'), 'auth: { caFile: /etc/ca.crt, certFile: own.crt }');
    writeFileSync(join(home, 'password'), 'secret of the broker', { mode: 0o600 });
    mkdirSync(join(dataDir(), 'rejects', 'arso-air'), { recursive: true });
    writeFileSync(join(dataDir(), 'rejects', 'arso-air', 'a.ndjson'), '{}');
    writeFileSync(join(dataDir(), 'outbox.db.damaged-2026'), 'x');
    writeFileSync(join(dataDir(), 'jetstream-12.db'), 'x');
    process.env['KLAVZE_MQTT_PASSWORD_FILE'] = join(home, 'password');
    process.env['KLAVZE_BROKER_TOKEN'] = 'never-in-it';
    process.env['KLAVZE_BROKER_URL'] = 'http://broker:1026';
    await backup('--json');
    const manifest = JSON.parse(printed) as { files: { path: string }[]; notIncluded: string[]; environment: string[] };
    expect(manifest.files.map(({ path }) => path)).toEqual([
      'config/klavze.yaml',
      'devices/devices.yaml',
      'decoders/acme/decoder.yaml',
      'tables/parking.yaml',
      'partners/lj.yaml',
      'secrets/KLAVZE_MQTT_PASSWORD',
      'data/rejects/arso-air/a.ndjson',
      'data/outbox.db',
    ]);
    expect(manifest).toMatchObject({ format: 1, outboxSchema: 4 });
    expect(manifest.notIncluded.join('\n')).toMatch(/entities are in broker:1026[^]*names \/etc\/ca\.crt/);
    expect(manifest.environment).toContain('KLAVZE_BROKER_TOKEN');
    expect(gunzipSync(readFileSync(archive)).includes('never-in-it')).toBe(false);
    expect(readdirSync(join(root, 'disk'))).toEqual(['backup.tar.gz']);
  });

  it('is noted in the data folder, from where its age is told; a restored folder has none', async () => {
    await waiting(1);
    expect(lastBackup(dataDir())).toBeUndefined();
    const from = Date.now();
    await backup();
    const at = lastBackup(dataDir()) ?? 0;
    expect(at).toBeGreaterThanOrEqual(from);
    const checks = () => ({});
    const outbox = openSqliteOutbox({ path: join(dataDir(), 'outbox.db'), logger });
    const metrics = createMetrics({ outbox, clock: () => new Date().toISOString(), dataDir: dataDir(), checks });
    expect(await metrics.registry.getSingleMetricAsString('klavze_backup_timestamp_seconds')).toContain(`seconds ${at / 1_000}`);
    await outbox.close();
    await restore('--force');
    expect(lastBackup(dataDir())).toBeUndefined();
  });

  it('is never written over another, nor into what it saves', async () => {
    await waiting(1);
    await backup();
    await expect(backup()).rejects.toThrow(/exists already; a backup is never written over/);
    archive = join(dataDir(), 'backup.tar.gz');
    await expect(backup()).rejects.toThrow(/lies in the data folder that it saves/);
    expect(existsSync(archive)).toBe(false);
  });

  it('of an outbox that is written to meanwhile holds all that was acknowledged before', async () => {
    await waiting(50);
    const outbox = openSqliteOutbox({ path: join(dataDir(), 'outbox.db'), logger });
    let isDone = false;
    const writer = (async () => {
      for (let one = 50; !isDone; one++) await outbox.append(consign(gauge(`s-${one}`, one)));
    })();
    await backup();
    isDone = true;
    await writer;
    await outbox.close();
    rmSync(dataDir(), { recursive: true });
    await restore();
    expect(await depth()).toBeGreaterThanOrEqual(50);
  });

  it('of a damaged database is refused with what to do', async () => {
    await waiting(200);
    const file = join(dataDir(), 'outbox.db');
    const bytes = readFileSync(file);
    bytes.fill(0xa5, 8192, 40_960);
    writeFileSync(file, bytes);
    await expect(backup()).rejects.toThrow(/outbox\.db.*restart klavze, which saves what can be read of it/s);
    expect(readdirSync(join(root, 'disk'))).toEqual([]);
  });
});

describe('a restore', () => {
  it('brings everything back to its place, on a machine that has nothing', async () => {
    await waiting(7);
    writeFileSync(join(home, 'devices.yaml'), 'devices: []', { mode: 0o640 });
    writeFileSync(join(home, 'password'), 'secret', { mode: 0o600 });
    process.env['KLAVZE_MQTT_PASSWORD_FILE'] = join(home, 'password');
    await backup();
    rmSync(home, { recursive: true });
    await restore('--check');
    expect(existsSync(home)).toBe(false);
    await restore();
    expect(printed).toContain(`restored: ${join(home, 'klavze.yaml')}`);
    expect(await depth()).toBe(7);
    expect(readFileSync(join(home, 'password'), 'utf8')).toBe('secret');
    expect(readFileSync(join(home, 'devices.yaml'), 'utf8')).toBe('devices: []');
    expect(readdirSync(dataDir()).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('touches nothing that is there, unless told to, and then keeps it', async () => {
    await waiting(2);
    writeFileSync(join(home, 'devices.yaml'), 'devices: []');
    await backup();
    await waiting(1);
    await expect(restore()).rejects.toThrow(/is not empty \(audit\.ndjson, last-backup, outbox\.db\).*--force/s);
    expect(await depth()).toBe(3);
    writeFileSync(join(home, 'devices.yaml'), 'devices: [] # newer');
    rmSync(dataDir(), { recursive: true });
    await expect(restore()).rejects.toThrow(/differ from those of the backup.*devices\.yaml/s);
    expect(readdirSync(dataDir()).filter((name) => !name.startsWith('lock.db'))).toEqual([]);
    await restore('--force');
    expect(readFileSync(join(home, 'devices.yaml'), 'utf8')).toBe('devices: []');
    const [aside = ''] = readdirSync(home).filter((name) => name.startsWith('devices.yaml.before-restore-'));
    expect(readFileSync(join(home, aside), 'utf8')).toBe('devices: [] # newer');
    await restore('--force');
    expect(readdirSync(dataDir()).filter((name) => name.startsWith('before-restore-'))).toHaveLength(1);
    expect(await depth()).toBe(2);
  });

  it.each([
    ['one that broke off', () => truncateSync(archive, 300), /no whole backup|no manifest/],
    ['one without its end', () => rewrite((name) => (name === 'manifest.json' ? undefined : {})), /has no manifest: it broke off/],
    [
      'a damaged one',
      () => rewrite((name, body) => (name === 'data/outbox.db' ? { body: `${body.slice(0, -1)}x` } : {})),
      /data\/outbox\.db is damaged/,
    ],
    ['one with a file too few', () => rewrite((name) => (name === 'data/outbox.db' ? undefined : {})), /data\/outbox\.db is missing/],
    [
      'one that reaches out of its folder',
      () => rewrite((name) => ({ name: name.replace('data/outbox.db', 'data/../../evil') })),
      /"data\/\.\.\/\.\.\/evil" has no place in a backup/,
    ],
    [
      'one of a newer Klavže',
      () => rewrite((name, body) => (name === 'manifest.json' ? { body: body.replace(/"outboxSchema": \d+/, '"outboxSchema": 99') } : {})),
      /written by a newer Klavže .*outbox 99.*update Klavže first/s,
    ],
    ['something else', () => writeFileSync(archive, 'hello'), /no whole backup/],
  ])('refuses %s and changes nothing', async (_what, spoil, expected) => {
    await waiting(1);
    await backup();
    await Promise.resolve(spoil());
    rmSync(home, { recursive: true });
    await expect(restore()).rejects.toThrow(expected);
    expect(existsSync(join(home, 'klavze.yaml'))).toBe(false);
    expect(existsSync(join(dataDir(), 'outbox.db'))).toBe(false);
    expect(existsSync(join(root, 'evil'))).toBe(false);
  });

  it('that was interrupted while it moved files keeps klavze up from starting', async () => {
    mkdirSync(join(dataDir(), '.restore'), { recursive: true });
    writeFileSync(join(dataDir(), '.restore', 'placing'), '');
    await expect(startUp(loadConfig(process.env, home), knowledge, logger)).rejects.toThrow(
      /was interrupted; run klavze restore once more/,
    );
  });
});

describe('the drill', () => {
  it('backup, wipe, restore: the same entities, devices and partners, and nothing is told twice', async () => {
    const got: string[] = [];
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { data } = JSON.parse(Buffer.concat(chunks).toString()) as { data: { id: string; pm10?: { value: number } }[] };
        got.push(...data.map(({ id, pm10 }) => `${id} ${pm10?.value}`));
        response.writeHead(204).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const [http, broker] = [await freePort(), await freePort()];
      const adapters = Object.fromEntries([...knowledge.adapters.keys()].map((name) => [name, { enabled: false }]));
      const settings = { http: { port: http }, broker: { port: broker }, mqtt: { port: 0 }, sharing: { watchSeconds: 0.2 }, adapters };
      writeFileSync(join(home, 'klavze.yaml'), JSON.stringify(settings));
      const device = (id: string) => ({ id, family: 'air-quality', location: [14.03, 46.0] });
      writeFileSync(join(home, 'devices.yaml'), JSON.stringify({ devices: [device('trg'), device('most')] }));
      const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/n`;
      const entities = [{ type: 'AirQualityObserved', attributes: ['pm10', 'location'] }];
      writeFileSync(join(home, 'partners', 'lj.yaml'), JSON.stringify({ name: 'lj', mode: 'relay', endpoint, entities }));

      const up = async (): Promise<Running> => (running = await startUp(loadConfig(process.env, home), knowledge, logger));
      const publish = async (id: string, pm10: number): Promise<void> => {
        const client = await mqtt.connectAsync(running?.urls.mqtt ?? '');
        await client.publishAsync(`klavze/${id}/up`, JSON.stringify({ readings: { pm10 } }), { qos: 1 });
        await client.endAsync();
      };
      const iot = { 'fiware-service': 'openiot', 'fiware-servicepath': '/' };
      const link = { link: `<http://127.0.0.1:${http}/contexts/environment.jsonld>; rel="http://www.w3.org/ns/json-ld#context"` };
      const known = async () => ({
        entities: (
          await call(
            `http://127.0.0.1:${broker}/ngsi-ld/v1/entities?type=AirQualityObserved,Device&options=sysAttrs`,
            'GET',
            undefined,
            link,
          )
        ).json,
        subscriptions: (await call(`http://127.0.0.1:${broker}/ngsi-ld/v1/subscriptions`, 'GET')).json,
        provisioned: (await call(`http://127.0.0.1:${http}/iot/devices`, 'GET', undefined, iot)).json,
        letters: running?.outbox.deadLetters.list().map(({ id, rejection, raw }) => [id, rejection.code, Buffer.from(raw).toString()]),
      });

      await up();
      await shareCommand().parseAsync(['apply'], { from: 'user' });
      const devices = [{ device_id: 'bell', entity_name: 'urn:ngsi-ld:Bell:1', entity_type: 'Bell' }];
      expect((await call(`http://127.0.0.1:${http}/iot/devices`, 'POST', { devices }, iot)).status).toBe(201);
      await publish('trg', 18);
      await publish('most', 20);
      await publish('stranger', 1);
      await until('the partner has both', () => got.length >= 2);
      // That it was delivered is on disk a moment later.
      await until('nothing waits', async () => (await depth()) === 0 && (await depth('sharing', 'lj', 'queue.db')) === 0);
      const state = JSON.stringify(await known());
      await backup();
      await running?.stop();
      rmSync(home, { recursive: true });

      await restore();
      await up();
      expect(JSON.stringify(await known())).toBe(state);
      // What is new follows after everything that the start looks for.
      await publish('trg', 19);
      await until('the partner has the new value', () => got.some((one) => one.endsWith(' 19')));
      const id = (device: string) => `urn:ngsi-ld:AirQualityObserved:${device}`;
      expect(got.sort()).toEqual([`${id('most')} 20`, `${id('trg')} 18`, `${id('trg')} 19`].sort());
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }, 60_000);
});
