import { describe, expect, it } from '@jest/globals';
import { brokerUnderTest, PROBLEM, type BrokerUnderTest } from './broker-under-test.ts';

const ID = 'urn:ngsi-ld:ContextSourceRegistration:one';
const ENDPOINT = 'http://my.csource.org:1026';
const MINIMAL = { type: 'ContextSourceRegistration', information: [{ entities: [{ type: 'WaterObserved' }] }], endpoint: ENDPOINT };
const PATH = '/csourceRegistrations';

async function withRegistration(change: object = {}): Promise<BrokerUnderTest> {
  const under = await brokerUnderTest();
  expect((await under.call('POST', PATH, { id: ID, ...MINIMAL, ...change })).status).toBe(201);
  return under;
}

describe('one registration', () => {
  it('is created with an id of its own or the given one, and a second of it refused', async () => {
    const { call } = await brokerUnderTest();
    const created = await call('POST', PATH, MINIMAL);
    expect([created.status, created.body]).toEqual([201, undefined]);
    expect(created.headers.get('Location')).toMatch(
      /^\/ngsi-ld\/v1\/csourceRegistrations\/urn:ngsi-ld:ContextSourceRegistration:[0-9a-f-]{36}$/,
    );
    expect((await call('POST', PATH, { id: ID, ...MINIMAL })).headers.get('Location')).toBe(`/ngsi-ld/v1${PATH}/${ID}`);
    const again = await call('POST', PATH, { id: ID, ...MINIMAL });
    expect([again.status, again.body.type]).toEqual([409, `${PROBLEM}AlreadyExists`]);
  });

  it('is read, changed and deleted', async () => {
    const { call } = await withRegistration({ registrationName: 'first', expiresAt: '2999-01-01T00:00:00Z', ownProperty: 'aValue' });
    const read = await call('GET', `${PATH}/${ID}`);
    expect(read.status).toBe(200);
    expect(read.body).toEqual({ id: ID, ...MINIMAL, registrationName: 'first', expiresAt: '2999-01-01T00:00:00Z', ownProperty: 'aValue' });
    expect((await call('PATCH', `${PATH}/${ID}`, { registrationName: 'second', expiresAt: null })).status).toBe(204);
    const after = (await call('GET', `${PATH}/${ID}?options=sysAttrs`)).body;
    expect(after).toEqual({
      id: ID,
      ...MINIMAL,
      registrationName: 'second',
      ownProperty: 'aValue',
      createdAt: expect.any(String),
      modifiedAt: expect.any(String),
    });
    expect((await call('DELETE', `${PATH}/${ID}`)).status).toBe(204);
    for (const [method, body] of [['GET'], ['DELETE'], ['PATCH', { registrationName: 'x' }]] as const) {
      const gone = await call(method, `${PATH}/${ID}`, body);
      expect([gone.status, gone.body.type]).toEqual([404, `${PROBLEM}ResourceNotFound`]);
    }
    expect((await call('GET', `${PATH}/one`)).status).toBe(400);
    expect((await call('PUT', `${PATH}/${ID}`, MINIMAL)).status).toBe(405);
  });

  it('is given in the names of the reader', async () => {
    const context = { WaterObserved: 'https://example.org/WaterObserved', level: 'https://example.org/level' };
    const { call } = await brokerUnderTest();
    await call('POST', PATH, {
      '@context': [context],
      id: ID,
      ...MINIMAL,
      information: [{ entities: [{ type: 'WaterObserved' }], propertyNames: ['level'] }],
    });
    const { body } = await call('GET', `${PATH}/${ID}`);
    expect(body.information).toEqual([{ entities: [{ type: context.WaterObserved }], propertyNames: [context.level] }]);
  });

  it('expires', async () => {
    let now = '2026-05-01T00:00:00.000Z';
    const { call } = await brokerUnderTest({ clock: () => now });
    await call('POST', PATH, { id: ID, ...MINIMAL, expiresAt: '2026-05-02T00:00:00Z' });
    now = '2026-05-03T00:00:00.000Z';
    expect((await call('GET', `${PATH}/${ID}`)).status).toBe(404);
  });

  it.each(['inclusive', 'redirect', 'auxiliary'])('takes mode %s', async (mode) => {
    const { call } = await withRegistration({ mode, operations: ['retrieveEntity', 'queryEntity'] });
    expect((await call('GET', `${PATH}/${ID}`)).body).toMatchObject({ mode, operations: ['retrieveEntity', 'queryEntity'] });
  });
});

