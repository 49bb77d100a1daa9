import { describe, expect, it } from '@jest/globals';
import { errorType, LD, sensor, useBroker } from './broker.ts';

const operations = '/entityOperations';

describe.each(['strict', 'orion'] as const)('batch operations, %s', (profile) => {
  const { call } = useBroker({ profile });
  const values = async (id: string): Promise<unknown> => (await call('GET', `/entities/${id}?options=keyValues`)).json;

  it('create: 201 with all ids', async () => {
    const batch = [sensor({ a: 1 }), sensor({ a: 2 })];
    expect(await call('POST', `${operations}/create`, batch)).toMatchObject({ status: 201, json: batch.map(({ id }) => id) });
  });

  it('create: 207 names those that exist, are there twice or are wrong; the others are created', async () => {
    const old = sensor();
    await call('POST', '/entities', old);
    const fresh = sensor({ a: 1 });
    const wrong = sensor({ a: null });
    const answer = await call('POST', `${operations}/create`, [old, fresh, fresh, wrong]);
    expect(answer.status).toBe(207);
    expect(answer.headers.get('content-type')).toMatch('application/json');
    expect(answer.headers.get('link')).toBeNull();
    expect(answer.json).toMatchObject({
      success: [fresh.id],
      errors: [
        { entityId: old.id, error: { type: errorType('AlreadyExists'), status: 409 } },
        { entityId: fresh.id, error: { type: errorType('AlreadyExists'), status: 409 } },
        { entityId: wrong.id, error: { type: errorType('BadRequestData'), status: 400, title: expect.any(String) } },
      ],
    });
  });

  it('upsert: 201 with the created ids only, 204 when none is new', async () => {
    const old = sensor({ a: 1, b: 1 });
    await call('POST', '/entities', old);
    const fresh = sensor({ a: 1 });
    expect(await call('POST', `${operations}/upsert`, [{ ...old, b: undefined, a: 2 }, fresh])).toMatchObject({
      status: 201,
      json: [fresh.id],
    });
    expect(await values(old.id)).toEqual({ id: old.id, type: 'Sensor', a: 2 });
    expect(await call('POST', `${operations}/upsert`, [old, fresh])).toMatchObject({ status: 204, text: '' });
  });

  it('upsert?options=update keeps other attributes and replaces whole ones', async () => {
    const old = sensor({ a: { value: 1, unitCode: 'MTR' }, b: 1 });
    await call('POST', '/entities', old);
    expect((await call('POST', `${operations}/upsert?options=update`, [{ id: old.id, type: 'Sensor', a: { value: 2 } }])).status).toBe(204);
    expect((await call('GET', `/entities/${old.id}`)).json).toEqual({
      id: old.id,
      type: 'Sensor',
      a: { type: 'Property', value: 2 },
      b: { type: 'Property', value: 1 },
    });
  });

  it('one id twice in an upsert: the last one decides with replace, both with update', async () => {
    const { id } = sensor();
    const twice = [
      { id, type: 'Sensor', a: 1, first: true },
      { id, type: 'Sensor', a: 2 },
    ];
    expect(await call('POST', `${operations}/upsert`, twice)).toMatchObject({ status: 201, json: [id] });
    expect(await values(id)).toEqual({ id, type: 'Sensor', a: 2 });
    expect((await call('POST', `${operations}/upsert?options=update`, twice)).status).toBe(204);
    expect(await values(id)).toEqual({ id, type: 'Sensor', a: 2, first: true });
  });

  it('update: 204, 207 with 404 for unknown ones, and with noOverwrite for attributes that were there', async () => {
    const old = sensor({ a: 1 });
    await call('POST', '/entities', old);
    expect((await call('POST', `${operations}/update`, [{ ...old, a: 2, b: 2 }])).status).toBe(204);
    expect(await values(old.id)).toMatchObject({ a: 2, b: 2 });
    const unknown = sensor({ a: 1 });
    expect(await call('POST', `${operations}/update`, [{ ...old, a: 3 }, unknown])).toMatchObject({
      status: 207,
      json: {
        success: [old.id],
        errors: [{ entityId: unknown.id, error: { type: errorType('ResourceNotFound'), title: 'Entity not found', status: 404 } }],
      },
    });
    expect((await call('POST', `${operations}/update?options=noOverwrite`, [{ ...old, a: 9, c: 9 }])).status).toBe(207);
    expect(await values(old.id)).toMatchObject({ a: 3, c: 9 });
  });

  it('delete: 204, and 207 with 404 for unknown ones', async () => {
    const batch = [sensor(), sensor()];
    await call('POST', `${operations}/create`, batch);
    const [first, second] = batch.map(({ id }) => id);
    expect((await call('POST', `${operations}/delete`, [first])).status).toBe(204);
    expect(await call('POST', `${operations}/delete`, [first, second])).toMatchObject({
      status: 207,
      json: { success: [second], errors: [{ entityId: first, error: { status: 404 } }] },
    });
  });

  it.each(['create', 'upsert', 'update', 'delete'])('%s: an empty array, an object, a null item and no JSON are 400', async (operation) => {
    for (const body of ['[]', '{}', '[null]', '[{,}]', '']) {
      const answer = await call('POST', `${operations}/${operation}`, body);
      expect([body, answer.status]).toEqual([body, 400]);
    }
  });

  it('an item without id or type, or with the wrong place of its context, fails alone', async () => {
    const good = sensor();
    const withContext = { ...sensor(), '@context': [] };
    const answer = await call('POST', `${operations}/upsert`, [
      good,
      { type: 'Sensor' },
      { id: 'urn:ngsi-ld:Sensor:untyped' },
      withContext,
    ]);
    expect(answer).toMatchObject({ status: 207, json: { success: [good.id] } });
    const { errors } = answer.json as { errors: { entityId: string; error: { status: number } }[] };
    expect(errors.map(({ entityId, error }) => [entityId, error.status])).toEqual([
      [profile === 'orion' ? 'No Entity::id' : '', 400],
      ['urn:ngsi-ld:Sensor:untyped', 400],
      [withContext.id, 400],
    ]);
    const noContext = await call('POST', `${operations}/upsert`, [sensor()], LD);
    expect(noContext).toMatchObject({ status: 207, json: { success: [] } });
  });

  it('options are known ones; update and replace exclude each other', async () => {
    expect((await call('POST', `${operations}/upsert?options=update,replace`, [sensor()])).status).toBe(400);
    expect((await call('POST', `${operations}/upsert?options=wrong`, [sensor()])).status).toBe(400);
    expect((await call('POST', `${operations}/upsert?limit=1`, [sensor()])).status).toBe(400);
  });

  it('urn:ngsi-ld:null is no value in create and upsert', async () => {
    expect((await call('POST', `${operations}/upsert?options=update`, [sensor({ a: 'urn:ngsi-ld:null' })])).status).toBe(207);
  });
});

