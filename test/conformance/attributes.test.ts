import { describe, expect, it } from '@jest/globals';
import { errorType, sensor, useBroker } from './broker.ts';

const speed = { type: 'Property', value: 10, unitCode: 'KMH', accuracy: { type: 'Property', value: 1 } };

describe.each(['strict', 'orion'] as const)('attributes of an entity, %s', (profile) => {
  const { call } = useBroker({ profile });

  async function stored(members: Record<string, unknown>): Promise<string> {
    const entity = sensor(members);
    expect((await call('POST', '/entities', entity)).status).toBe(201);
    return `/entities/${entity.id}`;
  }

  it('POST /attrs replaces whole attributes and adds new ones', async () => {
    const path = await stored({ speed });
    expect((await call('POST', `${path}/attrs`, { speed: { value: 11 }, height: 2 })).status).toBe(204);
    expect((await call('GET', path)).json).toMatchObject({ speed: { type: 'Property', value: 11 }, height: { value: 2 } });
    expect((await call('GET', path)).json).not.toHaveProperty('speed.unitCode');
  });

  it('keeps names with a hyphen, as Smart Data Models have them', async () => {
    const path = await stored({ 'N-TOT': { type: 'Property', value: 4.2 } });
    expect((await call('GET', `${path}?attrs=N-TOT`)).json).toMatchObject({ 'N-TOT': { value: 4.2 } });
  });

  it('POST /attrs with noOverwrite answers 207 for what was there', async () => {
    const path = await stored({ speed });
    const answer = await call('POST', `${path}/attrs?options=noOverwrite`, { speed: { value: 11 }, height: 2 });
    expect(answer).toMatchObject({
      status: 207,
      json: { updated: ['height'], notUpdated: [{ attributeName: 'speed', reason: expect.any(String) }] },
    });
    expect((await call('GET', path)).json).toMatchObject({ speed: { value: 10 } });
  });

  it('PATCH /attrs replaces whole attributes; unknown ones are added, by Orion-LD refused', async () => {
    const path = await stored({ speed });
    const answer = await call('PATCH', `${path}/attrs`, { speed: { value: 11 }, height: 2 });
    const { json } = await call('GET', path);
    expect(json).toMatchObject({ speed: { value: 11 } });
    expect(json).not.toHaveProperty('speed.unitCode');
    if (profile === 'strict') {
      expect(answer.status).toBe(204);
      expect(json).toHaveProperty('height');
    } else {
      expect(answer).toMatchObject({ status: 207, json: { updated: ['speed'], notUpdated: [{ attributeName: 'height' }] } });
      expect(json).not.toHaveProperty('height');
    }
  });

  it('PATCH /attrs/{name} changes parts and keeps the rest', async () => {
    const path = await stored({ speed });
    expect((await call('PATCH', `${path}/attrs/speed`, { value: 12, observedAt: '2026-05-01T10:00:00.000Z' })).status).toBe(204);
    expect((await call('GET', path)).json).toMatchObject({ speed: { ...speed, value: 12, observedAt: '2026-05-01T10:00:00.000Z' } });
    await call('PATCH', `${path}/attrs/speed`, { unitCode: 'urn:ngsi-ld:null', accuracy: 'urn:ngsi-ld:null' });
    expect((await call('GET', `${path}?pick=speed`)).json).toEqual({
      speed: { type: 'Property', value: 12, observedAt: '2026-05-01T10:00:00.000Z' },
    });
  });

  it('PATCH /attrs/{name} replaces a languageMap, and takes single languages out of it', async () => {
    const thing = sensor({ street: { type: 'LanguageProperty', languageMap: { fr: 'Grand Place', nl: 'Grote Markt' }, note: 'kept' } });
    await call('POST', '/entities', thing);
    const patch = (languageMap: unknown) => call('PATCH', `/entities/${thing.id}/attrs/street`, { type: 'LanguageProperty', languageMap });
    const shown = async () => (await call('GET', `/entities/${thing.id}?attrs=street`)).json;
    expect((await patch({ fr: 'Place', es: 'Plaza' })).status).toBe(204);
    expect(await shown()).toMatchObject({ street: { languageMap: { fr: 'Place', es: 'Plaza' }, note: { value: 'kept' } } });
    expect(await shown()).not.toHaveProperty('street.languageMap.nl');
    expect((await patch({ es: 'urn:ngsi-ld:null' })).status).toBe(204);
    expect(await shown()).not.toHaveProperty('street.languageMap.es');
    expect(await shown()).toMatchObject({ street: { languageMap: { fr: 'Place' } } });
  });

  it('PATCH /attrs/{name} refuses another type, an empty fragment, a null inside of a value, and a scope', async () => {
    const path = await stored({ speed, scope: '/Idrija' });
    for (const [name, body] of [
      ['speed', { type: 'Relationship', object: 'urn:a:b' }],
      ['speed', {}],
      ['speed', { value: { a: 'urn:ngsi-ld:null' } }],
      ['speed', { datasetId: 'urn:ngsi-ld:null' }],
      ['scope', { value: '/Ljubljana' }],
    ] as const) {
      const answer = await call('PATCH', `${path}/attrs/${name}`, body);
      expect([body, answer.status, (answer.json as { type: string }).type]).toEqual([body, 400, errorType('BadRequestData')]);
    }
  });

  it('PUT /attrs/{name} replaces one; by another type not in Orion-LD', async () => {
    const path = await stored({ speed });
    expect((await call('PUT', `${path}/attrs/speed`, { value: 1 })).status).toBe(204);
    expect((await call('GET', `${path}?pick=speed`)).json).toEqual({ speed: { type: 'Property', value: 1 } });
    const relation = { type: 'Relationship', object: 'urn:a:b' };
    expect((await call('PUT', `${path}/attrs/speed`, relation)).status).toBe(profile === 'strict' ? 204 : 400);
    expect((await call('PUT', `${path}/attrs/none`, { value: 1 })).status).toBe(404);
    expect((await call('PUT', `${path}/attrs/@wrong`, { value: 1 })).status).toBe(400);
  });

  it('DELETE /attrs/{name} removes it, then answers 404; a scope too', async () => {
    const path = await stored({ speed, scope: '/Idrija' });
    expect((await call('DELETE', `${path}/attrs/speed`)).status).toBe(204);
    expect((await call('DELETE', `${path}/attrs/speed`)).status).toBe(404);
    expect((await call('DELETE', `${path}/attrs/scope`)).status).toBe(204);
    expect((await call('GET', path)).json).toEqual({ id: path.slice('/entities/'.length), type: 'Sensor' });
  });

  it('a type in the query must be one of the entity', async () => {
    const path = await stored({ speed });
    for (const [method, end, body] of [
      ['GET', '', undefined],
      ['PATCH', '/attrs/speed', { value: 1 }],
      ['POST', '/attrs', { speed: 1 }],
      ['DELETE', '/attrs/speed', undefined],
      ['DELETE', '', undefined],
    ] as const) {
      expect((await call(method, `${path}${end}?type=Vehicle`, body)).status).toBe(404);
    }
    expect((await call('DELETE', `${path}?type=Sensor`)).status).toBe(204);
  });
});

