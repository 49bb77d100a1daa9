import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { pino } from 'pino';
import { startMqttBroker, type AcceptedMessage, type MqttBroker, type MqttBrokerOptions } from '../../../embedded/mqtt/broker.ts';

const logger = pino({ level: 'silent' });
const open: { close(): Promise<unknown> }[] = [];

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function start(options: Partial<MqttBrokerOptions> = {}): Promise<{ broker: MqttBroker; accepted: AcceptedMessage[] }> {
  const accepted: AcceptedMessage[] = [];
  const broker = await startMqttBroker({
    port: 0,
    topics: ['/json/+/+/attrs', 'tele/#'],
    accept: async (message) => {
      accepted.push(message);
    },
    logger,
    ...options,
  });
  open.push(broker);
  return { broker, accepted };
}

async function connected(broker: MqttBroker, options: IClientOptions = {}): Promise<MqttClient> {
  const client = await mqtt.connectAsync(broker.url, { reconnectPeriod: 0, ...options }, false);
  open.push({ close: () => client.endAsync(true) });
  return client;
}

/** A hand that holds `accept` back and lets calls go in the order one wishes. */
function heldBack(): { accept: MqttBrokerOptions['accept']; payloads: string[]; release: (index: number) => void } {
  const releases: (() => void)[] = [];
  const payloads: string[] = [];
  return {
    accept: (message) => {
      payloads.push(Buffer.from(message.payload).toString());
      return new Promise((resolve) => releases.push(resolve));
    },
    payloads,
    release: (index) => releases[index]?.(),
  };
}

function acknowledgements(client: MqttClient, cmd: 'puback' | 'pubrec'): (number | undefined)[] {
  const ids: (number | undefined)[] = [];
  client.on('packetreceive', (packet) => {
    if (packet.cmd === cmd) ids.push(packet.messageId);
  });
  return ids;
}

/** Resolves when the broker has cut the connection. */
function cut(client: MqttClient): Promise<void> {
  client.on('error', () => undefined);
  return new Promise((resolve) => client.on('close', () => resolve()));
}

async function until(reached: () => boolean, what: string): Promise<void> {
  for (const end = Date.now() + 5_000; !reached(); await sleep(5)) {
    if (Date.now() > end) throw new Error(`not reached: ${what}`);
  }
}

