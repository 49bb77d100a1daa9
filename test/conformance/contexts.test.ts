import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CORE_CONTEXT_URL } from '../../embedded/ngsi-ld/core-context.ts';
import { errorType, LD, sensor, useBroker } from './broker.ts';

const folder = mkdtempSync(join(tmpdir(), 'klavze-contexts-'));
const OFFLINE = 'https://models.example.org/context.jsonld';
writeFileSync(join(folder, 'models.jsonld'), JSON.stringify({ '@context': { speed: 'https://models.example.org/speed' } }));
writeFileSync(join(folder, 'index.json'), JSON.stringify({ [OFFLINE]: 'models.jsonld' }));

const documents: Record<string, string> = {
  '/good.jsonld': JSON.stringify({
    '@context': [CORE_CONTEXT_URL, { speed: 'https://ex.org/speed', Sensor: 'https://ex.org/Sensor', ex: 'https://ex.org/more#' }],
  }),
  '/broken.jsonld': '{ no json',
  '/empty.jsonld': '{"note":"no context"}',
};
let served: string[] = [];
const server: Server = createServer((req, res) => {
  served.push(req.url ?? '');
  const text = documents[req.url ?? ''];
  res.writeHead(text === undefined ? 404 : 200, { 'content-type': 'application/ld+json' }).end(text);
});
let web = '';

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  web = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

const link = (url: string): Record<string, string> => ({
  link: `<${url}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"`,
});

describe('@context of requests and answers', () => {
  const { call, broker } = useBroker({ contextFolder: folder });

  it('expands with the context of the request and compacts with that of the reader', async () => {
    const entity = sensor({ speed: 1, other: 2, 'ex:third': 3 });
    expect((await call('POST', '/entities', entity, link(`${web}/good.jsonld`))).status).toBe(201);
    const same = await call('GET', `/entities/${entity.id}?options=keyValues`, undefined, link(`${web}/good.jsonld`));
    expect(same.json).toEqual(entity);
    expect(same.headers.get('link')).toBe(`<${web}/good.jsonld>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"`);
    const none = await call('GET', `/entities/${entity.id}?options=keyValues`);
    expect(none.json).toEqual({
      id: entity.id,
      type: 'https://ex.org/Sensor',
      'https://ex.org/speed': 1,
      other: 2,
      'https://ex.org/more#third': 3,
    });
    const ld = await call('GET', `/entities/${entity.id}`, undefined, { ...link(`${web}/good.jsonld`), accept: 'application/ld+json' });
    expect(ld.json).toMatchObject({ '@context': [`${web}/good.jsonld`, CORE_CONTEXT_URL] });
    const iri = await call('GET', `/entities/${entity.id}?options=keyValues&attrs=${encodeURIComponent('https://ex.org/speed')}`);
    expect(iri.json).toMatchObject({ 'https://ex.org/speed': 1 });
  });

  it('downloads once', async () => {
    served = [];
    for (let times = 0; times < 3; times += 1) await call('GET', '/types', undefined, link(`${web}/good.jsonld`));
    expect(served.filter((path) => path === '/good.jsonld').length).toBeLessThanOrEqual(1);
  });

  it('takes contexts from the folder where there is no internet', async () => {
    const entity = sensor({ speed: 1, '@context': OFFLINE });
    expect((await call('POST', '/entities', entity, LD)).status).toBe(201);
    expect((await call('GET', `/entities/${entity.id}?options=keyValues`)).json).toMatchObject({ 'https://models.example.org/speed': 1 });
  });

  it('takes inline contexts and arrays; core terms cannot be redefined', async () => {
    const entity = sensor({
      a: 1,
      location: { type: 'Point', coordinates: [1, 2] },
      '@context': [{ a: 'https://ex.org/a', location: 'https://ex.org/wrong', Property: 'https://ex.org/P' }, OFFLINE],
    });
    expect((await call('POST', '/entities', entity, LD)).status).toBe(201);
    expect((await call('GET', `/entities/${entity.id}?options=keyValues`)).json).toEqual({
      id: entity.id,
      type: 'Sensor',
      'https://ex.org/a': 1,
      location: { type: 'Point', coordinates: [1, 2] },
    });
  });

  it('hosts an inline context for the Link header of its answer', async () => {
    const query = { type: 'Query', entities: [{ type: 'Sensor' }], '@context': { a: 'https://ex.org/a' } };
    const answer = await call('POST', '/entityOperations/query', query, { ...LD, accept: 'application/json' });
    const url = /<([^>]+)>; rel="http:\/\/www.w3.org\/ns\/json-ld#context"/.exec(answer.headers.get('link') ?? '')?.[1] ?? '';
    expect(url.startsWith(`${broker().url}/ngsi-ld/v1/jsonldContexts/`)).toBe(true);
    expect(await (await fetch(url)).json()).toEqual({ '@context': [{ a: 'https://ex.org/a' }, CORE_CONTEXT_URL] });
    expect((await call('GET', '/jsonldContexts?kind=ImplicitlyCreated')).json).toEqual([url]);
  });

  it('a Link of another relation is no context', async () => {
    expect((await call('GET', '/types', undefined, { link: '<http://127.0.0.1:9/none>; rel="next"' })).status).toBe(200);
  });

  it('504 for a core context whose name was never published', async () => {
    const url = 'https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-non-existing.jsonld';
    expect((await call('POST', '/entities', sensor({ '@context': url }), LD)).status).toBe(504);
  });

  it('504 when it cannot be had, 400 when it is none', async () => {
    expect(await call('POST', '/entities', sensor({ '@context': `${web}/none.jsonld` }), LD)).toMatchObject({
      status: 504,
      json: { type: errorType('LdContextNotAvailable') },
    });
    for (const path of ['/broken.jsonld', '/empty.jsonld']) {
      expect(await call('POST', '/entities', sensor({ '@context': web + path }), LD)).toMatchObject({
        status: 400,
        json: { type: errorType('BadRequestData') },
      });
    }
    for (const context of [5, true, ['x'], { a: { '@id': 'https://ex.org/a', '@context': {} } }]) {
      expect((await call('POST', '/entities', sensor({ '@context': context }), LD)).status).toBe(400);
    }
    const good = sensor({ '@context': [] });
    const bad = sensor({ '@context': `${web}/none.jsonld` });
    expect(await call('POST', '/entityOperations/create', [good, bad], LD)).toMatchObject({
      status: 207,
      json: { success: [good.id], errors: [{ entityId: bad.id, error: { status: 504 } }] },
    });
  });
});