describe('batch operations, where the profiles differ', () => {
  const strict = useBroker();
  const orion = useBroker({ profile: 'orion' });

  it('merge: removes by urn:ngsi-ld:null; Orion-LD has none', async () => {
    const entity = sensor({ a: 1, b: { value: { x: 1, y: 2 } } });
    await strict.call('POST', '/entities', entity);
    expect(
      (
        await strict.call('POST', `${operations}/merge`, [
          { id: entity.id, a: 'urn:ngsi-ld:null', b: { value: { y: 'urn:ngsi-ld:null' } } },
        ])
      ).status,
    ).toBe(204);
    expect((await strict.call('GET', `/entities/${entity.id}?options=keyValues`)).json).toEqual({
      id: entity.id,
      type: 'Sensor',
      b: { x: 1 },
    });
    expect((await strict.call('POST', `${operations}/merge`, [sensor()])).status).toBe(207);
    expect((await orion.call('POST', `${operations}/merge`, [entity])).status).toBe(404);
  });

  it('datasetId: 501 for the item in Orion-LD', async () => {
    const batch = [sensor({ a: { value: 1, datasetId: 'urn:ngsi-ld:Dataset:1' } })];
    expect((await strict.call('POST', `${operations}/create`, batch)).status).toBe(201);
    expect(await orion.call('POST', `${operations}/create`, batch)).toMatchObject({
      status: 207,
      json: { errors: [{ error: { status: 501 } }] },
    });
  });

  it('another type in an update: added by the specification, refused by Orion-LD', async () => {
    const entity = sensor();
    for (const { call } of [strict, orion]) await call('POST', '/entities', entity);
    const retyped = [{ ...entity, type: 'Device' }];
    expect((await strict.call('POST', `${operations}/update`, retyped)).status).toBe(204);
    expect((await strict.call('GET', `/entities/${entity.id}`)).json).toMatchObject({ type: ['Sensor', 'Device'] });
    expect((await orion.call('POST', `${operations}/update`, retyped)).status).toBe(207);
  });

  it('delete of what is no URI, and of one id twice', async () => {
    expect((await strict.call('POST', `${operations}/delete`, ['x'])).status).toBe(207);
    expect((await orion.call('POST', `${operations}/delete`, ['x'])).status).toBe(400);
    const entity = sensor();
    for (const { call } of [strict, orion]) await call('POST', '/entities', entity);
    expect((await strict.call('POST', `${operations}/delete`, [entity.id, entity.id])).status).toBe(207);
    expect((await orion.call('POST', `${operations}/delete`, [entity.id, entity.id])).status).toBe(204);
  });

  it('over 1 MiB: 413 from Orion-LD', async () => {
    const batch = [sensor({ a: 'x'.repeat(1024 * 1024) })];
    expect((await strict.call('POST', `${operations}/create`, batch)).status).toBe(201);
    expect(await orion.call('POST', `${operations}/create`, batch)).toMatchObject({
      status: 413,
      json: { type: errorType('BadRequestData'), title: 'Request Entity too large' },
    });
  });
});
