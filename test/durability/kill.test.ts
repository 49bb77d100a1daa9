import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { connectAsync, type MqttClient } from 'mqtt';
import { openSqliteOutbox } from '../../core/outbox/sqlite.ts';
import { loadAdapters } from '../../core/service/plugins.ts';
import { start } from '../bin/klavze.ts';
import { startSink, type Sink } from '../core/deliver/sink.ts';
import { silent } from '../core/outbox/samples.ts';
import { freePort, mosquitto, mosquittoBinary, type TestBroker } from '../core/source/mqtt-brokers.ts';

const devices = 20;
const messages = 5_000;

const entityId = (device: number) => `urn:ngsi-ld:AirQualityObserved:sensor-${device}`;
const observedAt = (state: number) => new Date(Date.UTC(2026, 4, 1) + state * 1_000).toISOString();
/** Message n: its device, its moment, and a value that follows from both. */
const published = (n: number) => ({ device: n % devices, at: observedAt(Math.floor(n / devices)), pm10: (n % 100) + 0.5 });

if (mosquittoBinary === undefined)
  process.stderr.write('skipped: no mosquitto binary found, kill -9 is tested on the embedded MQTT broker only\n');

describe('kill -9 under a QoS 1 stream', () => {
  const folder = mkdtempSync(join(tmpdir(), 'klavze-kill-'));
  let child: ChildProcess | undefined;
  let sink: Sink;
  let broker: TestBroker | undefined;
  let publisher: MqttClient;
  let log = '';
  let confirmed = 0;

  afterEach(async () => {
    child?.kill('SIGKILL');
    await publisher.endAsync(true);
    await sink.close();
    await broker?.close();
    broker = undefined;
    rmSync(folder, { recursive: true, force: true });
  });

  /** Starts the real program and waits until it says it is ready. */
  async function up(environment: Record<string, string>): Promise<void> {
    const process = start('bin/klavze.js', ['up'], environment);
    child = process;
    process.stderr?.on('data', (chunk: Buffer) => (log += chunk.toString()));
    const ready = `http://127.0.0.1:${environment['KLAVZE_HTTP_PORT']}/health/ready`;
    const end = Date.now() + 40_000;
    while ((await fetch(ready).catch(() => undefined))?.status !== 200) {
      if (Date.now() > end || process.exitCode !== null) throw new Error(`klavze did not become ready:\n${log}`);
      await pause(50);
    }
  }

  async function kill(): Promise<void> {
    const ended = new Promise((resolve) => child?.once('exit', resolve));
    child?.kill('SIGKILL');
    await ended;
  }

  /** A sensor that hears of no PUBACK sends again. */
  async function send(topic: string, payload: string): Promise<void> {
    for (;;) {
      try {
        await publisher.publishAsync(topic, payload, { qos: 1 });
        confirmed++;
        return;
      } catch {
        await pause(50);
      }
    }
  }

  /** Publishes all, at most 300 without PUBACK, so that the stream lasts. */
  async function stream(): Promise<void> {
    const underWay = new Set<Promise<unknown>>();
    for (let n = 0; n < messages; n++) {
      const { device, at, pm10 } = published(n);
      const payload = JSON.stringify({ pm10, TimeInstant: at });
      const sent = send(`/json/key/sensor-${device}/attrs`, payload).finally(() => underWay.delete(sent));
      underWay.add(sent);
      if (underWay.size >= 300) await Promise.race(underWay);
      if (n % 50 === 0) await pause(10);
    }
    await Promise.all(underWay);
  }

  it.each<[mqttBroker: string, ngsiBroker: string]>([
    ...(mosquittoBinary === undefined ? [] : [['mosquitto', 'elsewhere'] as [string, string]]),
    ['embedded', 'elsewhere'],
    ['embedded', 'embedded'],
  ])(
    'loses nothing with MQTT %s and the NGSI-LD broker %s',
    async (kind, ngsiBroker) => {
      mkdirSync(folder, { recursive: true });
      confirmed = 0;
      sink = await startSink();
      // Mosquitto itself is not killed here, so it need not save its queue at every change.
      broker = kind === 'mosquitto' ? await mosquitto(false) : undefined;
      const mqttPort = broker?.port ?? (await freePort());
      const brokerPort = await freePort();
      const held =
        ngsiBroker === 'embedded' ? () => heldByBroker(`http://127.0.0.1:${brokerPort}`) : () => Promise.resolve(heldBySink(sink));
      writeFileSync(
        join(folder, 'devices.yaml'),
        JSON.stringify({
          devices: Array.from({ length: devices }, (_, n) => ({ id: `sensor-${n}`, family: 'air-quality', location: [14.03, 46] })),
        }),
      );
      const config = join(folder, 'klavze.yaml');
      const adapters = [...(await loadAdapters()).keys()].map((name) => [name, { enabled: false }] as const);
      writeFileSync(config, JSON.stringify({ adapters: Object.fromEntries(adapters) }));
      const environment = {
        KLAVZE_CONFIG: config,
        KLAVZE_DATA_DIR: join(folder, 'data'),
        KLAVZE_DEVICES_FILE: join(folder, 'devices.yaml'),
        KLAVZE_HTTP_PORT: String(await freePort()),
        ...(ngsiBroker === 'embedded' ? { KLAVZE_BROKER_PORT: String(brokerPort) } : { KLAVZE_BROKER_URL: sink.url }),
        ...(broker === undefined ? { KLAVZE_MQTT_PORT: String(mqttPort) } : { KLAVZE_MQTT_URL: `mqtt://127.0.0.1:${mqttPort}` }),
      };

      await up(environment);
      publisher = await connectAsync(`mqtt://127.0.0.1:${mqttPort}`, { clientId: 'sensors', clean: false, reconnectPeriod: 100 });
      publisher.on('error', () => undefined);
      const sent = stream();
      for (let round = 0; round < 2; round++) {
        await pause(200 + Math.random() * 500);
        await kill();
        if (round === 0) expect(confirmed).toBeLessThan(messages);
        await up(environment);
      }
      await sent;

      const lost = ({ history }: Held) =>
        Array.from({ length: messages }, (_, n) => published(n))
          .map(({ device, at }) => `${entityId(device)} ${at}`)
          .filter((value) => !history.has(value));
      const end = Date.now() + 60_000;
      let final = await held();
      while (lost(final).length > 0 && Date.now() < end) {
        await pause(500);
        final = await held();
      }
      await kill();
      const outbox = openSqliteOutbox({ path: join(folder, 'data', 'outbox.db'), logger: silent });
      const letters = outbox.deadLetters.list().map(({ rejection }) => rejection.message);
      await outbox.close();

      expect(letters).toEqual([]);
      expect(lost(final)).toEqual([]);
      for (let n = messages - devices; n < messages; n++) {
        const { device, at, pm10 } = published(n);
        expect(final.newest.get(entityId(device))).toMatchObject({ value: pm10, observedAt: at });
      }
    },
    120_000,
  );
});

