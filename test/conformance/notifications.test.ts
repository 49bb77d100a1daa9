import { describe, expect, it } from '@jest/globals';
import mqtt from 'mqtt';
import { pino } from 'pino';
import { startMqttBroker } from '../../embedded/mqtt/broker.ts';
import { brokerUnderTest, closeLater, until, type BrokerUnderTest } from './broker-under-test.ts';
import { startReceiver, type Receiver } from './receiver.ts';

const ID = 'urn:ngsi-ld:WaterObserved:bela';
const SUBSCRIPTION = 'urn:ngsi-ld:Subscription:level';
const level = (value: number): object => ({ type: 'Property', value, unitCode: 'MTR' });
const entity = (change: object = {}): object => ({ id: ID, type: 'WaterObserved', level: level(1), name: 'Bela', ...change });

interface Setup extends BrokerUnderTest {
  receiver: Receiver;
  subscription: () => Promise<Record<string, unknown> & { notification: Record<string, unknown> }>;
}

async function setup(
  change: Record<string, unknown> = {},
  options: { profile?: 'strict' | 'orion'; headers?: Record<string, string> } = {},
): Promise<Setup> {
  const under = await brokerUnderTest(options.profile === undefined ? {} : { profile: options.profile });
  const receiver = await startReceiver();
  const { notification, ...rest } = change as { notification?: { endpoint?: object } };
  const created = await under.call(
    'POST',
    '/subscriptions',
    {
      id: SUBSCRIPTION,
      type: 'Subscription',
      entities: [{ type: 'WaterObserved' }],
      ...rest,
      notification: { ...notification, endpoint: { uri: receiver.url, ...notification?.endpoint } },
    },
    options.headers,
  );
  expect([created.status, created.body]).toEqual([201, undefined]);
  const subscription: Setup['subscription'] = async () => (await under.call('GET', `/subscriptions/${SUBSCRIPTION}`)).body;
  return { ...under, receiver, subscription };
}

async function arrived(receiver: Receiver, count: number): Promise<void> {
  await until(() => receiver.received.length >= count, `${count} notifications`);
}

/** Long enough for a notification that should not come. */
const quiet = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 150));