describe('what is refused with 400', () => {
  const of = (change: object): object => ({ ...MINIMAL, ...change });
  it.each([
    ['another type', of({ type: 'Registration' })],
    ['an id that is no URI', of({ id: 'one' })],
    ['no information', { type: MINIMAL.type, endpoint: ENDPOINT }],
    ['empty information', of({ information: [] })],
    ['an empty piece of information', of({ information: [{}] })],
    ['no endpoint', { type: MINIMAL.type, information: MINIMAL.information }],
    ['an endpoint that is no URI', of({ endpoint: 'nowhere' })],
    ['an entity without type', of({ information: [{ entities: [{ id: 'urn:a:b' }] }] })],
    ['an empty array of names', of({ information: [{ propertyNames: [] }] })],
    ['an expiry in the past', of({ expiresAt: '2000-01-01T00:00:00Z' })],
    ['an unknown mode', of({ mode: 'shared' })],
    ['an unknown operation', of({ operations: ['flyAway'] })],
    ['writes of an auxiliary source', of({ mode: 'auxiliary', operations: ['updateEntity'] })],
    ['exclusive without an id', of({ mode: 'exclusive', information: [{ entities: [{ type: 'T' }], propertyNames: ['a'] }] })],
    [
      'exclusive with a pattern',
      of({ mode: 'exclusive', information: [{ entities: [{ idPattern: 'x', type: 'T' }], propertyNames: ['a'] }] }),
    ],
    ['exclusive without attributes', of({ mode: 'exclusive', information: [{ entities: [{ id: 'urn:a:b', type: 'T' }] }] })],
    ['management that is no object', of({ management: 'yes' })],
    ['a wrong cacheDuration', of({ management: { cacheDuration: 'bogus' } })],
    ['a cooldown of 0', of({ management: { cooldown: 0 } })],
    ['a contextSourceInfo value that is no text', of({ contextSourceInfo: [{ key: 'K', value: 1 }] })],
    ['an interval without start', of({ observationInterval: { endAt: '2026-01-01T00:00:00Z' } })],
    ['a location that is no geometry', of({ location: { type: 'Point', coordinates: [200, 0] } })],
  ])('%s', async (_what, body) => {
    const { call } = await brokerUnderTest();
    const answer = await call('POST', PATH, body);
    expect(answer.body).toMatchObject({ type: `${PROBLEM}BadRequestData`, title: expect.any(String), detail: expect.any(String) });
    expect(answer.status).toBe(400);
  });

  it('a change that leaves an invalid registration', async () => {
    const { call } = await withRegistration();
    for (const fragment of [
      { information: null },
      { endpoint: null },
      { type: 'Other' },
      { id: 'urn:a:b' },
      { expiresAt: '2000-01-01T00:00:00Z' },
    ]) {
      expect([fragment, (await call('PATCH', `${PATH}/${ID}`, fragment)).status]).toEqual([fragment, 400]);
    }
  });
});

describe('conflicts (409)', () => {
  const claim = (id: string, mode: string, propertyNames: string[]): object => ({
    id: `urn:ngsi-ld:ContextSourceRegistration:${id}`,
    ...MINIMAL,
    mode,
    information: [{ entities: [{ id: 'urn:ngsi-ld:WaterObserved:1', type: 'WaterObserved' }], propertyNames }],
  });

  it('one source alone holds an attribute exclusively', async () => {
    const { call } = await brokerUnderTest();
    expect((await call('POST', PATH, claim('a', 'exclusive', ['level']))).status).toBe(201);
    expect((await call('POST', PATH, claim('b', 'exclusive', ['level']))).status).toBe(409);
    expect((await call('POST', PATH, claim('b', 'redirect', ['level']))).status).toBe(409);
    expect((await call('POST', PATH, claim('b', 'exclusive', ['flow']))).status).toBe(201);
    expect((await call('POST', PATH, claim('c', 'inclusive', ['level']))).status).toBe(201);
  });

  it('what is kept here cannot be claimed by exclusive or redirect', async () => {
    const { call } = await brokerUnderTest();
    await call('POST', '/entities', { id: 'urn:ngsi-ld:WaterObserved:1', type: 'WaterObserved', level: 1 });
    const answer = await call('POST', PATH, claim('a', 'redirect', ['level']));
    expect([answer.status, answer.body.type]).toEqual([409, `${PROBLEM}Conflict`]);
  });
});