/** What a broker has: every value as `<entity id> <observedAt>`, and the present state of each entity. */
interface Held {
  readonly history: ReadonlySet<string>;
  readonly newest: ReadonlyMap<string, unknown>;
}

function heldBySink(sink: Sink): Held {
  const history = [...sink.history.keys()].filter((key) => key.includes(' pm10 ')).map((key) => key.replace(' pm10 ', ' '));
  return { history: new Set(history), newest: new Map([...sink.state].map(([id, state]) => [id, state['pm10']])) };
}

/** Asks the NGSI-LD broker itself, by the attribute's full name so that no context is needed. */
async function heldByBroker(url: string): Promise<Held> {
  const attribute = 'https://smartdatamodels.org/dataModel.Environment/pm10';
  const history = new Set<string>();
  const newest = new Map<string, unknown>();
  for (let device = 0; device < devices; device++) {
    const id = entityId(device);
    const temporal = await fetch(`${url}/ngsi-ld/v1/temporal/entities/${id}?options=temporalValues&attrs=${attribute}`);
    const values = ((await temporal.json()) as Record<string, { values?: [number, string][] }>)[attribute]?.values ?? [];
    for (const [, at] of values) history.add(`${id} ${at}`);
    const present = await fetch(`${url}/ngsi-ld/v1/entities/${id}`);
    newest.set(id, ((await present.json()) as Record<string, unknown>)[attribute]);
  }
  return { history, newest };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
