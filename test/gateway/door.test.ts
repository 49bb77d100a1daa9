import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generateKeyPair, UnsecuredJWT } from 'jose';

import { parseQ, writeQ } from '../../core/access/q.ts';
import { patternFault } from '../../core/access/pattern.ts';
import { ask, bearer, createRig, roles, startIssuing, type Issuing, type Rig } from './rig.ts';

let issuing: Issuing;
let rig: Rig;
beforeAll(async () => {
  issuing = await startIssuing();
  rig = await createRig({ issuing });
});
afterAll(async () => {
  await rig.close();
  await issuing.close();
});

const air = '/entities?type=AirQualityObserved';

describe('tokens', () => {
  it('takes one that is right, by X-Auth-Token too', async () => {
    const token = await issuing.token(roles('klavze-partner'));
    expect(await ask(`${rig.url}/entities?type=Device`, bearer(token))).toMatchObject({ status: 200 });
    expect(await ask(`${rig.url}/entities?type=Device`, { headers: { 'x-auth-token': token } })).toMatchObject({ status: 200 });
  });

  it('gives the level open to one without a word of ours', async () => {
    const token = await issuing.token(roles('something-else'));
    expect(await ask(rig.url + air, bearer(token))).toMatchObject({ status: 200 });
    expect(await ask(`${rig.url}/entities?type=Device`, bearer(token))).toMatchObject({ status: 403 });
  });

  it.each<[string, () => Promise<string> | string, RegExp]>([
    ['expired', () => issuing.token(roles('klavze-internal'), { expires: '-2m' }), /expired/],
    ['of another audience', () => issuing.token({ ...roles('klavze-internal'), aud: 'other' }), /"aud"/],
    ['of another issuer', () => issuing.token({ ...roles('klavze-internal'), iss: 'https://evil.example/realms/idrija' }), /issuer/],
    ['without a signature', () => unsigned(), /algorithm|signed/],
    [
      'signed with another key',
      async () => issuing.token(roles('klavze-internal'), { key: (await generateKeyPair('RS256')).privateKey }),
      /signature/,
    ],
    ['of a key that is not there', () => issuing.token(roles('klavze-internal'), { kid: 'two' }), /key/],
    ['signed with a shared secret', () => issuing.token(roles('klavze-internal'), { alg: 'HS256', key: new Uint8Array(32) }), /algorithm/],
    [
      'of an algorithm that is not listed',
      async () => issuing.token(roles('klavze-internal'), { alg: 'PS256', key: (await generateKeyPair('PS256')).privateKey }),
      /algorithm/,
    ],
    ['changed on the way', async () => changed(await issuing.token(roles('klavze-partner'))), /signature/],
    ['that is none', () => 'abc', /issuer/],
  ])('refuses one %s', async (_title, make, why) => {
    const { status, body, headers } = await ask(rig.url + air, bearer(await make()));
    expect(status).toBe(401);
    expect((body as { detail: string }).detail).toMatch(why);
    expect(headers.get('WWW-Authenticate')).toMatch(/^Bearer/);
  });

  it('refuses passwords, and one that never ends', async () => {
    expect(await ask(rig.url + air, { headers: { authorization: 'Basic YTpi' } })).toMatchObject({ status: 401 });
    const endless = new UnsecuredJWT({ ...roles('klavze-internal') }).setIssuer(`${issuing.url}/realms/idrija`).encode();
    expect(await ask(rig.url + air, bearer(endless))).toMatchObject({ status: 401 });
  });
});

function unsigned(): string {
  return new UnsecuredJWT(roles('klavze-internal'))
    .setIssuer(`${issuing.url}/realms/idrija`)
    .setAudience('klavze')
    .setExpirationTime('5m')
    .encode();
}

function changed(token: string): string {
  const [head, payload = '', signature] = token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
  return [head, Buffer.from(JSON.stringify({ ...claims, ...roles('klavze-internal') })).toString('base64url'), signature].join('.');
}