describe('instances by datasetId', () => {
  const { call } = useBroker();
  const gps = 'urn:ngsi-ld:Dataset:gps';

  it('are added, changed and removed one by one', async () => {
    const entity = sensor({ speed: [{ value: 1 }, { value: 2, datasetId: gps }] });
    const path = `/entities/${entity.id}`;
    const speeds = async (): Promise<unknown> => ((await call('GET', `${path}?options=keyValues`)).json as { speed?: unknown }).speed;
    await call('POST', '/entities', entity);
    expect(await speeds()).toEqual({ dataset: { '@none': 1, [gps]: 2 } });
    await call('PATCH', `${path}/attrs/speed`, { value: 3, datasetId: gps });
    await call('POST', `${path}/attrs`, { speed: { value: 4, datasetId: 'urn:ngsi-ld:Dataset:x' } });
    expect(await speeds()).toEqual({ dataset: { '@none': 1, [gps]: 3, 'urn:ngsi-ld:Dataset:x': 4 } });
    expect((await call('DELETE', `${path}/attrs/speed`)).status).toBe(204);
    expect((await call('PATCH', `${path}/attrs/speed`, { value: 9 })).status).toBe(404);
    expect((await call('DELETE', `${path}/attrs/speed?datasetId=${gps}`)).status).toBe(204);
    expect(await speeds()).toEqual({ dataset: { 'urn:ngsi-ld:Dataset:x': 4 } });
    expect((await call('DELETE', `${path}/attrs/speed?deleteAll=true`)).status).toBe(204);
    expect(await speeds()).toBeUndefined();
  });

  it('PATCH /attrs with urn:ngsi-ld:null removes one instance', async () => {
    const entity = sensor({ speed: [{ value: 1 }, { value: 2, datasetId: gps }] });
    await call('POST', '/entities', entity);
    expect(
      (await call('PATCH', `/entities/${entity.id}/attrs`, { speed: { type: 'Property', value: 'urn:ngsi-ld:null', datasetId: gps } }))
        .status,
    ).toBe(204);
    expect((await call('GET', `/entities/${entity.id}?options=keyValues`)).json).toMatchObject({ speed: 1 });
  });
});

describe('types and scopes of an entity', () => {
  const { call } = useBroker();

  it('PATCH /attrs adds types and replaces a scope that is there', async () => {
    const entity = sensor({ scope: ['/Idrija'] });
    const bare = sensor();
    for (const one of [entity, bare]) await call('POST', '/entities', one);
    expect((await call('PATCH', `/entities/${entity.id}/attrs`, { type: ['Device', 'Sensor'], scope: '/Cerkno' })).status).toBe(204);
    expect((await call('GET', `/entities/${entity.id}`)).json).toEqual({ id: entity.id, type: ['Sensor', 'Device'], scope: '/Cerkno' });
    expect((await call('PATCH', `/entities/${bare.id}/attrs`, { scope: '/Cerkno' })).status).toBe(207);
  });

  it('POST /attrs replaces a scope, with noOverwrite adds to it', async () => {
    const entity = sensor({ scope: '/Idrija' });
    await call('POST', '/entities', entity);
    await call('POST', `/entities/${entity.id}/attrs?options=noOverwrite`, { scope: '/Cerkno' });
    expect((await call('GET', `/entities/${entity.id}`)).json).toMatchObject({ scope: ['/Idrija', '/Cerkno'] });
    await call('POST', `/entities/${entity.id}/attrs`, { scope: '/Tolmin' });
    expect((await call('GET', `/entities/${entity.id}`)).json).toMatchObject({ scope: '/Tolmin' });
  });

  it.each(['9bad', '/a//b', 'a-b', 'urn:ngsi-ld:null'])('refuses the scope %s', async (scope) => {
    expect((await call('POST', '/entities', sensor({ scope }))).status).toBe(400);
  });
});