describe('form of a notification', () => {
  it('carries the entity, the subscription and a Link by default', async () => {
    const { call, receiver, subscription } = await setup();
    await call('POST', '/entities', entity());
    await arrived(receiver, 1);
    const { body, headers } = receiver.received[0]!;
    expect(body).toEqual({
      id: expect.stringMatching(/^urn:ngsi-ld:Notification:[0-9a-f-]{36}$/),
      type: 'Notification',
      subscriptionId: SUBSCRIPTION,
      notifiedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      data: [{ id: ID, type: 'WaterObserved', level: level(1), name: { type: 'Property', value: 'Bela' } }],
    });
    expect(headers['content-type']).toBe('application/json');
    expect(headers['content-length']).toBeDefined();
    expect(headers['link']).toMatch(/^<.+>; rel="http:\/\/www\.w3\.org\/ns\/json-ld#context"; type="application\/ld\+json"$/);
    await until(() => receiver.received.length === 1, 'one');
    await quiet();
    expect((await subscription()).notification).toMatchObject({
      timesSent: 1,
      timesFailed: 0,
      status: 'ok',
      lastNotification: expect.any(String),
      lastSuccess: expect.any(String),
    });
  });

  it('puts @context into ld+json and sends receiverInfo and the tenant as headers', async () => {
    const headers = { 'NGSILD-Tenant': 'idrija' };
    const { call, receiver } = await setup(
      { notification: { endpoint: { accept: 'application/ld+json', receiverInfo: [{ key: 'X-Key', value: 'k1' }] } } },
      { headers },
    );
    await call('POST', '/entities', entity());
    await call('POST', '/entities', entity(), headers);
    await arrived(receiver, 1);
    await quiet();
    expect(receiver.received).toHaveLength(1);
    const [{ body, headers: sent }] = receiver.received as [Receiver['received'][0]];
    expect(sent['content-type']).toBe('application/ld+json');
    expect(sent['link']).toBeUndefined();
    expect(body['@context']).toBeDefined();
    expect(body['data']).toMatchObject([{ '@context': body['@context'] }]);
    expect(sent['x-key']).toBe('k1');
    expect(sent['ngsild-tenant']).toBe('idrija');
  });

  it.each([
    ['keyValues', {}, { id: ID, type: 'WaterObserved', level: 1, name: 'Bela' }],
    ['simplified', { attributes: ['level'] }, { id: ID, type: 'WaterObserved', level: 1 }],
    ['concise', { attributes: ['level'] }, { id: ID, type: 'WaterObserved', level: { value: 1, unitCode: 'MTR' } }],
    ['normalized', { pick: ['id', 'level'] }, { id: ID, level: level(1) }],
    ['keyValues', { omit: ['level', 'type'] }, { id: ID, name: 'Bela' }],
  ])('in format %s with %j', async (format, choice, expected) => {
    const { call, receiver } = await setup({ notification: { format, ...choice } });
    await call('POST', '/entities', entity());
    await arrived(receiver, 1);
    expect(receiver.received[0]?.body.data).toEqual([expected]);
  });

  it('understands a q that is percent-encoded as in a URL', async () => {
    const { call, receiver } = await setup({ q: 'name==%22Bela%22;level%3E0' });
    await call('POST', '/entities', entity());
    await arrived(receiver, 1);
  });

  it('shows system attributes and changes when asked to', async () => {
    const { call, receiver } = await setup({ notification: { sysAttrs: true, showChanges: true } });
    await call('POST', '/entities', entity());
    await call('PATCH', `/entities/${ID}/attrs`, { level: level(2) });
    await arrived(receiver, 2);
    expect(receiver.received[0]?.body.data[0].level.previousValue).toBeUndefined();
    const [second] = receiver.received[1]!.body.data;
    expect(second).toMatchObject({
      createdAt: expect.any(String),
      modifiedAt: expect.any(String),
      level: { value: 2, previousValue: 1, modifiedAt: expect.any(String) },
    });
    expect(second.name.previousValue).toBeUndefined();
  });

  it.each([
    ['flat', { at: 'urn:ngsi-ld:City:idrija' }, [{ id: 'urn:ngsi-ld:City:idrija', type: 'City', name: 'Idrija' }]],
    ['inline', { at: { id: 'urn:ngsi-ld:City:idrija', type: 'City', name: 'Idrija' } }, []],
  ])('joins linked entities: %s', async (join, relationship, linked) => {
    const { call, receiver } = await setup({ notification: { format: 'keyValues', join } });
    await call('POST', '/entities', { id: 'urn:ngsi-ld:City:idrija', type: 'City', name: 'Idrija' });
    await call('POST', '/entities', entity({ at: { type: 'Relationship', object: 'urn:ngsi-ld:City:idrija' } }));
    await arrived(receiver, 1);
    expect(receiver.received[0]?.body.data).toEqual([
      { id: ID, type: 'WaterObserved', level: 1, name: 'Bela', ...relationship },
      ...linked,
    ]);
  });

  it('is a FeatureCollection for geo+json', async () => {
    const { call, receiver } = await setup({ notification: { endpoint: { accept: 'application/geo+json' } } });
    const location = { type: 'Point', coordinates: [14.02, 46] };
    await call('POST', '/entities', entity({ location: { type: 'GeoProperty', value: location } }));
    await arrived(receiver, 1);
    expect(receiver.received[0]?.headers['content-type']).toBe('application/geo+json');
    expect(receiver.received[0]?.body.data).toMatchObject({
      type: 'FeatureCollection',
      features: [{ id: ID, type: 'Feature', geometry: location, properties: { type: 'WaterObserved' } }],
    });
  });

  it('tells all entities of one request at once, over one connection', async () => {
    const { call, receiver } = await setup();
    const ids = [1, 2, 3].map((n) => `${ID}-${n}`);
    for (const value of [1, 2]) {
      await call(
        'POST',
        '/entityOperations/upsert',
        ids.map((id) => ({ id, type: 'WaterObserved', level: level(value) })),
      );
      await arrived(receiver, value);
    }
    await quiet();
    expect(receiver.received.map(({ body }) => body.data.map(({ id }: { id: string }) => id))).toEqual([ids, ids]);
    expect(new Set(receiver.received.map(({ connection }) => connection)).size).toBe(1);
  });
});