describe('the door', () => {
  it.each([
    ['POST', '/entities', 405],
    ['DELETE', '/entities/urn:ngsi-ld:AirQualityObserved:trg', 405],
    ['PATCH', '/entities/urn:ngsi-ld:AirQualityObserved:trg/attrs', 405],
    ['POST', '/entityOperations/upsert', 405],
    ['GET', '/subscriptions', 405],
    ['GET', '/csourceRegistrations', 405],
    ['GET', '/jsonldContexts', 405],
    ['GET', '/info/sourceIdentity', 405],
    ['GET', '/entityOperations/query', 405],
    ['GET', '/nothing', 404],
    ['GET', '/entities/', 200],
    ['GET', '/entities/a/../../types', 200],
  ])('%s %s: %i', async (method, path, expected) => {
    const query = path === '/entities/' ? '?type=AirQualityObserved' : '';
    expect(await ask(rig.url + path + query, { method })).toMatchObject({ status: expected });
  });

  it.each([
    [`${air}&join=inline`],
    [`${air}&q=refDevice{batteryLevel}>0.5`],
    [`${air}&q=pm10>5;;`],
    [`${air}&q=name~=(a%2B)%2B`],
    [`${air}&idPattern=(a%2B)%2B$`],
    [`${air}&type=Device`],
    [`${air}&limit=501`],
    [`${air}&unknown=1`],
    [`${air}&attrs=pm10&pick=pm10`],
    ['/entities?type=A;B'],
    [`${air}&georel=near&geometry=Point&coordinates=[1,2]`],
  ])('does not pass on %s', async (path) => {
    expect(await ask(rig.url + path)).toMatchObject({ status: 400, body: { title: 'Not understood' } });
  });

  it('fetches no context of a caller', async () => {
    let asked = 0;
    const stranger = createServer((_req, res) => void res.end(`${(asked += 1)}`));
    await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
    const link = `<http://127.0.0.1:${(stranger.address() as AddressInfo).port}/evil.jsonld>; rel="http://www.w3.org/ns/json-ld#context"`;
    expect(await ask(rig.url + air, { headers: { link } })).toMatchObject({ status: 400 });
    await new Promise((resolve) => stranger.close(resolve));
    expect(asked).toBe(0);
  });

  it('gives every form, with its own name for the context', async () => {
    const id = `${rig.url}/entities/urn:ngsi-ld:AirQualityObserved:trg`;
    const ld = await ask(`${id}?options=concise&pick=pm10,id`, { headers: { accept: 'application/ld+json' } });
    expect(ld.body).toMatchObject({
      '@context': ['https://podatki.example/contexts/environment.jsonld', expect.stringMatching(/core/)],
      pm10: { value: 20, unitCode: 'GQ', status: 'suspect' },
    });
    const geo = await ask(`${rig.url}${air}&options=keyValues&omit=address`, { headers: { accept: 'application/geo+json' } });
    expect(geo.body).toMatchObject({
      type: 'FeatureCollection',
      features: [{ type: 'Feature', geometry: { type: 'Point', coordinates: [14.02, 46] }, properties: { pm10: 20 } }, {}, {}],
    });
    expect(geo.text).not.toContain(issuing.url);
    const page = await ask(`${rig.url}${air}&limit=2&count=true`);
    expect(page.headers.get('Link')).toMatch(/offset=2.*rel="next"/);
  });

  it('serves one tenant, and answers web pages', async () => {
    expect(await ask(rig.url + air, { headers: { 'ngsild-tenant': 'other' } })).toMatchObject({ status: 404 });
    expect((await ask(rig.url + air)).headers.get('Access-Control-Allow-Origin')).toBe('*');
    expect(await ask(rig.url + air, { method: 'OPTIONS' })).toMatchObject({ status: 204 });
  });

  it('limits how often one asks', async () => {
    const tight = await createRig({ issuing, settings: { openPerMinute: 3, tokenPerMinute: 5 } });
    const statuses: number[] = [];
    for (let asked = 0; asked < 5; asked += 1) statuses.push((await ask(`${tight.url}/types`)).status);
    const last = await ask(`${tight.url}/types`);
    const withToken = await ask(`${tight.url}/types`, bearer(await issuing.token()));
    await tight.close();
    expect(statuses).toEqual([200, 200, 200, 429, 429]);
    expect(Number(last.headers.get('Retry-After'))).toBeGreaterThan(0);
    expect(withToken.status).toBe(200);
  });

  it('says that the broker is away, and only that', async () => {
    const lonely = await createRig({ issuing });
    lonely.broker.setFaults({ status: 500 });
    const reply = await ask(lonely.url + air);
    await lonely.close();
    expect(reply).toMatchObject({ status: 503, body: { title: 'The broker fails' } });
  });

  it('notes who asked for what, and never a token', async () => {
    const token = await issuing.token({ ...roles('klavze-partner'), azp: 'ljubljana' });
    await ask(`${rig.url}/entities?type=Device&q=batteryLevel>0.5`, bearer(token));
    await ask(`${rig.url}/entities?type=Device`);
    const [file = ''] = readdirSync(join(rig.folder, 'audit'));
    const text = readFileSync(join(rig.folder, 'audit', file), 'utf8');
    const lines = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(lines.at(-2)).toMatchObject({
      level: 'partner',
      subject: 'ana',
      client: 'ljubljana',
      path: '/ngsi-ld/v1/entities',
      asked: 'type=Device&q=batteryLevel%3E0.5',
      status: 200,
      entities: 1,
    });
    expect(lines.at(-1)).toMatchObject({ level: 'open', network: '127.0.0.0', status: 403, outcome: 'Not at this level' });
    expect(text).not.toContain(token);
    expect(await rig.registry.metrics()).toMatch(/klavze_gateway_requests_total\{level="partner",status="200"\} \d/);
  });
});

describe('the query language', () => {
  it.each([
    ['pm10>5;(no2<3|o3==1..4,"a")', 'pm10>5;(no2<3|o3==1..4,"a")'],
    ['!name;pm10.observedAt>=2026-05-01T08:00:00 02:00', '!name;pm10.observedAt>=2026-05-01T08:00:00+02:00'],
    ['address[addressLocality]~="^Idr.*"', 'address[addressLocality]~="^Idr.*"'],
    ['((pm10>5))', 'pm10>5'],
  ])('%s', (text, written) => {
    const q = parseQ(text);
    expect(typeof q === 'string' ? q : writeQ(q)).toBe(written);
  });

  it.each([
    '',
    'pm10>',
    '>5',
    'pm10=5',
    'pm10>5)',
    '(pm10>5',
    'pm10>5;',
    '!pm10>5',
    'pm10>1,2',
    'a b>5',
    'pm10=="a',
    'pm10>(5)',
    'a{b}>5',
    '('.repeat(20),
  ])('refuses %j', (text) => expect(typeof parseQ(text)).toBe('string'));

  it('takes regular expressions that cannot run away', () => {
    expect(['^urn:ngsi-ld:AirQualityObserved:.*', 'trg$', '[a-z]+'].map(patternFault)).toEqual([undefined, undefined, undefined]);
    for (const bad of ['(a+)+', 'a**', '.*.*.*.*', '\\1', '(?=x)', '[', 'a{1,9}', 'x'.repeat(201)]) expect(patternFault(bad)).toBeDefined();
  });
});
