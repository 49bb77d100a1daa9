import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { brokerUnderTest, PROBLEM } from './broker-under-test.ts';

const ENDPOINT = { uri: 'http://127.0.0.1:9/notify' };
const MINIMAL = { type: 'Subscription', entities: [{ type: 'WaterObserved' }], notification: { endpoint: ENDPOINT } };
const CONTEXT = { WaterObserved: 'https://example.org/water#WaterObserved', level: 'https://example.org/water#level' };
const PATHS = ['/subscriptions', '/csourceSubscriptions'] as const;

describe.each(PATHS)('%s', (path) => {
  it('creates with an id of its own or the given one, and refuses a second of it', async () => {
    const { call } = await brokerUnderTest();
    const created = await call('POST', path, MINIMAL);
    expect(created.status).toBe(201);
    expect(created.body).toBeUndefined();
    expect(created.headers.get('Location')).toMatch(new RegExp(`^/ngsi-ld/v1${path}/urn:ngsi-ld:Subscription:[0-9a-f-]{36}$`));
    const named = { id: 'urn:ngsi-ld:Subscription:one', ...MINIMAL };
    expect((await call('POST', path, named)).headers.get('Location')).toBe(`/ngsi-ld/v1${path}/urn:ngsi-ld:Subscription:one`);
    const again = await call('POST', path, named);
    expect(again.status).toBe(409);
    expect(again.body).toMatchObject({ type: `${PROBLEM}AlreadyExists`, title: expect.any(String) });
  });

  it('reads, changes and deletes one', async () => {
    const { call } = await brokerUnderTest();
    const id = 'urn:ngsi-ld:Subscription:one';
    await call('POST', path, { id, ...MINIMAL, description: 'first', throttling: 5 });
    const read = await call('GET', `${path}/${id}`);
    expect(read.status).toBe(200);
    expect(read.body).toMatchObject({ id, ...MINIMAL, description: 'first', throttling: 5, status: 'active', isActive: true });
    expect(read.body.notification).toMatchObject({ timesSent: 0, timesFailed: 0, status: 'ok' });
    expect(read.body.createdAt).toBeUndefined();
    const changed = await call('PATCH', `${path}/${id}`, { description: 'second', throttling: null, isActive: false });
    expect(changed.status).toBe(204);
    const after = (await call('GET', `${path}/${id}?options=sysAttrs`)).body;
    expect(after).toMatchObject({
      description: 'second',
      status: 'paused',
      isActive: false,
      createdAt: expect.any(String),
      modifiedAt: expect.any(String),
    });
    expect(after.throttling).toBeUndefined();
    expect((await call('DELETE', `${path}/${id}`)).status).toBe(204);
    for (const [method, body] of [['GET'], ['DELETE'], ['PATCH', { description: 'x' }]] as const) {
      const gone = await call(method, `${path}/${id}`, body);
      expect(gone.status).toBe(404);
      expect(gone.body.type).toBe(`${PROBLEM}ResourceNotFound`);
    }
  });

  it('names the URL of a context that was made for it', async () => {
    const { call } = await brokerUnderTest();
    const id = 'urn:ngsi-ld:Subscription:inline';
    const context = { Sensor: 'https://ex.org/Sensor' };
    expect((await call('POST', path, { id, ...MINIMAL, '@context': [context] })).status).toBe(201);
    const { jsonldContext } = (await call('GET', `${path}/${id}`)).body;
    expect((await call('GET', '/jsonldContexts?kind=ImplicitlyCreated')).body).toEqual([jsonldContext]);
    expect(await (await fetch(jsonldContext)).json()).toMatchObject({ '@context': [context, expect.any(String)] });
    await call('POST', path, { id: `${id}:plain`, ...MINIMAL });
    expect((await call('GET', `${path}/${id}:plain`)).body.jsonldContext).toBeUndefined();
  });

  it('lists page by page with the number of all', async () => {
    const { call } = await brokerUnderTest();
    for (const name of ['a', 'b', 'c']) await call('POST', path, { id: `urn:ngsi-ld:Subscription:${name}`, ...MINIMAL });
    const all = await call('GET', `${path}?count=true`);
    expect(all.status).toBe(200);
    expect(all.body.map(({ id }: { id: string }) => id.slice(-1))).toEqual(['a', 'b', 'c']);
    expect(all.headers.get('NGSILD-Results-Count')).toBe('3');
    const page = await call('GET', `${path}?limit=1&offset=1`);
    expect(page.body).toHaveLength(1);
    expect(page.body[0].id).toBe('urn:ngsi-ld:Subscription:b');
    expect(page.headers.get('Link')).toContain(`</ngsi-ld/v1${path}?limit=1&offset=2>;rel="next"`);
    expect(page.headers.get('Link')).toContain(`</ngsi-ld/v1${path}?limit=1&offset=0>;rel="prev"`);
    expect((await call('GET', `${path}?limit=0`)).status).toBe(400);
    expect((await call('GET', `${path}?limit=0&count=true`)).body).toEqual([]);
    expect((await call('GET', `${path}?colour=blue`)).status).toBe(400);
    expect((await call('GET', `${path}?options=colour`)).status).toBe(400);
  });

  it('refuses ids that are no URI and other verbs', async () => {
    const { call } = await brokerUnderTest();
    for (const method of ['GET', 'DELETE']) expect((await call(method, `${path}/one`)).status).toBe(400);
    expect((await call('PATCH', `${path}/one`, { description: 'x' })).status).toBe(400);
    expect((await call('PUT', path, MINIMAL)).status).toBe(405);
  });
});