describe('acknowledgement after acceptance', () => {
  it.each([
    [1, 'puback'],
    [2, 'pubrec'],
  ] as const)('sends no acknowledgement for QoS %i before accept resolved', async (qos, cmd) => {
    const hand = heldBack();
    const { broker } = await start({ accept: hand.accept });
    const client = await connected(broker);
    const acknowledged = acknowledgements(client, cmd);
    const published = client.publishAsync('/json/key/d1/attrs', '{"t":1}', { qos });
    await until(() => hand.payloads.length === 1, 'accept called');
    await sleep(150);
    expect(acknowledged).toEqual([]);
    hand.release(0);
    await published;
    expect(acknowledged).toHaveLength(1);
  });

  it('has 100 outstanding messages of one client in accept together and acknowledges them in order', async () => {
    const hand = heldBack();
    const { broker } = await start({ accept: hand.accept });
    const client = await connected(broker);
    const acknowledged = acknowledgements(client, 'puback');
    const sent: (number | undefined)[] = [];
    client.on('packetsend', (packet) => {
      if (packet.cmd === 'publish') sent.push(packet.messageId);
    });
    const published = Array.from({ length: 100 }, (_, index) => client.publishAsync('tele/d1/up', `m${index}`, { qos: 1 }));
    await until(() => hand.payloads.length === 100, '100 messages in accept');
    expect(acknowledged).toEqual([]);
    for (let index = 99; index > 0; index--) hand.release(index);
    await sleep(100);
    expect(acknowledged).toEqual([]);
    hand.release(0);
    await Promise.all(published);
    expect(acknowledged).toEqual(sent);
    expect(hand.payloads).toEqual(Array.from({ length: 100 }, (_, index) => `m${index}`));
  });

  it('lets the messages of several clients wait together', async () => {
    const hand = heldBack();
    const { broker } = await start({ accept: hand.accept });
    const clients = await Promise.all(Array.from({ length: 5 }, () => connected(broker)));
    const published = clients.flatMap((client, c) =>
      Array.from({ length: 20 }, (_, index) => client.publishAsync(`tele/d${c}/up`, `${index}`, { qos: 1 })),
    );
    await until(() => hand.payloads.length === 100, '100 messages of 5 clients in accept');
    for (let index = 0; index < 100; index++) hand.release(index);
    await Promise.all(published);
  });

  it('keeps the order also between messages that accept sees and those it does not', async () => {
    const hand = heldBack();
    const { broker } = await start({ accept: hand.accept });
    const client = await connected(broker);
    const acknowledged = acknowledgements(client, 'puback');
    const published = [client.publishAsync('tele/d1/up', 'a', { qos: 1 }), client.publishAsync('other/topic', 'b', { qos: 1 })];
    await until(() => hand.payloads.length === 1, 'accept called');
    await sleep(100);
    expect(acknowledged).toEqual([]);
    hand.release(0);
    await Promise.all(published);
    expect(acknowledged).toHaveLength(2);
  });

  it('never acknowledges while accept fails, tries again and acknowledges once it works', async () => {
    let works = false;
    let tries = 0;
    const { broker } = await start({
      accept: async () => {
        tries++;
        if (!works) throw new Error('ENOSPC: no space left on device');
      },
    });
    const client = await connected(broker);
    const acknowledged = acknowledgements(client, 'puback');
    const published = client.publishAsync('tele/d1/up', 'x', { qos: 1 });
    await until(() => tries >= 3, 'three tries');
    expect(acknowledged).toEqual([]);
    works = true;
    await published;
    expect(acknowledged).toHaveLength(1);
  });

  it('leaves an unacknowledged message with its sender when it stops', async () => {
    const { broker } = await start({ accept: () => Promise.reject(new Error('ENOSPC')) });
    const client = await connected(broker);
    const acknowledged = acknowledgements(client, 'puback');
    client.publish('tele/d1/up', 'x', { qos: 1 });
    await sleep(100);
    await broker.close();
    await until(() => !client.connected, 'connection closed');
    expect(acknowledged).toEqual([]);
  });

  it('hands a message over as it came, with its time of arrival', async () => {
    const { broker, accepted } = await start();
    const client = await connected(broker);
    const before = new Date().toISOString();
    await client.publishAsync('/json/key/d1/attrs', Buffer.from([0, 255, 1]), { qos: 1 });
    await client.publishAsync('/json/key/d1/cmd', 'not for the agents', { qos: 1 });
    expect(accepted).toHaveLength(1);
    expect(accepted[0]?.topic).toBe('/json/key/d1/attrs');
    expect([...(accepted[0]?.payload ?? [])]).toEqual([0, 255, 1]);
    expect(accepted[0]?.receivedAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect((accepted[0]?.receivedAt ?? '') >= before).toBe(true);
  });

  it('takes the last will of a lost connection', async () => {
    const { broker, accepted } = await start();
    const client = await connected(broker, { will: { topic: 'tele/d1/status', payload: Buffer.from('gone'), qos: 1, retain: false } });
    client.stream.destroy();
    await until(() => accepted.length === 1, 'will accepted');
    expect(Buffer.from(accepted[0]?.payload ?? []).toString()).toBe('gone');
  });
});

describe('an ordinary broker', () => {
  it('passes messages on to subscribers and keeps retained ones', async () => {
    const { broker } = await start();
    const publisher = await connected(broker);
    await publisher.publishAsync('tele/d1/state', 'kept', { qos: 1, retain: true });
    const subscriber = await connected(broker);
    const received: string[] = [];
    subscriber.on('message', (topic, payload) => received.push(`${topic} ${payload.toString()}`));
    await subscriber.subscribeAsync('tele/#', { qos: 1 });
    await until(() => received.length === 1, 'retained message');
    await publisher.publishAsync('tele/d1/up', 'live', { qos: 1 });
    await until(() => received.length === 2, 'live message');
    expect(received).toEqual(['tele/d1/state kept', 'tele/d1/up live']);
  });

  it('listens on loopback and frees its port', async () => {
    const { broker } = await start();
    expect(broker.url).toBe(`mqtt://127.0.0.1:${broker.port}`);
    await broker.close();
    const socket = connectSocket(broker.port, '127.0.0.1');
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNREFUSED');
  });

  it('says which port is taken', async () => {
    const { broker } = await start();
    await expect(start({ port: broker.port })).rejects.toThrow(/EADDRINUSE/);
  });
});

describe('what it refuses', () => {
  const users = [
    { username: 'idrija', password: 'živo srebro' },
    { username: 'spodnja', password: 'second' },
  ];

  it('lets known users in', async () => {
    const { broker, accepted } = await start({ users });
    const client = await connected(broker, { username: 'idrija', password: 'živo srebro' });
    await client.publishAsync('tele/d1/up', 'x', { qos: 1 });
    expect(accepted).toHaveLength(1);
  });

  it.each([
    ['a wrong password', { username: 'idrija', password: 'second' }],
    ['an unknown user', { username: 'nobody', password: 'second' }],
    ['no credentials', {}],
  ])('refuses %s', async (_what, credentials) => {
    const { broker } = await start({ users });
    await expect(connected(broker, credentials)).rejects.toThrow(/Bad username or password/i);
  });

  it('cuts the connection of who publishes below $SYS', async () => {
    const { broker, accepted } = await start({ topics: ['#'] });
    const client = await connected(broker);
    const closed = cut(client);
    client.publish('$SYS/broker/uptime', 'forged', { qos: 1 });
    await closed;
    expect(accepted).toEqual([]);
  });

  it('cuts the connection at the announcement of a packet over 1 MiB and stays up for others', async () => {
    const { broker, accepted } = await start();
    const client = await connected(broker);
    await client.publishAsync('tele/d1/up', Buffer.alloc(1_000_000), { qos: 1 });
    const closed = cut(client);
    client.publish('tele/d1/up', Buffer.alloc(1_100_000), { qos: 1 });
    await closed;
    expect(accepted).toHaveLength(1);
    const other = await connected(broker);
    await other.publishAsync('tele/d2/up', 'fine', { qos: 1 });
    expect(accepted).toHaveLength(2);
  });

  it('survives bytes that are not MQTT', async () => {
    const { broker, accepted } = await start();
    const socket = connectSocket(broker.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.end('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(socket, 'close');
    const client = await connected(broker);
    await client.publishAsync('tele/d1/up', 'fine', { qos: 1 });
    expect(accepted).toHaveLength(1);
  });
});

const mosquitto = spawnSync('mosquitto_pub', ['--help']).error === undefined;
(mosquitto ? describe : describe.skip)(
  mosquitto ? 'with the Mosquitto clients' : 'with the Mosquitto clients (skipped: mosquitto_pub not found)',
  () => {
    it('takes a stream of 2,000 QoS 1 messages whole and in order', async () => {
      const { broker, accepted } = await start();
      const publisher = spawn('mosquitto_pub', ['-h', '127.0.0.1', '-p', `${broker.port}`, '-t', 'tele/d1/up', '-q', '1', '-l']);
      publisher.stdin.end(Array.from({ length: 2_000 }, (_, index) => `${index}\n`).join(''));
      const [code] = (await once(publisher, 'close')) as [number];
      expect(code).toBe(0);
      expect(accepted.map((message) => Buffer.from(message.payload).toString())).toEqual(
        Array.from({ length: 2_000 }, (_, index) => `${index}`),
      );
    });
  },
);