describe('@context that cannot be had, orion', () => {
  const { call } = useBroker({ profile: 'orion' });

  it('503', async () => {
    expect((await call('POST', '/entities', sensor({ '@context': `${web}/none.jsonld` }), LD)).status).toBe(503);
  });
});

describe('/jsonldContexts', () => {
  const { call, broker } = useBroker();

  it('hosts, lists, serves and deletes a context', async () => {
    const document = { '@context': { speed: 'https://ex.org/hosted' } };
    const created = await call('POST', '/jsonldContexts', document);
    expect(created).toMatchObject({ status: 201, text: '' });
    const path = (created.headers.get('location') ?? '').replace('/ngsi-ld/v1', '');
    const url = `${broker().url}/ngsi-ld/v1${path}`;
    expect((await call('GET', '/jsonldContexts?kind=Hosted')).json).toEqual([url]);
    const served = await call('GET', path);
    expect([served.json, served.headers.get('content-type')]).toEqual([document, 'application/json']);
    expect((await call('GET', path, undefined, { accept: 'application/ld+json' })).headers.get('content-type')).toBe('application/ld+json');
    const entity = sensor({ speed: 1 });
    expect((await call('POST', '/entities', entity, link(url))).status).toBe(201);
    expect((await call('GET', `/entities/${entity.id}?options=keyValues`)).json).toMatchObject({ 'https://ex.org/hosted': 1 });
    // Its Location does as well as its URL, in a Link header and in a body.
    const location = created.headers.get('location') ?? '';
    expect((await call('GET', `/entities/${entity.id}?options=keyValues`, undefined, link(location))).json).toMatchObject({ speed: 1 });
    const other = { ...sensor({ speed: 2 }), '@context': location };
    expect((await call('POST', '/entities', other, LD)).status).toBe(201);
    expect((await call('GET', `/entities/${other.id}?options=keyValues`, undefined, link(url))).json).toMatchObject({ speed: 2 });
    expect((await call('GET', `${path}?details=true`)).json).toMatchObject({
      URL: url,
      localId: expect.any(String),
      kind: 'Hosted',
      createdAt: expect.any(String),
      numberOfHits: expect.any(Number),
    });
    expect((await call('GET', path, undefined, { 'ngsild-tenant': 'other' })).status).toBe(404);
    expect((await call('DELETE', `${path}?reload=true`)).status).toBe(400);
    expect((await call('DELETE', path)).status).toBe(204);
    expect((await call('GET', path)).status).toBe(404);
  });

  it('lists cached ones and downloads them again', async () => {
    const url = `${web}/good.jsonld`;
    await call('GET', '/types', undefined, link(url));
    await call('GET', '/types', undefined, link(url));
    expect((await call('GET', '/jsonldContexts?kind=Cached')).json).toContain(url);
    const id = encodeURIComponent(url);
    const details = (await call('GET', `/jsonldContexts/${id}?details=true`)).json as { numberOfHits: number };
    expect(details).toMatchObject({ kind: 'Cached', URL: url });
    expect(details.numberOfHits).toBeGreaterThan(1);
    expect((await call('GET', `/jsonldContexts/${id}`)).status).toBe(422);
    served = [];
    expect((await call('DELETE', `/jsonldContexts/${id}?reload=true`)).status).toBe(204);
    expect(served).toEqual(['/good.jsonld']);
    expect((await call('DELETE', `/jsonldContexts/${id}`)).status).toBe(204);
    expect((await call('DELETE', `/jsonldContexts/${id}`)).status).toBe(404);
  });

  it('keeps a cached context whose reload fails', async () => {
    documents['/once.jsonld'] = JSON.stringify({ '@context': { once: 'https://ex.org/once' } });
    const url = `${web}/once.jsonld`;
    await call('GET', '/types', undefined, link(url));
    delete documents['/once.jsonld'];
    expect((await call('DELETE', `/jsonldContexts/${encodeURIComponent(url)}?reload=true`)).status).toBe(504);
    expect((await call('GET', '/jsonldContexts?kind=Cached')).json).toContain(url);
  });

  it('refuses what is no context, wrong parameters, unknown ids and the core', async () => {
    for (const body of ['{}', '[]', '{,}', '{"@context":5}', '{"@context":[5]}'])
      expect((await call('POST', '/jsonldContexts', body)).status).toBe(400);
    for (const query of ['?details=maybe', '?kind=Other']) expect((await call('GET', `/jsonldContexts${query}`)).status).toBe(400);
    expect((await call('GET', '/jsonldContexts/none')).status).toBe(404);
    expect((await call('DELETE', '/jsonldContexts/none')).status).toBe(404);
    expect((await call('DELETE', '/jsonldContexts/none?reload=true')).status).toBe(400);
    expect((await call('DELETE', '/jsonldContexts/none?reload=x')).status).toBe(400);
    expect((await call('DELETE', `/jsonldContexts/${encodeURIComponent(CORE_CONTEXT_URL)}`)).status).toBe(400);
  });
});