describe('names', () => {
  it('are kept as IRIs and given back in the context of the reader', async () => {
    const { call } = await brokerUnderTest();
    const id = 'urn:ngsi-ld:Subscription:names';
    const written = {
      '@context': [CONTEXT],
      id,
      type: 'Subscription',
      entities: [{ type: 'WaterObserved' }],
      watchedAttributes: ['level'],
      notification: { attributes: ['level'], endpoint: ENDPOINT },
    };
    expect((await call('POST', '/subscriptions', written)).status).toBe(201);
    const plain = (await call('GET', `/subscriptions/${id}`)).body;
    expect(plain.entities).toEqual([{ type: CONTEXT.WaterObserved }]);
    expect(plain.watchedAttributes).toEqual([CONTEXT.level]);
    expect(plain.notification.attributes).toEqual([CONTEXT.level]);
    const ld = await call('GET', `/subscriptions/${id}`, undefined, { Accept: 'application/ld+json' });
    expect(ld.headers.get('Content-Type')).toContain('application/ld+json');
    expect(ld.body['@context']).toBeDefined();
  });
});

describe('what is refused with 400', () => {
  const of = (change: object): object => ({ ...MINIMAL, ...change });
  const endpoint = (change: object): object => of({ notification: { endpoint: { ...ENDPOINT, ...change } } });
  const notification = (change: object): object => of({ notification: { endpoint: ENDPOINT, ...change } });
  it.each([
    ['no type', { entities: MINIMAL.entities, notification: MINIMAL.notification }],
    ['another type', of({ type: 'Entity' })],
    ['an id that is no URI', of({ id: 'one' })],
    ['neither entities nor watchedAttributes', { type: 'Subscription', notification: MINIMAL.notification }],
    ['no notification', { type: 'Subscription', entities: MINIMAL.entities }],
    ['no endpoint', of({ notification: {} })],
    ['an unknown member', of({ colour: 'blue' })],
    ['an unknown member of notification', notification({ colour: 'blue' })],
    ['an unknown member of endpoint', endpoint({ colour: 'blue' })],
    ['an empty array of entities', of({ entities: [] })],
    ['an empty array of watchedAttributes', of({ watchedAttributes: [] })],
    ['an empty array of attributes', notification({ attributes: [] })],
    ['an entity without type', of({ entities: [{ id: 'urn:a:b' }] })],
    ['an entity id that is no URI', of({ entities: [{ id: 'b', type: 'T' }] })],
    ['an idPattern that is no pattern', of({ entities: [{ idPattern: '(', type: 'T' }] })],
    ['an unknown trigger', of({ notificationTrigger: ['entityChanged'] })],
    ['an expiry in the past', of({ expiresAt: '2000-01-01T00:00:00Z' })],
    ['an expiry that is no DateTime', of({ expiresAt: 'tomorrow' })],
    ['throttling of 0', of({ throttling: 0 })],
    ['a negative throttling', of({ throttling: -1 })],
    ['a timeInterval of 0', of({ timeInterval: 0 })],
    ['timeInterval with throttling', of({ timeInterval: 5, throttling: 5 })],
    ['timeInterval with watchedAttributes', of({ timeInterval: 5, watchedAttributes: ['level'] })],
    ['a broken q', of({ q: '((' })],
    ['a broken csf', of({ csf: '((' })],
    ['a broken scopeQ', of({ scopeQ: 'a//b' })],
    ['a geoQ without coordinates', of({ geoQ: { geometry: 'Point', georel: 'within' } })],
    ['isActive that is no boolean', of({ isActive: 'yes' })],
    ['an unknown format', notification({ format: 'xml' })],
    ['showChanges with keyValues', notification({ format: 'keyValues', showChanges: true })],
    ['attributes together with pick', notification({ attributes: ['a'], pick: ['b'] })],
    ['the same in pick and omit', notification({ pick: ['a'], omit: ['a'] })],
    ['an endpoint that is no URI', endpoint({ uri: 'nowhere' })],
    ['an endpoint of another scheme', endpoint({ uri: 'ftp://127.0.0.1/x' })],
    ['an MQTT endpoint without topic', endpoint({ uri: 'mqtt://127.0.0.1' })],
    ['an unknown accept', endpoint({ accept: 'text/html' })],
    ['a receiverInfo value that is no text', endpoint({ receiverInfo: [{ key: 'K', value: 42 }] })],
    ['a receiverInfo without value', endpoint({ receiverInfo: [{ key: 'K' }] })],
    ['an unknown MQTT version', endpoint({ uri: 'mqtt://127.0.0.1/t', notifierInfo: [{ key: 'MQTT-Version', value: 'mqtt9' }] })],
    ['an MQTT QoS of 3', endpoint({ uri: 'mqtt://127.0.0.1/t', notifierInfo: [{ key: 'MQTT-QoS', value: '3' }] })],
    ['a timeout of 0', endpoint({ timeout: 0 })],
    ['a jsonldContext that is no URL', of({ jsonldContext: 'x' })],
    ['a datasetId that is no URI', of({ datasetId: ['x'] })],
  ])('%s', async (_what, body) => {
    const { call } = await brokerUnderTest();
    const answer = await call('POST', '/subscriptions', body);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ type: `${PROBLEM}BadRequestData`, title: expect.any(String), detail: expect.any(String) });
  });

  it('broken JSON and an empty object', async () => {
    const { call } = await brokerUnderTest();
    const broken = await call('POST', '/subscriptions', '{"type": ');
    expect([broken.status, broken.body.type]).toEqual([400, `${PROBLEM}InvalidRequest`]);
    const empty = await call('POST', '/subscriptions', {});
    expect([empty.status, empty.body.type]).toEqual([400, `${PROBLEM}BadRequestData`]);
  });

  it('a change that leaves an invalid subscription', async () => {
    const { call } = await brokerUnderTest();
    const id = 'urn:ngsi-ld:Subscription:one';
    await call('POST', '/subscriptions', { id, ...MINIMAL });
    for (const fragment of [
      { notification: null },
      { notification: { endpoint: null } },
      { entities: null },
      { entities: [] },
      { expiresAt: '2000-01-01T00:00:00Z' },
      { type: 'Other' },
      { id: 'urn:ngsi-ld:Subscription:two' },
      { colour: 'blue' },
    ]) {
      expect([fragment, (await call('PATCH', `/subscriptions/${id}`, fragment)).status]).toEqual([fragment, 400]);
    }
    expect((await call('GET', `/subscriptions/${id}`)).body).toMatchObject(MINIMAL);
  });
});

