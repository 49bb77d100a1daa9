import { connect } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { call as callUrl, errorType, LD, sensor, useBroker } from './broker.ts';

describe.each(['strict', 'orion'] as const)('HTTP, %s', (profile) => {
  const { call, broker } = useBroker({ profile });

  it.each([
    ['', 'application/json'],
    ['*/*', 'application/json'],
    ['application/*', 'application/json'],
    ['application/ld+json', 'application/ld+json'],
    ['application/ld+json, application/json', 'application/json'],
    ['application/geo+json, application/json', 'application/json'],
    ['application/json;q=0.1, application/ld+json;q=0.9', 'application/ld+json'],
    ['application/json;q=0, */*', 'application/ld+json'],
    ['*/*;q=0.9, application/ld+json;q=0.8', 'application/json'],
    ['application/ld+json;q=nonsense', 'application/ld+json'],
  ])('Accept "%s" gives %s', async (accept, type) => {
    const answer = await call('GET', '/types', undefined, { accept });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe(type);
    // The context goes into the body of ld+json, into a Link header else.
    expect(Object.hasOwn(answer.json as object, '@context')).toBe(type === 'application/ld+json');
    expect(answer.headers.get('link') !== null).toBe(type === 'application/json');
  });

  it('no media type has a charset, neither of problems nor of the version', async () => {
    expect((await call('GET', '/entities/urn:a:none')).headers.get('content-type')).toBe('application/json');
    expect((await callUrl(`${broker().url}/version`, 'GET')).headers.get('content-type')).toBe('application/json');
    const geo = await call('GET', '/entities?type=Sensor', undefined, { accept: 'application/geo+json' });
    expect(geo.headers.get('content-type')).toBe('application/geo+json');
  });

  it('406 for what cannot be had', async () => {
    expect((await call('GET', '/types', undefined, { accept: 'text/html' })).status).toBe(406);
    expect((await call('GET', '/types', undefined, { accept: 'application/geo+json' })).status).toBe(406);
    expect((await call('GET', '/entities?type=Sensor', undefined, { accept: 'application/geo+json' })).status).toBe(200);
  });

  it('415 for bodies that are no JSON; merge-patch+json only for PATCH', async () => {
    const entity = sensor();
    expect((await call('POST', '/entities', entity, { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await call('POST', '/entities', entity, { 'content-type': 'application/merge-patch+json' })).status).toBe(415);
    await call('POST', '/entities', entity, { 'content-type': 'application/json; charset=utf-8' });
    expect((await call('PATCH', `/entities/${entity.id}`, { a: 1 }, { 'content-type': 'application/merge-patch+json' })).status).toBe(204);
  });

  it('400 InvalidRequest for broken JSON and for an array in place of an entity', async () => {
    for (const body of ['{,}', '[]']) {
      expect(await call('POST', '/entities', body)).toMatchObject({
        status: 400,
        json: { type: errorType('InvalidRequest'), title: expect.any(String) },
      });
    }
  });

  it('400 for a body that is missing; Orion-LD also refuses one that has no use', async () => {
    expect((await call('POST', '/entities', '')).status).toBe(400);
    expect((await call('DELETE', '/entities/urn:a:b', {})).status).toBe(profile === 'orion' ? 400 : 404);
  });

  it('ld+json needs @context in the body, and no Link', async () => {
    const link = { link: '<https://example.org/c.jsonld>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"' };
    expect((await call('POST', '/entities', sensor(), LD)).json).toMatchObject({ type: errorType('BadRequestData') });
    expect((await call('POST', '/entities', { ...sensor(), '@context': [] }, { ...LD, ...link })).json).toMatchObject({
      type: errorType('BadRequestData'),
    });
    expect((await call('POST', '/entityOperations/create', [{ ...sensor(), '@context': [] }], { ...LD, ...link })).status).toBe(400);
  });

  it('404 for unknown paths, 405 with Allow for unknown verbs', async () => {
    expect(await call('GET', '/nothing')).toMatchObject({
      status: 404,
      json: { type: errorType('ResourceNotFound'), ...(profile === 'orion' && { title: 'Service Not Found' }) },
    });
    for (const [method, path] of [
      ['PUT', '/entities'],
      ['POST', '/entities/urn:a:b'],
      ['DELETE', '/entities/urn:a:b/attrs'],
      ['GET', '/entityOperations/create'],
      ['POST', '/types'],
    ] as const) {
      const answer = await call(method, path, method === 'GET' || method === 'DELETE' ? undefined : {});
      expect([path, answer.status]).toEqual([path, 405]);
      expect(answer.headers.get('allow')).toMatch(/OPTIONS$/);
      expect(answer.text === '').toBe(profile === 'orion');
    }
    expect((await call('OPTIONS', '/entities')).headers.get('allow')).toBe('GET, POST, DELETE, OPTIONS');
  });

  it('400 for a path with an empty segment, for unknown parameters and empty ones', async () => {
    expect((await call('POST', '/entities//attrs/', {})).status).toBe(400);
    expect((await call('PUT', '/entities/', {})).status).toBe(400);
    const unknown = await call('GET', '/entities?type=Sensor&wrong=1');
    expect(unknown).toMatchObject({
      status: 400,
      json: { title: 'Unknown URI parameter', type: errorType(profile === 'strict' ? 'InvalidRequest' : 'BadRequestData') },
    });
    expect((await call('GET', '/entities?type=')).status).toBe(400);
    expect((await call('GET', '/entities?type=Sensor&options=wrong')).json).toMatchObject({ type: errorType('InvalidRequest') });
    expect((await call('GET', '/entities?type=Sensor&format=wrong')).json).toMatchObject({ type: errorType('InvalidRequest') });
  });

  it('tenants: made by a write, unknown to a read, seen by nobody else', async () => {
    const entity = sensor();
    const city = { 'ngsild-tenant': 'City' };
    const unknown = await call('GET', `/entities/${entity.id}`, undefined, city);
    expect(unknown).toMatchObject({
      status: 404,
      json: { type: errorType(profile === 'strict' ? 'NonexistentTenant' : 'NonExistingTenant') },
    });
    expect(unknown.headers.get('ngsild-tenant')).toBe('City');
    const created = await call('POST', '/entities', entity, city);
    expect([created.status, created.headers.get('ngsild-tenant')]).toEqual([201, 'City']);
    expect((await call('GET', `/entities/${entity.id}`, undefined, { 'ngsild-tenant': 'city' })).status).toBe(200);
    expect((await call('GET', `/entities/${entity.id}`)).status).toBe(404);
    for (const method of ['PATCH', 'DELETE']) {
      expect(
        (await call(method, '/entities/urn:a:b', method === 'PATCH' ? { a: 1 } : undefined, { 'ngsild-tenant': 'nobody' })).status,
      ).toBe(404);
    }
    expect((await call('GET', '/types', undefined, { 'ngsild-tenant': 'Bad Tenant!' })).status).toBe(400);
  });

  it('a broken percent-encoding is 400', async () => {
    expect((await callUrl(`${broker().url}/ngsi-ld/v1/entities/%E0%A4%A`, 'GET')).status).toBe(400);
  });

  it('/version and the source identity', async () => {
    expect(await callUrl(`${broker().url}/version`, 'GET')).toMatchObject({ status: 200, json: { profile } });
    expect((await callUrl(`${broker().url}/ngsi-ld/ex/v1/version`, 'GET')).status).toBe(200);
    const identity = await call('GET', '/info/sourceIdentity');
    expect(identity.json).toMatchObject({
      type: 'ContextSourceIdentity',
      contextSourceUptime: expect.stringMatching(/^PT\d+S$/),
      contextSourceTimeAt: expect.stringMatching(/Z$/),
    });
    const other = await call('GET', '/info/sourceIdentity', undefined, { 'ngsild-tenant': 'city' });
    expect((other.json as { contextSourceAlias: string }).contextSourceAlias).not.toBe(
      (identity.json as { contextSourceAlias: string }).contextSourceAlias,
    );
  });
});

describe('a body without Content-Length', () => {
  const strict = useBroker();
  const orion = useBroker({ profile: 'orion' });

  it('is 411 as 6.3.4 says; the chunks are read where the profile is Orion-LD', async () => {
    const text = JSON.stringify(sensor());
    const head =
      'POST /ngsi-ld/v1/entities HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n';
    const request = `${head}${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`;
    expect(await raw(strict.broker().port, request)).toMatch(/^HTTP\/1.1 411 /);
    expect(await raw(orion.broker().port, request)).toMatch(/^HTTP\/1.1 201 /);
  });

  it('204 has no Content-Length', async () => {
    const entity = sensor();
    await strict.call('POST', '/entities', entity);
    const answer = await raw(
      strict.broker().port,
      `DELETE /ngsi-ld/v1/entities/${entity.id} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1.1 204 /);
    expect(answer).not.toMatch(/content-length/i);
  });
});

function raw(port: number, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(request));
    socket.on('data', (data) => (answer += data.toString()));
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
  });
}

describe('fault switches', () => {
  const { call, broker } = useBroker({ faults: true });
  const set = (faults: object): Promise<{ status: number }> => callUrl(`${broker().url}/faults`, 'PUT', faults);

  it('answer with a status, late, never, cut, or commit and stay silent', async () => {
    const entity = sensor();
    expect((await set({ status: 503 })).status).toBe(204);
    expect((await call('POST', '/entities', entity)).status).toBe(503);
    await set({ latencyMs: 60 });
    const start = performance.now();
    expect((await call('GET', `/entities/${entity.id}`)).status).toBe(404);
    expect(performance.now() - start).toBeGreaterThan(50);
    await set({ reset: true });
    await expect(call('GET', '/types')).rejects.toThrow();
    await set({ hang: true });
    await expect(fetch(`${broker().url}/ngsi-ld/v1/types`, { signal: AbortSignal.timeout(100) })).rejects.toThrow();
    broker().setFaults({ dropAfterCommit: true });
    await expect(call('POST', '/entities', entity)).rejects.toThrow();
    await set({});
    expect((await call('GET', `/entities/${entity.id}`)).status).toBe(200);
    expect((await set({ wrong: true })).status).toBe(400);
    expect((await set({ status: 'x' })).status).toBe(400);
    expect((await callUrl(`${broker().url}/faults`, 'PUT', '{,}')).status).toBe(400);
  });

  it('are not served unless the server allows it', async () => {
    const other = await (await import('../../embedded/ngsi-ld/server.ts')).startBroker({ port: 0, dbFile: ':memory:' });
    expect((await callUrl(`${other.url}/faults`, 'PUT', {})).status).toBe(404);
    await other.close();
  });
});