describe('GET /csourceRegistrations', () => {
  const interval = { startAt: '2026-01-01T00:00:00Z', endAt: '2026-02-01T00:00:00Z' };
  const SOURCES: Record<string, object> = {
    water: {
      information: [{ entities: [{ type: 'WaterObserved' }], propertyNames: ['level'] }],
      location: { type: 'Point', coordinates: [14, 46] },
    },
    river: {
      information: [{ entities: [{ id: 'urn:ngsi-ld:WaterObserved:1', type: 'WaterObserved' }] }],
      ownProperty: 'aValue',
      scope: '/Idrija',
    },
    names: { information: [{ propertyNames: ['level'], relationshipNames: ['basin'] }], endpoint: 'http://other.org' },
    device: { information: [{ entities: [{ idPattern: 'Device:[0-9]+$', type: 'Device' }] }] },
    past: { information: MINIMAL.information, observationInterval: interval, managementInterval: interval },
  };

  async function withSources(): Promise<BrokerUnderTest> {
    const under = await brokerUnderTest();
    for (const [name, change] of Object.entries(SOURCES)) {
      const { status } = await under.call('POST', PATH, { id: `urn:ngsi-ld:ContextSourceRegistration:${name}`, ...MINIMAL, ...change });
      expect(status).toBe(201);
    }
    return under;
  }

  it.each([
    ['type=WaterObserved', ['water', 'river', 'names']],
    ['type=WaterObserved,Device', ['water', 'river', 'names', 'device']],
    ['attrs=basin', ['river', 'names', 'device']],
    ['type=Device&id=urn:ngsi-ld:Device:7', ['names', 'device']],
    ['type=Device&id=urn:ngsi-ld:Device:x', ['names']],
    ['type=WaterObserved&id=urn:ngsi-ld:WaterObserved:2', ['water', 'names']],
    ['type=WaterObserved&csf=endpoint=="http://other.org"', ['names']],
    ['type=WaterObserved&q=ownProperty=="aValue"', ['river']],
    ['type=WaterObserved&scopeQ=/Idrija', ['river']],
    ['type=WaterObserved&georel=near;maxDistance==2000&geometry=Point&coordinates=[14.001,46]', ['water']],
    ['type=WaterObserved&timerel=after&timeAt=2026-01-15T00:00:00Z', ['past']],
    ['type=WaterObserved&timerel=after&timeAt=2026-03-01T00:00:00Z', []],
    ['type=WaterObserved&timerel=before&timeAt=2026-03-01T00:00:00Z&timeproperty=modifiedAt', ['past']],
    ['type=WaterObserved&limit=1&offset=1', ['river']],
  ])('%s', async (query, names) => {
    const { call } = await withSources();
    const { status, body } = await call('GET', `${PATH}?${query}`);
    expect(status).toBe(200);
    expect(body.map(({ id }: { id: string }) => id.split(':').at(-1))).toEqual(names);
  });

  it('counts', async () => {
    const { call } = await withSources();
    const answer = await call('GET', `${PATH}?type=WaterObserved&limit=1&count=true`);
    expect(answer.headers.get('NGSILD-Results-Count')).toBe('3');
    expect(answer.headers.get('Link')).toContain('rel="next"');
  });

  it.each(['', '?limit=5', '?type=T&id=none', '?type=T&q=((', '?type=T&georel=within', '?type=T&timerel=before', '?type=T&colour=blue'])(
    '400: %s',
    async (query) => {
      const { call } = await withSources();
      expect((await call('GET', `${PATH}${query}`)).status).toBe(400);
    },
  );
});

it('profile orion lists all without a condition', async () => {
  const { call } = await brokerUnderTest({ profile: 'orion' });
  await call('POST', PATH, { id: ID, ...MINIMAL });
  const { status, body } = await call('GET', PATH);
  expect([status, body.length]).toEqual([200, 1]);
});
