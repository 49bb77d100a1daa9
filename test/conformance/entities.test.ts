import { describe, expect, it } from '@jest/globals';
import { errorType, sensor, useBroker } from './broker.ts';

const speed = {
  type: 'Property',
  value: 10,
  unitCode: 'KMH',
  observedAt: '2026-05-01T10:00:00Z',
  accuracy: { type: 'Property', value: 1 },
};

describe.each(['strict', 'orion'] as const)('one entity, %s', (profile) => {
  const { call } = useBroker({ profile });

  it('is created with 201, an empty body and a Location, and read back as it was sent', async () => {
    const entity = sensor({ speed, owner: { type: 'Relationship', object: 'urn:ngsi-ld:Person:1' } });
    const created = await call('POST', '/entities', entity);
    expect(created).toMatchObject({ status: 201, text: '' });
    expect(created.headers.get('location')).toBe(`/ngsi-ld/v1/entities/${entity.id}`);
    const read = await call('GET', `/entities/${entity.id}`);
    expect(read.status).toBe(200);
    expect(read.json).toEqual({
      ...entity,
      speed: { ...speed, observedAt: profile === 'strict' ? speed.observedAt : '2026-05-01T10:00:00.000Z' },
    });
  });

  it('is refused a second time with 409', async () => {
    const entity = sensor();
    await call('POST', '/entities', entity);
    const again = await call('POST', '/entities', entity);
    expect(again).toMatchObject({
      status: 409,
      json: { type: errorType('AlreadyExists'), title: 'Entity already exists', detail: entity.id },
    });
    // Orion-LD tells the status in the status line only.
    expect(Object.hasOwn(again.json as object, 'status')).toBe(profile === 'strict');
  });

  it('is 404 when unknown, whatever the verb', async () => {
    for (const [method, path, body] of [
      ['GET', '', undefined],
      ['DELETE', '', undefined],
      ['PATCH', '', { speed: 1 }],
      ['PUT', '', { type: 'Sensor' }],
      ['POST', '/attrs', { speed: 1 }],
      ['PATCH', '/attrs', { speed: 1 }],
      ['PATCH', '/attrs/speed', { value: 1 }],
      ['PUT', '/attrs/speed', { value: 1 }],
      ['DELETE', '/attrs/speed', undefined],
    ] as const) {
      const answer = await call(method, `/entities/urn:ngsi-ld:Sensor:none${path}`, body);
      expect([method, path, answer.status, (answer.json as { type: string }).type]).toEqual([
        method,
        path,
        404,
        errorType('ResourceNotFound'),
      ]);
    }
  });

  it('is deleted with 204, then gone', async () => {
    const entity = sensor();
    await call('POST', '/entities', entity);
    expect((await call('DELETE', `/entities/${entity.id}`)).status).toBe(204);
    expect((await call('GET', `/entities/${entity.id}`)).status).toBe(404);
  });

  it('is merged by PATCH: what is not named stays, urn:ngsi-ld:null removes', async () => {
    const entity = sensor({ speed, brand: 'A', address: { value: { city: 'Idrija', street: 'Trg' } } });
    await call('POST', '/entities', entity);
    const patch = {
      speed: { value: 12, accuracy: 'urn:ngsi-ld:null' },
      brand: 'urn:ngsi-ld:null',
      address: { value: { street: 'urn:ngsi-ld:null', zip: 5280 } },
      new: { value: { a: 1, b: 'urn:ngsi-ld:null' } },
    };
    expect((await call('PATCH', `/entities/${entity.id}`, patch)).status).toBe(204);
    const { json } = await call('GET', `/entities/${entity.id}`);
    expect(json).not.toHaveProperty('brand');
    expect(json).toMatchObject({
      speed: { value: 12, unitCode: 'KMH' },
      address: { value: { city: 'Idrija', zip: 5280 } },
      new: { type: 'Property', value: { a: 1 } },
    });
    expect(json).not.toHaveProperty('speed.accuracy');
    expect(json).not.toHaveProperty('address.value.street');
  });

  it('is replaced by PUT and keeps its time of creation', async () => {
    const entity = sensor({ speed });
    await call('POST', '/entities', entity);
    const before = (await call('GET', `/entities/${entity.id}?options=sysAttrs`)).json as { createdAt: string };
    expect((await call('PUT', `/entities/${entity.id}`, { type: 'Sensor', height: 3 })).status).toBe(204);
    const after = (await call('GET', `/entities/${entity.id}?options=sysAttrs`)).json;
    expect(after).toMatchObject({ createdAt: before.createdAt, height: { value: 3 } });
    expect(after).not.toHaveProperty('speed');
    const noType = await call('PUT', `/entities/${entity.id}`, { height: 3 });
    expect(noType).toMatchObject({ status: 400, json: { title: 'Entity type is missing' } });
    expect((await call('PUT', `/entities/${entity.id}`, { id: 'urn:ngsi-ld:Sensor:other', type: 'Sensor' })).status).toBe(400);
  });

  it('ignores createdAt and modifiedAt of a request', async () => {
    const entity = sensor({ createdAt: '2000-01-01T00:00:00Z', speed: { value: 1, modifiedAt: '2000-01-01T00:00:00Z' } });
    expect((await call('POST', '/entities', entity)).status).toBe(201);
    const { text } = await call('GET', `/entities/${entity.id}?options=sysAttrs`);
    expect(text).not.toContain('2000-01-01');
  });

  it.each([
    ['no id', { type: 'Sensor' }],
    ['no type', { id: 'urn:ngsi-ld:Sensor:x' }],
    ['an id that is no URI', { id: 'x', type: 'Sensor' }],
    ['an id that stands for nothing', { id: 'urn:ngsi-ld:null', type: 'Sensor' }],
    ['a name with a space', sensor({ 'a b': 1 })],
    ['null as an attribute', sensor({ a: null })],
    ['null as a value', sensor({ a: { type: 'Property', value: null } })],
    ['an empty array as an attribute', sensor({ a: [] })],
    ['an empty array as a value', sensor({ a: { type: 'Property', value: [] } })],
    ['a Property without value', sensor({ a: { type: 'Property' } })],
    ['a Relationship without object', sensor({ a: { type: 'Relationship' } })],
    ['an object that is no URI', sensor({ a: { type: 'Relationship', object: 'nobody' } })],
    ['a Relationship with a value', sensor({ a: { type: 'Relationship', object: 'urn:a:b', value: 1 } })],
    ['unitCode on a Relationship', sensor({ a: { type: 'Relationship', object: 'urn:a:b', unitCode: 'MTR' } })],
    ['a languageMap of numbers', sensor({ a: { type: 'LanguageProperty', languageMap: { en: 5 } } })],
    ['an unknown attribute type', sensor({ a: { type: 'Thing', value: 1 } })],
    ['location as a Property', sensor({ location: { type: 'Property', value: 1 } })],
    ['a longitude beyond 180', sensor({ location: { type: 'Point', coordinates: [200, 0] } })],
    [
      'an open ring',
      sensor({
        location: {
          type: 'Polygon',
          coordinates: [
            [
              [0, 0],
              [1, 0],
              [1, 1],
              [0, 1],
            ],
          ],
        },
      }),
    ],
    ['a GeometryCollection', sensor({ location: { type: 'GeoProperty', value: { type: 'GeometryCollection', geometries: [] } } })],
    ['30 February', sensor({ a: { value: 1, observedAt: '2026-02-30T00:00:00Z' } })],
    ['a date without time', sensor({ a: { value: 1, observedAt: '2026-02-03' } })],
    ['seven decimals of a second', sensor({ a: { value: 1, observedAt: '2026-02-03T00:00:00.1234567Z' } })],
    ['second 60', sensor({ a: { value: 1, observedAt: '2026-02-03T00:00:60Z' } })],
    ['two default instances', sensor({ a: [{ value: 1 }, { value: 2 }] })],
    ['urn:ngsi-ld:null on creation', sensor({ a: 'urn:ngsi-ld:null' })],
    ['a JsonProperty of a number', sensor({ a: { type: 'JsonProperty', json: 5 } })],
    ['@context in application/json', sensor({ '@context': 'https://example.org/c.jsonld' })],
    ['an @context inside of an attribute', sensor({ a: { value: 1, '@context': {} } })],
  ])('refuses %s with 400 BadRequestData', async (_what, entity) => {
    const answer = await call('POST', '/entities', entity);
    expect(answer).toMatchObject({ status: 400, json: { type: errorType('BadRequestData') } });
    expect(answer.headers.get('content-type')).toMatch('application/json');
    expect(answer.headers.get('link')).toBeNull();
  });

  it('refuses names and depths that are meant to break it', async () => {
    const proto = await call('POST', '/entities', '{"id":"urn:ngsi-ld:Sensor:proto","type":"Sensor","__proto__":{"polluted":1}}');
    expect(proto.status).toBe(400);
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
    const depth = 100_000;
    const deep = `{"id":"urn:ngsi-ld:Sensor:deep","type":"Sensor","a":{"value":${'['.repeat(depth)}1${']'.repeat(depth)}}}`;
    expect((await call('POST', '/entities', deep)).status).toBe(400);
  });

  it('refuses an id in the path that is no URI', async () => {
    for (const method of ['GET', 'DELETE']) expect((await call(method, '/entities/nothing')).status).toBe(400);
  });
});

