/**
 * The whole line at QoS 1: Mosquitto → MQTT source → decode … assess → outbox → batch upserts → HTTP sink, publisher and sink as processes
 * of their own. Measures the intake alone, the drain of what it left, and both at once. Prints one JSON object.
 * `--messages N` (default 20000), `--devices N` (default 100), `--lanes N` (default 4), `--durable-mqtt` (Mosquitto saves its queue at every
 * change: then Mosquitto is what is measured).
 */
import { fork, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { connectAsync } from 'mqtt';
import { pino } from 'pino';

import { createBrokerClient } from '../core/deliver/client.ts';
import { createDeliverer } from '../core/deliver/deliverer.ts';
import { openSqliteOutbox } from '../core/outbox/sqlite.ts';
import { loadKnowledge } from '../core/service/knowledge.ts';
import { createIntake } from '../core/source/intake.ts';
import { startMqttSource } from '../core/source/mqtt.ts';
import { mosquitto } from '../test/core/source/mqtt-brokers.ts';

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '20000' },
    devices: { type: 'string', default: '100' },
    lanes: { type: 'string', default: '4' },
    'durable-mqtt': { type: 'boolean', default: false },
    role: { type: 'string', default: 'line' },
    port: { type: 'string', default: '0' },
  },
});
const messages = Number(values.messages);
const devices = Number(values.devices);

if (values.role === 'publisher') await publish(Number(values.port));
else if (values.role === 'sink') runSink();
else console.log(JSON.stringify(await measure()));

async function measure() {
  const logger = pino({ level: 'warn' }, pino.destination(2));
  const folder = mkdtempSync(join(tmpdir(), 'klavze-bench-'));
  const broker = await mosquitto(values['durable-mqtt']);
  const sink = child('sink');
  const { port: sinkPort } = await message<{ port: number }>(sink);
  const loaded = await loadKnowledge();
  const knowledge = {
    ...loaded,
    ...loaded.agents,
    device: ({ deviceId }: { deviceId: string }) => ({ id: deviceId, family: 'air-quality', location: [14.03, 46] as const }),
  };
  const figures: Record<string, unknown> = { messages, devices, lanes: Number(values.lanes), node: process.version };
  try {
    for (const name of ['intakeThenDrain', 'together'] as const) {
      const outbox = openSqliteOutbox({ path: join(folder, `${name}.db`), logger });
      let durable = 0;
      let accepted = 0;
      const intake = createIntake({ knowledge, outbox, onPassage: () => durable++ });
      const source = await startMqttSource({
        url: `mqtt://127.0.0.1:${broker.port}`,
        clientId: name,
        topics: ['/json/#'],
        accept: async (message) => void (await intake(message)),
        logger,
      });
      const deliverer = createDeliverer({
        outbox,
        logger,
        lanes: Number(values.lanes),
        client: createBrokerClient({ url: `http://127.0.0.1:${sinkPort}` }),
        contextOf: ({ type }) => `http://127.0.0.1/${type}`,
        observer: { delivered: (result, { length }) => (accepted += result === 'accepted' ? length : 0) },
      });
      await until(() => source.status().connected);
      await new Promise((resolve) => setTimeout(resolve, 300));
      if (name === 'together') deliverer.start();
      const cpu = process.cpuUsage();
      const publisher = child('publisher', broker.port);
      await message(publisher);
      const start = performance.now();
      publisher.send('go');
      await until(() => durable >= messages);
      const intakePerS = Math.round(messages / ((performance.now() - start) / 1_000));
      const drainStart = performance.now();
      if (name === 'intakeThenDrain') deliverer.start();
      const waiting = outbox.depth(new Date().toISOString()).count;
      await until(() => outbox.depth(new Date().toISOString()).count === 0);
      const end = performance.now();
      const { user, system } = process.cpuUsage(cpu);
      figures[name] = {
        intakePerS,
        waiting,
        accepted,
        deadLetters: outbox.deadLetters.count(),
        ...(name === 'together'
          ? { linePerS: Math.round(messages / ((end - start) / 1_000)) }
          : { drainPerS: Math.round(waiting / ((end - drainStart) / 1_000)) }),
        cpuUsPerMessage: Math.round((user + system) / messages),
        rssMb: Math.round(process.memoryUsage.rss() / 1e6),
      };
      await source.stop();
      await deliverer.stop();
      await outbox.close();
      publisher.kill();
      sink.send('count');
      figures[`${name}Sink`] = await message(sink);
    }
    return figures;
  } finally {
    sink.kill();
    await broker.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Publishes as fast as PUBACKs allow, with at most 1000 under way. */
async function publish(port: number): Promise<void> {
  const client = await connectAsync(`mqtt://127.0.0.1:${port}`);
  process.send?.('ready');
  await new Promise((resolve) => process.once('message', resolve));
  let underWay = 0;
  let n = 0;
  const next = () => {
    for (; underWay < 1_000 && n < messages; n++) {
      underWay++;
      const payload = {
        pm10: n % 90,
        pm25: n % 40,
        no2: n % 70,
        o3: n % 120,
        so2: n % 20,
        TimeInstant: new Date(Date.UTC(2026, 4, 1) + Math.floor(n / devices) * 1_000),
      };
      client.publish(`/json/key/sensor-${n % devices}/attrs`, JSON.stringify(payload), { qos: 1 }, () => {
        underWay--;
        next();
      });
    }
  };
  next();
}

/** Takes every batch at once and counts the entities. */
function runSink(): void {
  let requests = 0;
  let entities = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      requests++;
      entities += (JSON.parse(Buffer.concat(chunks).toString()) as unknown[]).length;
      response.writeHead(204).end();
    });
  });
  server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
  process.on('message', () => {
    process.send?.({ requests, entities });
    requests = entities = 0;
  });
}

function child(role: string, port = 0): ChildProcess {
  return fork(fileURLToPath(import.meta.url), [
    '--role',
    role,
    '--port',
    String(port),
    '--messages',
    String(messages),
    '--devices',
    String(devices),
  ]);
}

function message<T>(from: ChildProcess): Promise<T> {
  return new Promise((resolve) => from.once('message', (value) => resolve(value as T)));
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