describe('what is taken', () => {
  it('every member of the specification', async () => {
    const { call } = await brokerUnderTest();
    const id = 'urn:ngsi-ld:Subscription:full';
    const full = {
      id,
      type: 'Subscription',
      subscriptionName: 'levels',
      description: 'All of it',
      entities: [
        { idPattern: '.*', type: '(WaterObserved;Device)|Flood' },
        { id: 'urn:ngsi-ld:X:1', type: 'X' },
      ],
      watchedAttributes: ['level'],
      notificationTrigger: ['entityCreated', 'entityUpdated', 'entityDeleted', 'attributeCreated', 'attributeUpdated', 'attributeDeleted'],
      q: 'level>3|flow<2',
      geoQ: { geometry: 'Point', coordinates: [14, 46], georel: 'near;maxDistance==2000', geoproperty: 'location' },
      scopeQ: '/Idrija/#',
      isActive: true,
      notification: {
        attributes: ['level'],
        format: 'concise',
        sysAttrs: true,
        showChanges: true,
        endpoint: {
          uri: 'https://example.org/notify',
          accept: 'application/ld+json',
          receiverInfo: [{ key: 'X-Key', value: 'secret' }],
          notifierInfo: [{ key: 'Prefer', value: 'body=json' }],
          timeout: 2000,
          cooldown: 500,
        },
      },
      expiresAt: '2999-01-01T00:00:00Z',
      throttling: 5,
      lang: 'sl',
      datasetId: ['urn:ngsi-ld:Dataset:1'],
    };
    expect((await call('POST', '/subscriptions', full)).status).toBe(201);
    expect((await call('GET', `/subscriptions/${id}`)).body).toMatchObject(full);
  });

  it('null for expiresAt makes it unlimited; a passed one is shown as expired and may be prolonged', async () => {
    let now = '2026-05-01T00:00:00.000Z';
    const { call } = await brokerUnderTest({ clock: () => now });
    const id = 'urn:ngsi-ld:Subscription:one';
    await call('POST', '/subscriptions', { id, ...MINIMAL, expiresAt: '2026-05-02T00:00:00Z' });
    now = '2026-05-03T00:00:00.000Z';
    expect((await call('GET', `/subscriptions/${id}`)).body.status).toBe('expired');
    expect((await call('PATCH', `/subscriptions/${id}`, { expiresAt: '2026-06-01T00:00:00Z' })).status).toBe(204);
    expect((await call('GET', `/subscriptions/${id}`)).body.status).toBe('active');
    expect((await call('PATCH', `/subscriptions/${id}`, { expiresAt: null })).status).toBe(204);
    expect((await call('GET', `/subscriptions/${id}`)).body.expiresAt).toBeUndefined();
  });
});

