import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { StateStore } from '../../../core/outbox/outbox.ts';
import type { Adapter, Authorization } from '../../../core/plugin.ts';
import { addressesOf } from '../../../core/source/addresses.ts';
import { missingCredentials } from '../../../core/source/authorize.ts';
import { fetchDataset, type Fetched } from '../../../core/source/fetch.ts';
import { Publisher, type Answer } from './http-publisher.ts';

const now = '2026-03-29T22:30:00.000Z';
const credentials = { username: 'občina', password: 'a&b', token: 'skrivnost' };
let publisher: Publisher;
let forms: string[];

/** A publisher that gives a token for the right name and password, and data for the right token. */
const guarded: Answer = (request, response) => {
  if (request.url !== '/token') {
    const isKnown = request.headers.authorization === 'Bearer t-1' || request.headers['x-api-token'] === 'skrivnost';
    response.writeHead(isKnown ? 200 : 401).end(isKnown ? 'data' : 'no');
    return;
  }
  let form = '';
  request.on('data', (chunk: Buffer) => (form += chunk.toString()));
  request.on('end', () => {
    forms.push(form);
    const isKnown = new URLSearchParams(form).get('password') === 'a&b';
    response.writeHead(isKnown ? 200 : 400, { 'content-type': 'application/json' });
    response.end(JSON.stringify(isKnown ? { access_token: 't-1', refresh_token: 'r' } : { error: 'invalid_grant' }));
  });
};

beforeEach(async () => {
  publisher = await Publisher.start(guarded);
  forms = [];
});
afterEach(() => publisher.stop());

function passwordGrant(): Authorization {
  return { kind: 'passwordGrant', tokenUrl: new URL('/token', publisher.url).href };
}

async function get(authorization: Authorization, given: object = credentials): Promise<Fetched> {
  const state: StateStore = { get: () => undefined, set: () => undefined };
  return fetchDataset({ url: publisher.url, state, key: 'x', purpose: 'all', now, authorization, credentials: given });
}

describe('a publisher that asks who we are', () => {
  it('gets name and password as a form and then the token', async () => {
    expect((await get(passwordGrant())).kind).toBe('fresh');
    expect(Object.fromEntries(new URLSearchParams(forms[0]))).toEqual({ grant_type: 'password', username: 'občina', password: 'a&b' });
  });

  it('gets the token in the header that it names', async () => {
    expect((await get({ kind: 'header', header: 'X-API-TOKEN' })).kind).toBe('fresh');
    expect((await get({ kind: 'header', header: 'X-API-TOKEN' }, { token: 'x' })).kind).toBe('unavailable');
    expect((await get({ kind: 'header', header: 'Authorization', scheme: 'Bearer' }, { token: 't-1' })).kind).toBe('fresh');
  });

  it('is unavailable, in words without the secret, when it gives no token', async () => {
    const refusedLogin = await get(passwordGrant(), { username: 'občina', password: 'narobe' });
    expect(refusedLogin).toEqual({ kind: 'unavailable', reason: expect.stringContaining('HTTP 400); check username and password') });
    expect(JSON.stringify(refusedLogin)).not.toContain('narobe');
    publisher.answer = (_request, response) => void response.writeHead(200).end('<html>');
    expect(await get(passwordGrant())).toMatchObject({ kind: 'unavailable', reason: expect.stringContaining('HTTP 200') });
  });

  it('does not send us and our secrets elsewhere', async () => {
    publisher.answer = (request, response) => {
      if (request.url === '/token') return guarded(request, response);
      response.writeHead(302, { location: '/elsewhere' }).end();
    };
    expect(await get(passwordGrant())).toMatchObject({ kind: 'unavailable', reason: 'the publisher answered HTTP 302' });
    expect(publisher.requests.map(({ url }) => url)).toEqual(['/token', '/data.xml']);
  });

  it('is not asked when the configuration lacks what it wants', () => {
    expect(missingCredentials({})).toEqual([]);
    expect(missingCredentials({ authorization: passwordGrant() }, { username: 'x', password: '' })).toEqual(['password']);
    expect(missingCredentials({ authorization: { kind: 'header', header: 'X' } })).toEqual(['token']);
  });
});

describe('addresses', () => {
  const adapter = { name: 'x', readsBack: 7, dataset: { timezone: 'Europe/Ljubljana' } } as Adapter;

  it('are one for each station where the URL has a place for it, with days in local time', () => {
    expect(addressesOf('https://a/?p={station}&from={from}&to={to}', ['4-1', 'a b'], adapter, now)).toEqual({
      ok: true,
      value: [
        { url: 'https://a/?p=4-1&from=2026-03-23&to=2026-03-30', key: 'adapters/x/4-1' },
        { url: 'https://a/?p=a%20b&from=2026-03-23&to=2026-03-30', key: 'adapters/x/a b' },
      ],
    });
    expect(addressesOf('https://a/', 'all', adapter, now)).toEqual({ ok: true, value: [{ url: 'https://a/', key: 'adapters/x' }] });
  });

  it('are one for each part of the dataset, whatever the stations', () => {
    const addresses = addressesOf('https://a/{part}.xml', 'all', { ...adapter, parts: ['N', 'S'] }, now);
    expect(addresses.ok && addresses.value.map(({ url }) => url)).toEqual(['https://a/N.xml', 'https://a/S.xml']);
  });

  it('need the stations by name', () => {
    for (const stations of ['all', []] as const) {
      expect(addressesOf('https://a/{station}', stations, adapter, now)).toEqual({
        ok: false,
        error: expect.stringContaining('adapters.x.stations'),
      });
    }
  });
});