describe('what leads to a notification', () => {
  it('a write of a watched attribute, also with the same value; not one of another', async () => {
    const { call, receiver } = await setup({ watchedAttributes: ['level'] });
    await call('POST', '/entities', entity());
    await arrived(receiver, 1);
    await call('PATCH', `/entities/${ID}/attrs`, { name: 'Belca' });
    await call('PATCH', `/entities/${ID}/attrs`, { level: level(1) });
    await arrived(receiver, 2);
    await quiet();
    expect(receiver.received).toHaveLength(2);
  });

  it('only entities that it is about: type, id, idPattern', async () => {
    const entities = [{ type: 'Device' }, { id: `${ID}-1`, type: 'WaterObserved' }, { idPattern: '-[89]$', type: 'WaterObserved' }];
    const { call, receiver } = await setup({ entities, notification: { format: 'keyValues' } });
    for (const n of [1, 2, 8]) await call('POST', '/entities', { id: `${ID}-${n}`, type: 'WaterObserved', level: 1 });
    await call('POST', '/entities', { id: 'urn:ngsi-ld:Device:1', type: 'Device', level: 1 });
    await arrived(receiver, 3);
    await quiet();
    expect(receiver.received.map(({ body }) => body.data[0].id)).toEqual([`${ID}-1`, `${ID}-8`, 'urn:ngsi-ld:Device:1']);
  });

  it.each([
    ['q', { q: 'level>3' }, { level: level(4) }, { level: level(2) }],
    [
      'geoQ',
      { geoQ: { geometry: 'Point', coordinates: [14, 46], georel: 'near;maxDistance==1000' } },
      { location: { type: 'GeoProperty', value: { type: 'Point', coordinates: [14.001, 46] } } },
      { location: { type: 'GeoProperty', value: { type: 'Point', coordinates: [15, 46] } } },
    ],
    ['scopeQ', { scopeQ: '/Idrija/#' }, { scope: '/Idrija/Center' }, { scope: '/Cerkno' }],
  ])('only when the new state fulfils %s', async (_what, condition, fits, fails) => {
    const { call, receiver } = await setup(condition);
    await call('POST', '/entities', entity({ id: `${ID}-1`, ...fails }));
    await call('POST', '/entities', entity({ id: `${ID}-2`, ...fits }));
    await arrived(receiver, 1);
    await quiet();
    expect(receiver.received.map(({ body }) => body.data[0].id)).toEqual([`${ID}-2`]);
  });

  it('nothing of a paused subscription, and again after it is activated', async () => {
    const { call, receiver } = await setup({ isActive: false });
    await call('POST', '/entities', entity());
    await quiet();
    expect(receiver.received).toHaveLength(0);
    await call('PATCH', `/subscriptions/${SUBSCRIPTION}`, { isActive: true });
    await call('PATCH', `/entities/${ID}/attrs`, { level: level(2) });
    await arrived(receiver, 1);
  });

  it('nothing of a deleted subscription', async () => {
    const { call, receiver } = await setup();
    await call('DELETE', `/subscriptions/${SUBSCRIPTION}`);
    await call('POST', '/entities', entity());
    await quiet();
    expect(receiver.received).toHaveLength(0);
  });

  it('no deletion unless it is asked for', async () => {
    const { call, receiver } = await setup();
    await call('POST', '/entities', entity());
    await call('DELETE', `/entities/${ID}/attrs/name`);
    await call('DELETE', `/entities/${ID}`);
    await arrived(receiver, 1);
    await quiet();
    expect(receiver.received).toHaveLength(1);
  });

  it('entityDeleted: the id, the type and the time', async () => {
    const { call, receiver } = await setup({ notificationTrigger: ['entityDeleted'] });
    await call('POST', '/entities', entity());
    await call('DELETE', `/entities/${ID}`);
    await arrived(receiver, 1);
    expect(receiver.received.map(({ body }) => body.data)).toEqual([[{ id: ID, type: 'WaterObserved', deletedAt: expect.any(String) }]]);
  });

  it('attributeDeleted: the attribute with null, and what it was with showChanges', async () => {
    const { call, receiver } = await setup({
      notificationTrigger: ['attributeDeleted'],
      notification: { showChanges: true, sysAttrs: false },
    });
    await call(
      'POST',
      '/entities',
      entity({
        at: { type: 'Relationship', object: 'urn:ngsi-ld:Device:1' },
        label: { type: 'LanguageProperty', languageMap: { sl: 'Bela' } },
      }),
    );
    for (const name of ['level', 'at', 'label']) await call('DELETE', `/entities/${ID}/attrs/${name}`);
    await arrived(receiver, 3);
    const [byLevel, byAt, byLabel] = receiver.received.map(({ body }) => body.data[0]);
    expect(byLevel.level).toEqual({ type: 'Property', value: 'urn:ngsi-ld:null', previousValue: 1 });
    expect(byLevel.name).toEqual({ type: 'Property', value: 'Bela' });
    expect(byAt.at).toEqual({ type: 'Relationship', object: 'urn:ngsi-ld:null', previousObject: 'urn:ngsi-ld:Device:1' });
    expect(byLabel.label).toEqual({
      type: 'LanguageProperty',
      languageMap: { '@none': 'urn:ngsi-ld:null' },
      previousLanguageMap: { sl: 'Bela' },
    });
  });

  it('attributeDeleted: one instance of several', async () => {
    const { call, receiver } = await setup({ notificationTrigger: ['attributeDeleted'] });
    const datasetId = 'urn:ngsi-ld:Dataset:2';
    await call('POST', '/entities', entity({ level: [level(1), { ...level(2), datasetId }] }));
    await call('DELETE', `/entities/${ID}/attrs/level?datasetId=${datasetId}`);
    await arrived(receiver, 1);
    expect(receiver.received[0]?.body.data[0].level).toEqual([level(1), { type: 'Property', value: 'urn:ngsi-ld:null', datasetId }]);
  });

  it('entityCreated alone does not tell of updates', async () => {
    const { call, receiver } = await setup({ notificationTrigger: ['entityCreated'] });
    await call('POST', '/entities', entity());
    await call('PATCH', `/entities/${ID}/attrs`, { level: level(2) });
    await arrived(receiver, 1);
    await quiet();
    expect(receiver.received).toHaveLength(1);
  });
});