it('keeps the tenants apart', async () => {
  const { call } = await brokerUnderTest();
  const id = 'urn:ngsi-ld:Subscription:one';
  expect((await call('POST', '/subscriptions', { id, ...MINIMAL }, { 'NGSILD-Tenant': 'idrija' })).status).toBe(201);
  expect((await call('GET', `/subscriptions/${id}`)).status).toBe(404);
  expect((await call('GET', `/subscriptions/${id}`, undefined, { 'NGSILD-Tenant': 'idrija' })).status).toBe(200);
  const unknown = await call('GET', '/subscriptions', undefined, { 'NGSILD-Tenant': 'nowhere' });
  expect([unknown.status, unknown.body.type]).toEqual([404, `${PROBLEM}NonexistentTenant`]);
});

it('keeps subscriptions over a restart', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'klavze-subscriptions-'));
  try {
    const dbFile = join(folder, 'broker.sqlite');
    const id = 'urn:ngsi-ld:Subscription:kept';
    const first = await brokerUnderTest({ dbFile });
    await first.call('POST', '/subscriptions', { id, ...MINIMAL });
    await first.broker.close();
    const second = await brokerUnderTest({ dbFile });
    expect((await second.call('GET', `/subscriptions/${id}`)).body).toMatchObject({ id, ...MINIMAL });
    await second.broker.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

describe('profile orion', () => {
  it('refuses cooldown and timeout with 400', async () => {
    const { call } = await brokerUnderTest({ profile: 'orion' });
    for (const member of ['cooldown', 'timeout']) {
      const answer = await call('POST', '/subscriptions', { ...MINIMAL, notification: { endpoint: { ...ENDPOINT, [member]: 500 } } });
      expect([member, answer.status]).toEqual([member, 400]);
    }
  });

  it.each([
    ['notificationTrigger', { notificationTrigger: ['entityCreated'] }],
    ['scopeQ', { scopeQ: '/a' }],
    ['csf', { csf: 'a==1' }],
    ['temporalQ', { temporalQ: {} }],
    ['mqtts', { notification: { endpoint: { uri: 'mqtts://127.0.0.1/t' } } }],
  ])('answers 501 to %s', async (_what, change) => {
    const { call } = await brokerUnderTest({ profile: 'orion' });
    expect((await call('POST', '/subscriptions', { ...MINIMAL, ...change })).status).toBe(501);
  });
});
