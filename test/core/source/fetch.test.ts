import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { StateStore } from '../../../core/outbox/outbox.ts';
import { version } from '../../../core/paths.ts';
import { fetchDataset, type Fetched, type FetchRequest } from '../../../core/source/fetch.ts';
import { body, Publisher } from './http-publisher.ts';

const now = '2026-05-01T10:00:00.000Z';
let publisher: Publisher;
let kept: Map<string, unknown>;
let state: StateStore;

beforeEach(async () => {
  publisher = await Publisher.start(body('<a/>'));
  kept = new Map();
  state = { get: (key) => kept.get(key), set: (key, value) => void kept.set(key, value) };
});
afterEach(() => publisher.stop());

function get(more: Partial<FetchRequest> = {}): Promise<Fetched> {
  return fetchDataset({ url: publisher.url, state, key: 'adapters/x', purpose: 'all', now, ...more });
}

async function getAndRemember(more: Partial<FetchRequest> = {}): Promise<Fetched> {
  const fetched = await get(more);
  if (fetched.kind === 'fresh') fetched.remember();
  return fetched;
}

function textOf(fetched: Fetched): string {
  return fetched.kind === 'fresh' ? Buffer.from(fetched.bytes).toString() : fetched.kind;
}

describe('a dataset that can be had', () => {
  it('is fresh, and asked for by name', async () => {
    expect(textOf(await get())).toBe('<a/>');
    expect(publisher.requests[0]?.headers['user-agent']).toBe(`klavze/${version}`);
    expect(publisher.requests[0]?.headers['accept-encoding']).toContain('gzip');
  });

  it('is unchanged by its ETag and Last-Modified once it was remembered', async () => {
    publisher.answer = body('<a/>', { etag: '"7"', 'last-modified': 'Fri, 01 May 2026 09:00:00 GMT' });
    expect((await get()).kind).toBe('fresh');
    expect((await getAndRemember()).kind).toBe('fresh');
    expect((await get()).kind).toBe('unchanged');
    const { headers } = publisher.requests.at(-1) ?? {};
    expect(headers).toMatchObject({ 'if-none-match': '"7"', 'if-modified-since': 'Fri, 01 May 2026 09:00:00 GMT' });
  });

  it('is unchanged by its content where the publisher has no validators', async () => {
    await getAndRemember();
    expect((await get()).kind).toBe('unchanged');
    publisher.answer = body('<b/>');
    expect(textOf(await get())).toBe('<b/>');
  });

  it('is asked for by POST where there is something to ask', async () => {
    const asked = new Promise<string>((resolve) => {
      publisher.answer = (request, response) => {
        request.setEncoding('utf8').on('data', resolve);
        request.on('end', () => response.end('{}'));
      };
    });
    expect(textOf(await get({ body: { query: [{ code: 'OBČINE' }] } }))).toBe('{}');
    expect(await asked).toBe('{"query":[{"code":"OBČINE"}]}');
    expect(publisher.requests[0]).toMatchObject({ method: 'POST', headers: { 'content-type': 'application/json' } });
  });

  it('is fresh again for another purpose or from another address', async () => {
    await getAndRemember();
    expect((await get({ purpose: 'E424' })).kind).toBe('fresh');
    expect((await get({ url: `${publisher.url}?2` })).kind).toBe('fresh');
  });

  it('comes through gzip and a redirect', async () => {
    publisher.answer = (request, response) => {
      if (request.url === '/data.xml') response.writeHead(302, { location: '/moved.xml' }).end();
      else response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('<zipped/>'));
    };
    expect(textOf(await get())).toBe('<zipped/>');
  });
});

describe('a dataset that cannot be had is unavailable with a reason', () => {
  it.each([404, 429, 500, 503, 304, 204])('HTTP %i', async (status) => {
    publisher.answer = body('', {}, status);
    expect(await get()).toMatchObject({ kind: 'unavailable', reason: `the publisher answered HTTP ${status}` });
  });

  it.each([
    ['120', 120_000],
    ['Fri, 01 May 2026 10:05:00 GMT', 300_000],
    ['soon', undefined],
  ])('and asks for patience with Retry-After: %s', async (retryAfter, ms) => {
    publisher.answer = body('', { 'retry-after': retryAfter }, 503);
    const fetched = await get();
    expect(fetched.kind === 'unavailable' ? fetched.retryAfterMs : fetched.kind).toBe(ms);
  });

  it('when nobody listens, the address is none, or it redirects for ever', async () => {
    publisher.answer = (_, response) => response.writeHead(302, { location: '/data.xml' }).end();
    expect(await get()).toMatchObject({ kind: 'unavailable', reason: expect.stringMatching(/redirect/i) });
    publisher.answer = (_, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end();
    expect((await get()).kind).toBe('unavailable');
    expect(await get({ url: 'file:///etc/passwd' })).toMatchObject({ kind: 'unavailable', reason: expect.stringContaining('no http') });
    await publisher.stop();
    expect(await get()).toMatchObject({ kind: 'unavailable', reason: expect.stringContaining('ECONNREFUSED') });
  });

  it('when the answer dribbles in longer than the time limit', async () => {
    publisher.answer = (_, response) => {
      const timer = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(timer));
    };
    expect(await get({ timeoutMs: 200 })).toEqual({ kind: 'unavailable', reason: 'no complete answer within 0.2 s' });
  });

  it('when the connection breaks off', async () => {
    publisher.answer = (_, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('<a>');
      setTimeout(() => response.destroy(), 20);
    };
    expect((await get()).kind).toBe('unavailable');
  });
});

describe('a dataset above the size limit is refused before it is read', () => {
  it.each([
    ['plain', (content: string) => ({ headers: {}, bytes: Buffer.from(content) })],
    ['packed small', (content: string) => ({ headers: { 'content-encoding': 'gzip' }, bytes: gzipSync(content) })],
  ])('%s', async (_, pack) => {
    publisher.answer = (_request, response) => {
      const { headers, bytes } = pack('x'.repeat(1_000_000));
      response.writeHead(200, headers).end(bytes);
    };
    expect(await get({ maxBytes: 100_000 })).toMatchObject({ kind: 'refused', rejection: { code: 'too_large' } });
  });
});
