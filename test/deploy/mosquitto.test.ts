import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connect as connectLater, connectAsync, type IClientOptions, type MqttClient } from 'mqtt';

import { DeployedMosquitto, hasMosquitto } from './mosquitto.ts';

if (!hasMosquitto) console.warn('skipped: deploy/mosquitto/mosquitto.conf in a real Mosquitto (install the package mosquitto)');
const describeWithMosquitto = hasMosquitto ? describe : describe.skip;

describeWithMosquitto('deploy/mosquitto/mosquitto.conf in the installed Mosquitto', () => {
  let broker: DeployedMosquitto;
  const clients: MqttClient[] = [];

  beforeEach(async () => {
    broker = await DeployedMosquitto.prepare();
  });

  afterEach(async () => {
    for (const client of clients.splice(0)) client.end(true);
    await broker.remove();
  });

  async function connect(options: IClientOptions): Promise<MqttClient> {
    const client = await connectAsync(`mqtt://127.0.0.1:${broker.port}`, { reconnectPeriod: 0, connectTimeout: 5000, ...options });
    client.on('error', () => undefined);
    clients.push(client);
    return client;
  }

  it('refuses whoever has no name or a wrong password and accepts the users that klavze init makes', async () => {
    await broker.start();
    await expect(connect({})).rejects.toThrow(/not authorized/i);
    await expect(connect({ username: 'klavze', password: 'guess' })).rejects.toThrow(/not authorized/i);
    const klavze = await connect({ username: 'klavze', password: broker.password('klavze') });
    const health = await connect({ username: 'health', password: broker.password('health') });
    expect([klavze.connected, health.connected]).toEqual([true, true]);
  });

  it('gives no password to a name that Mosquitto or its access list would read otherwise', () => {
    for (const name of ['a:b', '+', 'a/b', '']) expect(() => broker.addUser(name)).toThrow(/must be 1 to 64/);
  });

  it('speaks TLS with the certificate of klavze init, and asks for a name there too', async () => {
    const password = broker.addUser('postaja-7');
    await broker.start();
    const ca = readFileSync(join(broker.folder, 'secrets', 'ca.crt'));
    const secure = (options: IClientOptions): Promise<MqttClient> =>
      connectAsync(`mqtts://localhost:${broker.tlsPort}`, { reconnectPeriod: 0, connectTimeout: 5000, ca, ...options });
    await expect(secure({})).rejects.toThrow(/not authorized/i);
    await expect(secure({ username: 'postaja-7', password, ca: [] })).rejects.toThrow(/certificate/i);
    const device = await secure({ username: 'postaja-7', password });
    clients.push(device);
    const klavze = await connect({ username: 'klavze', password: broker.password('klavze') });
    const other: string[] = [];
    device.on('message', (topic) => other.push(topic));
    const granted = await device.subscribeAsync(['klavze/postaja-8/cmd', 'klavze/postaja-7/cmd'], { qos: 1 });
    expect(granted).toHaveLength(2);
    await klavze.publishAsync('klavze/postaja-8/cmd', 'theirs', { qos: 1 });
    await klavze.publishAsync('klavze/postaja-7/cmd', 'mine', { qos: 1 });
    await until(() => other.length > 0);
    expect(other).toEqual(['klavze/postaja-7/cmd']);
  });

  it.each(['/json/key/%u/attrs', 'klavze/%u/up', 'ul/key/%u/attrs'])('lets a device write %s under its own name only', async (topic) => {
    const password = broker.addUser('postaja-7');
    await broker.start();
    const klavze = await connect({ username: 'klavze', password: broker.password('klavze') });
    const received: string[] = [];
    klavze.on('message', (from) => received.push(from));
    await klavze.subscribeAsync('#', { qos: 1 });
    const device = await connect({ username: 'postaja-7', password });
    await device.publishAsync(topic.replace('%u', 'postaja-8'), '{}', { qos: 1 });
    await device.publishAsync(topic.replace('%u', 'postaja-7'), '{}', { qos: 1 });
    await until(() => received.length > 0);
    expect(received).toEqual([topic.replace('%u', 'postaja-7')]);
  });

  it('keeps 10,000 messages of a hundred stations for a client that is away over kill -9', async () => {
    const each = 100;
    const stations = Array.from({ length: 100 }, (_, number) => `postaja-${number}`);
    const logins = stations.map((username) => ({ username, password: broker.addUser(username) }));
    await broker.start();
    const session: IClientOptions = { username: 'klavze', password: broker.password('klavze'), clientId: 'klavze-agents', clean: false };
    const before = await connect(session);
    await before.subscribeAsync('/json/#', { qos: 1 });
    await before.endAsync();

    const devices = await Promise.all(logins.map((login) => connect(login)));
    const sent = stations.flatMap((station) => Array.from({ length: each }, (_, number) => `${station} ${number}`));
    // The sensors publish together: Mosquitto reads one message of every connection and then saves its whole queue.
    const acknowledged = sent.map(async (message, at) => {
      const station = Math.floor(at / each);
      await devices[station]?.publishAsync(`/json/key/${stations[station]}/attrs`, message, { qos: 1 });
    });
    await Promise.all(acknowledged);
    // It acknowledges and then saves, before it reads again: what it answers now says that the save is done, however long it took.
    await devices[0]?.subscribeAsync('klavze/postaja-0/cmd', { qos: 1 });
    await broker.kill();
    await broker.start();

    // The queue is handed over with the connection itself, so the listener must stand before it.
    const received = new Set<string>();
    const ca = readFileSync(join(broker.folder, 'secrets', 'internal.crt'));
    const internal: IClientOptions = { ...session, reconnectPeriod: 0, ca, servername: 'mosquitto' };
    const after = connectLater(`mqtts://127.0.0.1:${broker.internalPort}`, internal);
    clients.push(after);
    after.on('message', (_topic, payload) => received.add(payload.toString()));
    await until(() => received.size === sent.length, 90_000);
    expect([...received].sort()).toEqual(sent.sort());
    // Its turn comes when Mosquitto has taken every acknowledgement: hours on a connection where each costs a save of the whole queue.
    await after.subscribeAsync('/json/#', { qos: 1 });
  }, 180_000);
});

async function until(condition: () => boolean, withinMs = 15_000): Promise<void> {
  const end = Date.now() + withinMs;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`not within ${withinMs} ms`);
    await sleep(20);
  }
}
