import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connectAsync, type MqttClient } from 'mqtt';
import { createMemoryOutbox } from '../../../core/outbox/memory.ts';
import type { MqttMessage } from '../../../core/plugin.ts';
import { canHoldAcks } from '../../../core/source/mqtt-acks.ts';
import { startMqttSource, type MqttSource, type MqttSourceOptions } from '../../../core/source/mqtt.ts';
import { silent } from '../outbox/samples.ts';
import { aedes, mosquitto, mosquittoBinary, tap, type TestBroker } from './mqtt-brokers.ts';

it('MQTT.js lets PUBACKs be held back', async () => {
  expect(await canHoldAcks()).toBe(true);
});

if (mosquittoBinary === undefined)
  process.stderr.write('skipped: no mosquitto binary found, the MQTT source is tested against aedes only\n');

const kinds: [string, () => Promise<TestBroker>, '5' | '3.1.1'][] = [
  ['aedes', aedes, '3.1.1'],
  ...(mosquittoBinary === undefined ? [] : ([['mosquitto', mosquitto, '5']] as [string, () => Promise<TestBroker>, '5'][])),
];

describe.each(kinds)('MQTT source on %s', (_name, startBroker, protocol) => {
  let broker: TestBroker;
  let wire: Awaited<ReturnType<typeof tap>>;
  let publisher: MqttClient;
  const sources: MqttSource[] = [];

  beforeEach(async () => {
    broker = await startBroker();
    wire = await tap(broker.port);
    publisher = await connectAsync(`mqtt://127.0.0.1:${broker.port}`, { reconnectPeriod: 50 });
  });
  afterEach(async () => {
    for (const source of sources.splice(0)) await source.stop();
    await publisher.endAsync(true);
    await wire.close();
    await broker.close();
  });

  async function start(accept: (message: MqttMessage) => Promise<void>, more: Partial<MqttSourceOptions> = {}): Promise<MqttSource> {
    const source = await startMqttSource({
      url: `mqtt://127.0.0.1:${wire.port}`,
      clientId: 'klavze-test',
      topics: ['up/#'],
      accept: (message, done) => void accept(message).then(() => done(), done),
      logger: silent,
      random: () => 0.1,
      ...more,
    });
    sources.push(source);
    return source;
  }

  async function until(condition: () => boolean, ms = 10_000): Promise<void> {
    const end = Date.now() + ms;
    while (!condition()) {
      if (Date.now() > end) throw new Error('waited too long');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
  const settle = () => new Promise((resolve) => setTimeout(resolve, 150));
  const publish = (from: number, to: number, qos: 0 | 1 = 1) =>
    Promise.all(Array.from({ length: to - from }, (_, n) => publisher.publishAsync('up/x', String(from + n), { qos })));
  const text = ({ payload }: MqttMessage) => Buffer.from(payload).toString();
  const connected = async (source: MqttSource) => {
    await until(() => source.status().connected);
    await settle();
  };

  it('acknowledges nothing before it is safe, then all in order, although many wait at once', async () => {
    const safe: (() => void)[] = [];
    const source = await start(() => new Promise((resolve) => safe.push(resolve)));
    await connected(source);
    expect(source.status().protocol).toBe(protocol);
    await publish(0, 60);
    // Without more room in flight a broker sends the rest only after PUBACKs.
    await until(() => safe.length >= 16);
    await settle();
    const line = wire.lines.at(-1);
    const waiting = safe.length;
    expect(line?.pubacks).toEqual([]);
    expect(source.status().waiting).toBe(waiting);

    for (const resolve of safe.slice(1, waiting).toReversed()) resolve();
    await settle();
    expect(line?.pubacks).toEqual([]);
    safe[0]?.();
    await until(() => {
      for (const resolve of safe) resolve();
      return line?.pubacks.length === 60;
    });

    expect(line?.pubacks).toEqual(line?.publishes.slice(0, 60));
  });

  it('loses nothing when the connection is cut again and again, and acknowledges only on the connection a message came by', async () => {
    const seen = new Set<string>();
    const source = await start(async (message) => {
      await new Promise((resolve) => setTimeout(resolve, 15));
      seen.add(text(message));
    });
    await connected(source);
    for (let round = 0; round < 4; round++) {
      const sent = publish(round * 200, round * 200 + 200);
      await new Promise((resolve) => setTimeout(resolve, 30));
      wire.cut();
      await sent;
    }
    await until(() => seen.size === 800);
    await until(() => source.status().waiting === 0);
    for (const { publishes, pubacks } of wire.lines) expect(pubacks).toEqual(publishes.slice(0, pubacks.length));
  });

  it('gets what came while it was away', async () => {
    const seen: string[] = [];
    const accept = async (message: MqttMessage) => void seen.push(text(message));
    const first = await start(accept);
    await connected(first);
    await first.stop();
    await publish(0, 300);
    await start(accept);
    await until(() => seen.length >= 300);
    expect(seen.slice(0, 300)).toEqual(Array.from({ length: 300 }, (_, n) => String(n)));
  });

  it('comes back after the broker was killed', async () => {
    const seen = new Set<string>();
    const source = await start(async (message) => void seen.add(text(message)));
    await connected(source);
    await publish(0, 50);
    await broker.kill();
    await until(() => !source.status().connected);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(source.status().lastError).toBeDefined();
    await broker.start();
    await until(() => source.status().connected);
    await publish(50, 100);
    await until(() => seen.size === 100);
    expect(source.status().lastError).toBeUndefined();
  });

  it('stops reading while too much waits, instead of filling the memory', async () => {
    const safe: (() => void)[] = [];
    let open = false;
    const source = await start(() => (open ? Promise.resolve() : new Promise((resolve) => safe.push(resolve))), { receiveMaximum: 10 });
    await connected(source);
    await publish(0, 1_000, 0);
    await settle();
    expect(source.status().waiting).toBe(40);
    open = true;
    for (const resolve of safe) resolve();
    await publish(1_000, 1_001, 1);
    await until(() => wire.lines.at(-1)?.pubacks.length === 1);
  });

  it('says of a message whether the broker had kept it', async () => {
    await publisher.publishAsync('up/kept', 'old', { qos: 1, retain: true });
    const got: [string, true | undefined][] = [];
    const source = await start(async (message) => void got.push([text(message), message.retained]));
    await connected(source);
    await publisher.publishAsync('up/kept', 'new', { qos: 1, retain: true });
    await until(() => got.length === 2);
    expect(got).toEqual([
      ['old', true],
      ['new', undefined],
    ]);
  });

  it('gives up topics that are no longer wanted', async () => {
    const { state } = createMemoryOutbox();
    const seen: string[] = [];
    const accept = async (message: MqttMessage) => void seen.push(message.topic);
    const first = await start(accept, { topics: ['up/#', 'old/#'], state });
    await connected(first);
    await first.stop();
    const second = await start(accept, { topics: ['up/#'], state });
    await connected(second);
    await publisher.publishAsync('old/x', '1', { qos: 1 });
    await publisher.publishAsync('up/x', '2', { qos: 1 });
    await until(() => seen.includes('up/x'));
    expect(seen).toEqual(['up/x']);
    expect(state.get('core/source/mqtt/topics')).toEqual(['up/#']);
  });

  it('stops with what is safe acknowledged and the rest left to the broker', async () => {
    const seen: string[] = [];
    const slow = async (message: MqttMessage) => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      seen.push(text(message));
    };
    const source = await start(slow);
    await connected(source);
    const sent = publish(0, 100);
    await until(() => source.status().waiting > 0);
    await source.stop();
    await sent;
    const acknowledged = wire.lines.at(-1)?.pubacks.length ?? 0;
    expect(seen.length).toBe(acknowledged);
    await start(slow);
    await until(() => new Set(seen).size >= 100);
    expect(new Set(seen).size).toBe(100);
  });
});