describe('when it is sent', () => {
  it('with timeInterval: again and again, without a change', async () => {
    const { call, receiver } = await setup({ timeInterval: 0.1, q: 'level>0', notification: { format: 'keyValues' } });
    await call('POST', '/entities', entity());
    await call('POST', '/entities', entity({ id: `${ID}-dry`, level: level(0) }));
    await arrived(receiver, 3);
    expect(receiver.received[2]?.body.data).toEqual([{ id: ID, type: 'WaterObserved', level: 1, name: 'Bela' }]);
  });

  it('with throttling: never earlier, then the last state', async () => {
    const { call, receiver } = await setup({ throttling: 0.4, notification: { format: 'keyValues' } });
    await call('POST', '/entities', entity());
    await arrived(receiver, 1);
    const first = Date.now();
    for (const value of [2, 3, 4]) await call('PATCH', `/entities/${ID}/attrs`, { level: level(value) });
    await quiet();
    expect(receiver.received).toHaveLength(1);
    await arrived(receiver, 2);
    expect(Date.now() - first).toBeGreaterThan(300);
    expect(receiver.received[1]?.body.data).toEqual([{ id: ID, type: 'WaterObserved', level: 4, name: 'Bela' }]);
    await quiet();
    expect(receiver.received).toHaveLength(2);
  });

  it('goes on after it was paused while something was held back', async () => {
    const { call, receiver } = await setup({ throttling: 0.2 });
    await call('POST', '/entities', entity());
    await arrived(receiver, 1);
    await call('PATCH', `/entities/${ID}/attrs`, { level: level(2) });
    await call('PATCH', `/subscriptions/${SUBSCRIPTION}`, { isActive: false });
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(receiver.received).toHaveLength(1);
    await call('PATCH', `/subscriptions/${SUBSCRIPTION}`, { isActive: true });
    await call('PATCH', `/entities/${ID}/attrs`, { level: level(3) });
    await arrived(receiver, 2);
  });

  it('takes a throttling and an interval longer than any timer', async () => {
    const { call, receiver } = await setup({ throttling: 10_000_000 });
    await call('POST', '/entities', entity());
    await arrived(receiver, 1);
    await call('PATCH', `/entities/${ID}/attrs`, { level: level(2) });
    const periodic = await setup({ timeInterval: 10_000_000 });
    await periodic.call('POST', '/entities', entity());
    await quiet();
    expect([receiver.received.length, periodic.receiver.received.length]).toEqual([1, 0]);
  });

  it('counts failures, keeps the cooldown and recovers', async () => {
    const { call, receiver, subscription } = await setup({ notification: { format: 'keyValues', endpoint: { cooldown: 300 } } });
    receiver.answer = { status: 500 };
    await call('POST', '/entities', entity());
    await arrived(receiver, 1);
    await quiet();
    expect((await subscription()).notification).toMatchObject({
      timesSent: 1,
      timesFailed: 1,
      status: 'failed',
      lastFailure: expect.any(String),
    });
    receiver.answer = {};
    await call('PATCH', `/entities/${ID}/attrs`, { level: level(2) });
    expect(receiver.received).toHaveLength(1);
    await arrived(receiver, 2);
    await quiet();
    expect((await subscription()).notification).toMatchObject({ timesSent: 2, timesFailed: 1, status: 'ok' });
  });

  it('gives up on a receiver that does not answer within timeout', async () => {
    const { call, receiver, subscription } = await setup({ notification: { endpoint: { timeout: 100 } } });
    receiver.answer = { hang: true };
    await call('POST', '/entities', entity());
    await arrived(receiver, 1);
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect((await subscription()).notification).toMatchObject({ timesFailed: 1, lastErrorReason: expect.stringContaining('100 ms') });
  });

  it('tells a receiver that was slow every value of every entity, those of different entities together', async () => {
    const { call, receiver } = await setup({ notification: { endpoint: { timeout: 1_500 } } });
    receiver.answer = { hang: true };
    await call('POST', '/entities', entity({ id: `${ID}-0` }));
    await arrived(receiver, 1);
    const written: string[] = [];
    for (let value = 1; value <= 120; value++) {
      const id = `${ID}-${value % 4}`;
      await call('POST', '/entityOperations/upsert', [entity({ id, level: level(value) })]);
      written.push(`${id} ${value}`);
    }
    receiver.answer = {};
    const told = (): string[] =>
      receiver.received
        .slice(1)
        .flatMap(({ body }) => body.data.map((one: { id: string; level: { value: number } }) => `${one.id} ${one.level.value}`));
    await until(() => told().length === 120, 'all values');
    expect(told()).toEqual(written);
    expect(receiver.received.length).toBeLessThan(60);
  });

  it('stays active in strict however often it fails', async () => {
    const { call, receiver, subscription } = await setup();
    receiver.answer = { status: 500 };
    await call('POST', '/entities', entity());
    for (let value = 2; value < 7; value++) await call('PATCH', `/entities/${ID}/attrs`, { level: level(value) });
    await arrived(receiver, 6);
    await quiet();
    expect(await subscription()).toMatchObject({ status: 'active', notification: { timesFailed: 6 } });
  });
});

