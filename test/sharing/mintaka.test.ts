/** A history that pages as Mintaka does (its README and source, 0.6): no offset, at most 100 entities a page, 206 where it left out values. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';

import { createBrokerHistory } from '../../core/journal/history.ts';
import { closeGap } from '../../sharing/gap.ts';
import { createCaller } from '../../sharing/http.ts';
import { createLake } from '../../sharing/lake.ts';
import type { State } from '../../sharing/notice.ts';
import { channelTo, partner } from './line.ts';

const closers: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (let close = closers.pop(); close !== undefined; close = closers.pop()) await close();
});

const begin = Date.parse('2026-05-01T10:00:00.000Z');
const moment = (ms: number): string => new Date(begin + ms).toISOString();
const idOf = (n: number): string => `urn:ngsi-ld:WeatherObserved:e${String(n).padStart(3, '0')}`;

interface Value {
  readonly id: string;
  readonly name: string;
  readonly value: number;
  readonly at: number;
}

const mostInstances = 1_000;

async function startMintaka(values: readonly Value[]) {
  const asked: URL[] = [];
  const instance = ({ value, at }: Value) => ({ type: 'Property', value, observedAt: moment(at), modifiedAt: moment(at) });
  const within = (url: URL, { at }: Value): boolean =>
    begin + at >= Date.parse(url.searchParams.get('timeAt') ?? '') && begin + at < Date.parse(url.searchParams.get('endTimeAt') ?? '');

  /** Each attribute's first values, so many that all together are not too many. */
  function evolution(url: URL, id: string, entities: number) {
    const attrs = url.searchParams.get('attrs')?.split(',') ?? [];
    const most = Math.floor(mostInstances / ((attrs.length === 0 ? 10 : attrs.length) * entities)) || 1;
    let isLimited = false;
    const found: Record<string, object[]> = {};
    for (const one of values.filter((value) => value.id === id && within(url, value))) {
      if (attrs.length > 0 && !attrs.includes(one.name)) continue;
      const list = (found[one.name] ??= []);
      if (list.length < most) list.push(instance(one));
      if (list.length === most) isLimited = true;
    }
    return { entity: { id, type: 'WeatherObserved', ...found }, isLimited, isEmpty: Object.keys(found).length === 0 };
  }

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://mintaka');
    const answer = (status: number, body: unknown, headers: Record<string, string> = {}): void => {
      const text = JSON.stringify(body);
      response
        .writeHead(status, { 'content-type': 'application/json', date: new Date(begin + 3_600_000).toUTCString(), ...headers })
        .end(text);
    };
    if (url.pathname === '/version') return answer(200, {});
    asked.push(url);
    const one = /^\/ngsi-ld\/v1\/temporal\/entities\/(.+)$/.exec(url.pathname)?.[1];
    if (one !== undefined) {
      const { entity, isLimited } = evolution(url, decodeURIComponent(one), 1);
      return answer(isLimited ? 206 : 200, entity, isLimited ? { 'content-range': `date-time ${moment(0)}-${moment(1)}/*` } : {});
    }
    if (url.pathname === '/ngsi-ld/v1/entities') {
      const from = Number(url.searchParams.get('offset') ?? 0);
      const states = [...new Map(values.map((value) => [value.id, value])).values()].map(({ id, at }) => ({
        id,
        type: 'WeatherObserved',
        modifiedAt: moment(at),
        temperature: instance(values.findLast((value) => value.id === id && value.name === 'temperature') ?? (values[0] as Value)),
      }));
      return answer(200, states.slice(from, from + Number(url.searchParams.get('limit'))));
    }
    const limit = Number(url.searchParams.get('limit') ?? 100);
    if (limit > 100) return answer(400, { type: 'https://uri.etsi.org/ngsi-ld/errors/BadRequestData', title: 'limit' });
    const anchor = url.searchParams.get('pageAnchor') ?? '';
    // Entities with any value in the time; those without one of the asked attributes are left out of the page, and it may be short.
    const ids = [...new Set(values.filter((value) => within(url, value)).map(({ id }) => id))].sort();
    const page = ids.filter((id) => id >= anchor).slice(0, limit);
    const parts = page.map((id) => evolution(url, id, page.length));
    const body = parts.filter(({ isEmpty }) => !isEmpty).map(({ entity }) => entity);
    const next = ids[ids.indexOf(page[0] ?? '') + limit];
    answer(parts.some(({ isLimited }) => isLimited) ? 206 : 200, body, {
      ...(body.length === limit && { 'page-size': String(limit), ...(next !== undefined && { 'next-page': next }) }),
      ...((url.searchParams.get('options') ?? '').split(',').includes('count') && { 'ngsild-results-count': String(ids.length) }),
      ...(parts.some(({ isLimited }) => isLimited) && { 'content-range': `date-time ${moment(0)}-${moment(1)}/*` }),
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => new Promise((resolve) => server.close(resolve)));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

/** Closes the gap over all of the values; what was queued, by entity. */
async function closed(values: readonly Value[]) {
  const { url, asked } = await startMintaka(values);
  const to = partner('p', {
    endpoint: url,
    history: 'full',
    target: 'upsert',
    entities: [{ type: 'WeatherObserved', attributes: ['temperature'] }],
  });
  const { channel, queue, ledger } = channelTo(to, moment(0));
  closers.push(() => ledger.close());
  const caller = createCaller();
  closers.push(() => caller.close());
  const options = { partner: to, channel, lake: createLake(url, caller), ledger, contextOf: () => '', logger: pino({ level: 'silent' }) };
  const { complete } = await closeGap(options, undefined, { valuesSince: begin, sweep: false });
  const got = new Map<string, number[]>();
  for (const { entity } of queue.peek(100_000, 0, 1)) {
    const { id, temperature } = entity as unknown as { id: string; temperature: { value: number } };
    got.set(id, [...(got.get(id) ?? []), temperature.value]);
  }
  return { got, complete, asked };
}

const temperature = (n: number, value: number, at: number): Value => ({ id: idOf(n), name: 'temperature', value, at });

describe('a history that pages as Mintaka does', () => {
  it('is read past its first page, each value in order', async () => {
    const values = [1, 2, 3].flatMap((value) => Array.from({ length: 250 }, (_, n) => temperature(n, value, value * 2_000 + n)));
    const { got, complete, asked } = await closed(values);
    expect(complete).toBe(true);
    expect(got.size).toBe(250);
    expect([...new Set([...got.values()].map(String))]).toEqual(['1,2,3']);
    expect(asked.some((url) => url.searchParams.has('pageAnchor'))).toBe(true);
  });

  it('is asked for less where a page is short and more are behind it', async () => {
    // Every second entity of a page has a value of an attribute that is not shared, and none of the other.
    const values = Array.from({ length: 300 }, (_, n) => [
      temperature(n, 7, 1_000 + n * 300),
      ...(n % 2 === 0 ? [{ id: idOf(n + 300), name: 'humidity', value: 1, at: 1_000 + n * 300 }] : []),
      { id: idOf(n), name: 'humidity', value: 1, at: 95_000 - n * 300 },
    ]).flat();
    const { got, complete } = await closed(values);
    expect(complete).toBe(true);
    expect([...got].filter(([id]) => id < idOf(300))).toHaveLength(300);
  });

  it('is asked for a shorter time, then for fewer entities, where there are more values than it gives', async () => {
    const values = Array.from({ length: 60 }, (_, n) =>
      Array.from({ length: 40 }, (_one, value) => temperature(n, value, 5_000 + value * 20 + n)),
    ).flat();
    const { got, complete } = await closed(values);
    expect(complete).toBe(true);
    expect([...new Set([...got.values()].map(String))]).toEqual([Array.from({ length: 40 }, (_, value) => value).join(',')]);
  });

  it('gives a replay every value of an entity, also of more than fit in an answer', async () => {
    const values = Array.from({ length: 900 }, (_, value) => temperature(1, value, value * 7));
    const { url } = await startMintaka(values);
    const history = createBrokerHistory({ url, contextOf: () => '' });
    closers.push(() => history.close());
    const found = await history.read({ id: idOf(1), type: 'WeatherObserved' } as State, moment(0), moment(900 * 7));
    if (found === 'none') throw new Error('there is a history');
    expect(found.get('temperature')?.map(({ attribute }) => (attribute as { value: number }).value)).toEqual(
      values.map(({ value }) => value),
    );
  });
});