describe('one entity, where the profiles differ', () => {
  const strict = useBroker();
  const orion = useBroker({ profile: 'orion' });

  it('an offset in observedAt: refused as 4.6.3 says; Orion-LD converts it', async () => {
    const entity = sensor({ a: { value: 1, observedAt: '2026-05-01T12:00:00+02:00' } });
    expect((await strict.call('POST', '/entities', entity)).status).toBe(400);
    expect((await orion.call('POST', '/entities', entity)).status).toBe(201);
    expect((await orion.call('GET', `/entities/${entity.id}`)).json).toMatchObject({ a: { observedAt: '2026-05-01T10:00:00.000Z' } });
  });

  it('several types: an NGSI-LD entity may have them, one of Orion-LD not', async () => {
    const entity = sensor({ type: ['Sensor', 'Device'] });
    expect((await strict.call('POST', '/entities', entity)).status).toBe(201);
    expect((await orion.call('POST', '/entities', entity)).status).toBe(400);
  });

  it('an array of one: Orion-LD makes a scalar of it', async () => {
    const entity = sensor({ a: { type: 'Property', value: ['x'] } });
    await strict.call('POST', '/entities', entity);
    await orion.call('POST', '/entities', entity);
    expect((await strict.call('GET', `/entities/${entity.id}?options=keyValues`)).json).toMatchObject({ a: ['x'] });
    expect((await orion.call('GET', `/entities/${entity.id}?options=keyValues`)).json).toMatchObject({ a: 'x' });
  });

  it('datasetId in PUT and PATCH attrs: 501 of Orion-LD', async () => {
    const entity = sensor({ a: 1 });
    const fragment = { a: { value: 2, datasetId: 'urn:ngsi-ld:Dataset:1' } };
    for (const { call } of [strict, orion]) await call('POST', '/entities', entity);
    expect((await strict.call('PATCH', `/entities/${entity.id}/attrs`, fragment)).status).toBe(204);
    expect((await orion.call('PATCH', `/entities/${entity.id}/attrs`, fragment)).status).toBe(501);
    expect((await orion.call('PUT', `/entities/${entity.id}`, { type: 'Sensor', ...fragment })).status).toBe(501);
    expect((await strict.call('PUT', `/entities/${entity.id}`, { type: 'Sensor', ...fragment })).status).toBe(204);
  });

  it('another kind of attribute: Orion-LD refuses it', async () => {
    const entity = sensor({ a: 1 });
    for (const { call } of [strict, orion]) await call('POST', '/entities', entity);
    const fragment = { a: { type: 'Relationship', object: 'urn:a:b' } };
    expect((await strict.call('POST', `/entities/${entity.id}/attrs`, fragment)).status).toBe(204);
    expect(await orion.call('POST', `/entities/${entity.id}/attrs`, fragment)).toMatchObject({
      status: 400,
      json: { title: 'Attempt to transform a Property into a Relationship' },
    });
  });

  it('a field twice in one object: Orion-LD refuses it', async () => {
    const { id } = sensor();
    const text = `{"id":"${id}","type":"Sensor","a":1,"a":2}`;
    expect((await strict.call('POST', '/entities', text)).status).toBe(201);
    expect((await orion.call('POST', '/entities', text)).status).toBe(400);
  });
});