describe('profile orion', () => {
  it('pauses after three failures in a row until it is activated', async () => {
    const { call, receiver, subscription } = await setup({}, { profile: 'orion' });
    receiver.answer = { status: 500 };
    await call('POST', '/entities', entity());
    for (let value = 2; value < 7; value++) {
      await quiet();
      await call('PATCH', `/entities/${ID}/attrs`, { level: level(value) });
    }
    await quiet();
    expect(receiver.received).toHaveLength(3);
    expect(await subscription()).toMatchObject({ status: 'paused', isActive: false, notification: { consecutiveErrors: 3 } });
    receiver.answer = {};
    await call('PATCH', `/subscriptions/${SUBSCRIPTION}`, { isActive: true });
    await call('PATCH', `/entities/${ID}/attrs`, { level: level(9) });
    await arrived(receiver, 4);
  });

  it('names the subscription in the URL and the format in a header', async () => {
    const { call, receiver } = await setup({ notification: { format: 'keyValues' } }, { profile: 'orion' });
    await call('POST', '/entities', entity());
    await arrived(receiver, 1);
    expect(new URL(receiver.received[0]!.url, 'http://x').searchParams.get('subscriptionId')).toBe(SUBSCRIPTION);
    expect(receiver.received[0]?.headers['ngsild-attribute-format']).toBe('Simplified');
  });

  it('takes a 200 without Content-Length for a failure and a 204 for a success', async () => {
    const { call, receiver, subscription } = await setup({}, { profile: 'orion' });
    receiver.answer = { status: 200, headers: { 'Transfer-Encoding': 'chunked' } };
    await call('POST', '/entities', entity());
    await arrived(receiver, 1);
    await quiet();
    expect((await subscription()).notification).toMatchObject({ timesFailed: 1 });
    receiver.answer = { status: 204 };
    await call('PATCH', `/entities/${ID}/attrs`, { level: level(2) });
    await arrived(receiver, 2);
    await quiet();
    expect((await subscription()).notification).toMatchObject({ timesFailed: 1, lastSuccess: expect.any(String) });
  });

  it('forgets what falls into the throttling', async () => {
    const { call, receiver } = await setup({ throttling: 0.3 }, { profile: 'orion' });
    await call('POST', '/entities', entity());
    await arrived(receiver, 1);
    await call('PATCH', `/entities/${ID}/attrs`, { level: level(2) });
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(receiver.received).toHaveLength(1);
  });
});

describe('over MQTT', () => {
  it.each([
    ['the default', undefined, 0],
    ['MQTT 3.1.1 and QoS 1', 'mqtt3.1.1', 1],
  ] as const)('with %s: metadata and body on the topic of the endpoint', async (_what, version, qos) => {
    const users = [{ username: 'broker', password: 'p@ss' }];
    const mqttBroker = await startMqttBroker({
      port: 0,
      users,
      topics: [],
      accept: () => Promise.resolve(),
      logger: pino({ level: 'silent' }),
    });
    closeLater(() => mqttBroker.close());
    const listener = await mqtt.connectAsync(mqttBroker.url, { username: 'broker', password: 'p@ss', reconnectPeriod: 0 }, false);
    closeLater(() => listener.endAsync(true));
    const messages: { topic: string; qos: number; json: { metadata: Record<string, string>; body: Record<string, unknown> } }[] = [];
    listener.on('message', (topic, payload, packet) => messages.push({ topic, qos: packet.qos, json: JSON.parse(payload.toString()) }));
    await listener.subscribeAsync('notify/#', { qos: 2 });
    const uri = `mqtt://broker:p%40ss@127.0.0.1:${mqttBroker.port}/notify/water`;
    const notifierInfo = [
      { key: 'MQTT-QoS', value: `${qos}` },
      ...(version === undefined ? [] : [{ key: 'MQTT-Version', value: version }]),
    ];
    const { call, subscription } = await setup({
      notification: { format: 'keyValues', endpoint: { uri, notifierInfo, receiverInfo: [{ key: 'X-Key', value: 'k1' }] } },
    });
    await call('POST', '/entities', entity());
    await until(() => messages.length === 1, 'an MQTT message');
    expect(messages[0]).toMatchObject({
      topic: 'notify/water',
      qos,
      json: {
        metadata: { 'Content-Type': 'application/json', Link: expect.any(String), 'X-Key': 'k1' },
        body: { type: 'Notification', subscriptionId: SUBSCRIPTION, data: [{ id: ID, level: 1 }] },
      },
    });
    await quiet();
    expect((await subscription()).notification).toMatchObject({ timesSent: 1, timesFailed: 0 });
  });

  it('counts a broker that is away as a failure', async () => {
    const { call, subscription } = await setup({ notification: { endpoint: { uri: 'mqtt://127.0.0.1:9/t', timeout: 500 } } });
    await call('POST', '/entities', entity());
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect((await subscription()).notification).toMatchObject({ timesSent: 1, timesFailed: 1 });
  });
});
