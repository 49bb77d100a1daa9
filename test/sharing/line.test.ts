/** What reaches a partner, by the ways there are: in one process, with brokers and receivers of its own. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';

import { startMqttBroker } from '../../embedded/mqtt/broker.ts';
import { startBroker } from '../../embedded/ngsi-ld/server.ts';
import { pino } from 'pino';
import { openSqliteOutbox } from '../../core/outbox/sqlite.ts';
import { partnerFiles } from '../../sharing/files.ts';
import { openLedger } from '../../sharing/ledger.ts';
import { resend } from '../../sharing/letters.ts';
import { readTrouble } from '../../sharing/standing.ts';
import mqtt from 'mqtt';
import { call } from '../conformance/broker.ts';
import { partner, relayToken, startLine, type Line } from './line.ts';
import { entitiesOf, until, weather, write } from './rig.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (let close = closers.pop(); close !== undefined; close = closers.pop()) await close();
});

interface Post {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: { readonly id: string; readonly data: readonly Record<string, unknown>[] };
}

/** A partner's web server. `answer` says what it answers to a post. */
async function startEndpoint(answer: (post: Post) => { status: number; body?: unknown } | 'hang' = () => ({ status: 204 })) {
  const posts: Post[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      const isJson = /json/.test(request.headers['content-type'] ?? '');
      const post = { url: request.url ?? '', headers: request.headers, body: (isJson ? JSON.parse(text) : { text }) as Post['body'] };
      posts.push(post);
      const said = answer(post);
      if (said === 'hang') return;
      response
        .writeHead(said.status, { 'content-type': 'application/json' })
        .end(said.body === undefined ? undefined : JSON.stringify(said.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/n`, posts };
}

/** As `klavze share status` reads it, from another process. */
function troubleOf({ dataDir }: Line, name: string): string | undefined {
  const queue = openSqliteOutbox({ path: partnerFiles(dataDir, name).queue, logger: pino({ level: 'silent' }) });
  try {
    return readTrouble(queue.state);
  } finally {
    void queue.close();
  }
}

async function line(...given: Parameters<typeof startLine>): Promise<Line> {
  const started = await startLine(...given);
  closers.push(() => started.close());
  return started;
}

const at = (second: number): string => new Date(Date.UTC(2026, 4, 1, 10, 0, second)).toISOString();
const temperatures = (posts: readonly Post[], station: number): unknown[] =>
  posts
    .flatMap(({ body }) => body.data)
    .flatMap((one) => (one['id'] === weather(station, 0, '')['id'] ? [(one['temperature'] as { value: unknown }).value] : []));
const waiting = (from: Line, name: string) => from.sharing.status().find((one) => one.partner === name);

describe('notifications of the relay', () => {
  it('first bring everything there is, then each change, without what the declaration does not name', async () => {
    const to = await startEndpoint();
    const started = await line([
      partner('p', { endpoint: to.url, tenant: 'city', auth: { kind: 'token', header: 'X-Auth-Token' } }, { token: 'let-me-in' }),
    ]);
    await write(started.ours, [{ ...weather(1, 1, at(1)), humidity: { type: 'Property', value: 0.5 } }], {});
    expect(to.posts).toEqual([]);
    await started.apply();
    await until('it arrives', () => to.posts.length > 0);
    await write(started.ours, [weather(1, 2, at(2))], {});
    await until('the change arrives', () => temperatures(to.posts, 1).includes(2));
    expect(temperatures(to.posts, 1)).toEqual([1, 2]);
    expect(to.posts[0]).toMatchObject({
      headers: { 'x-auth-token': 'let-me-in', 'ngsild-tenant': 'city', 'content-type': 'application/json' },
      body: { type: 'Notification', subscriptionId: 'urn:ngsi-ld:Subscription:klavze:here:p:WeatherObserved' },
    });
    const { body } = to.posts[0] as Post;
    expect(Object.keys(body.data[0] ?? {}).sort()).toEqual(['id', 'location', 'temperature', 'type', 'windSpeed']);
    expect(JSON.stringify(to.posts)).not.toMatch(/modifiedAt|createdAt/);
  });

  it.each([
    ['concise', { temperature: { value: 1, observedAt: at(1), unitCode: 'CEL' }, location: { type: 'Point', coordinates: [14.03, 46] } }],
    ['keyValues', { temperature: 1, location: { type: 'Point', coordinates: [14.03, 46] } }],
  ])('come in the form %s where it is wanted', async (form, expected) => {
    const to = await startEndpoint();
    const started = await line([partner('p', { endpoint: to.url, form })]);
    await write(started.ours, [weather(1, 1, at(1))], {});
    await started.apply();
    await until('it arrives', () => to.posts.length > 0);
    expect(to.posts[0]?.body.data[0]).toMatchObject(expected);
  });

  it('leave out what lies elsewhere', async () => {
    const to = await startEndpoint();
    const started = await line([partner('p', { endpoint: to.url, area: [13.75, 45.9, 14.2, 46.2] })]);
    await started.apply();
    const elsewhere = { type: 'GeoProperty', value: { type: 'Point', coordinates: [15.6, 46.5] } };
    // As a broker would that forgets the area: straight to the relay.
    const data = [{ ...weather(1, 1, at(1)), location: elsewhere }, weather(2, 2, at(1))];
    const body = {
      id: 'urn:ngsi-ld:Notification:1',
      type: 'Notification',
      subscriptionId: 'urn:ngsi-ld:Subscription:klavze:here:p:WeatherObserved',
      data,
    };
    const answer = await call(`${started.url}/sharing/notify/p`, 'POST', body, { 'X-Klavze-Relay': relayToken });
    expect(answer.status).toBe(204);
    await until('the other arrives', () => to.posts.length > 0);
    expect(to.posts.flatMap((post) => post.body.data.map(({ id }) => id))).toEqual(['urn:ngsi-ld:WeatherObserved:test-2']);
  });

  it('are taken from our broker alone', async () => {
    const to = await startEndpoint();
    const started = await line([partner('p', { endpoint: to.url })]);
    const body = { subscriptionId: 'urn:ngsi-ld:Subscription:klavze:here:p:WeatherObserved', data: [weather(1, 1, at(1))] };
    const send = (path: string, token: string | undefined, what: unknown) =>
      call(`${started.url}/sharing/notify/${path}`, 'POST', what, token === undefined ? {} : { 'X-Klavze-Relay': token });
    expect((await send('p', undefined, body)).status).toBe(401);
    expect((await send('p', 'guessed', body)).status).toBe(401);
    expect((await send('q', relayToken, body)).status).toBe(404);
    expect((await send('p', relayToken, { ...body, subscriptionId: 'urn:ngsi-ld:Subscription:other' })).status).toBe(400);
    expect(await send('p', relayToken, { ...body, data: [{ id: 'x' }] })).toMatchObject({
      status: 400,
      json: { error: 'data[0] is no entity with an id, a type and attributes' },
    });
    expect((await send('p', relayToken, '{"data"')).status).toBe(400);
    expect(waiting(started, 'p')?.waiting).toBe(0);
  });

  it('of one partner go on while another one is away, and keep their id when they are sent again', async () => {
    let isAway = true;
    const away = await startEndpoint(() => (isAway ? { status: 503 } : { status: 204 }));
    const hanging = await startEndpoint(() => 'hang');
    const well = await startEndpoint();
    const names = { away, hanging, well };
    const started = await line(Object.entries(names).map(([name, { url }]) => partner(name, { endpoint: url, history: 'full' })));
    await started.apply();
    for (let value = 1; value <= 5; value++) await write(started.ours, [weather(1, value, at(value))], {});
    await until('the well one has all', () => temperatures(well.posts, 1).length >= 5);
    expect(temperatures(well.posts, 1)).toEqual([1, 2, 3, 4, 5]);
    expect(waiting(started, 'away')).toMatchObject({ waiting: 5, state: 'unavailable' });
    await until('it is tried again', () => away.posts.length > 1);
    const trouble = (): string | undefined => troubleOf(started, 'away');
    expect(trouble()).toBe('the partner answered 503');
    isAway = false;
    await until('the other one has all', () => waiting(started, 'away')?.waiting === 0);
    expect(trouble()).toBeUndefined();
    const ids = away.posts.map(({ body }) => body.id);
    expect(new Set(ids).size).toBe(5);
    expect(temperatures(away.posts, 1).filter((value, index, all) => value !== all[index - 1])).toEqual([1, 2, 3, 4, 5]);
    expect(await started.registry.metrics()).toMatch(/klavze_sharing_deliveries_total\{partner="away",result="delivered"\} 5/);
  }, 30_000);

  it('that a partner refuses are set apart, and the others arrive', async () => {
    const to = await startEndpoint(({ body }) => ({ status: body.data.some(({ id }) => /test-3$/.test(String(id))) ? 400 : 204 }));
    const started = await line([partner('p', { endpoint: to.url })]);
    await write(
      started.ours,
      [1, 2, 3, 4, 5].map((station) => weather(station, station, at(1))),
      {},
    );
    await started.apply();
    await until('all are settled', () => waiting(started, 'p')?.deadLetters === 1 && waiting(started, 'p')?.waiting === 0);
    for (const station of [1, 2, 4, 5]) expect(temperatures(to.posts, station)).toContain(station);
  });

  it.each([
    ['newest', { letters: 2, sent: 1, late: 0, overtaken: 1 }, [3, 4]],
    ['full', { letters: 2, sent: 1, late: 1, overtaken: 0 }, [3, 4, 1]],
  ])(
    'that a partner refused go again when it is mended, history %s: none over a newer one',
    async (history, report, expected) => {
      let isMended = false;
      const to = await startEndpoint(() => ({ status: isMended ? 204 : 400 }));
      const started = await line([partner('p', { endpoint: to.url, history })]);
      await started.apply();
      await write(started.ours, [weather(1, 1, at(1)), weather(2, 4, at(1))], {});
      await until('both are refused', () => waiting(started, 'p')?.deadLetters === 2);
      isMended = true;
      to.posts.length = 0;
      await write(started.ours, [weather(1, 3, at(3))], {});
      await until('a newer one arrives', () => temperatures(to.posts, 1).includes(3) && waiting(started, 'p')?.waiting === 0);
      const { queue: path, ledger: ledgerFile } = partnerFiles(started.dataDir, 'p');
      const queue = openSqliteOutbox({ path, logger: pino({ level: 'silent' }) });
      const ledger = openLedger(ledgerFile);
      const letters = queue.deadLetters.list();
      expect(await resend(letters, { partner: partner('p', { endpoint: to.url, history }), queue, ledger, at: at(4) })).toEqual(report);
      ledger.close();
      await queue.close();
      await until('they arrive', () => to.posts.flatMap(({ body }) => body.data).length === expected.length);
      expect(waiting(started, 'p')).toMatchObject({ deadLetters: 0 });
      const values = to.posts.flatMap(({ body }) => body.data).map((one) => (one['temperature'] as { value: number }).value);
      expect(values.sort()).toEqual([...expected].sort());
    },
    20_000,
  );

  it('wait where the address is wrong: that is no fault of the data', async () => {
    const to = await startEndpoint(() => ({ status: 404, body: { type: 'about:blank', title: 'no such page' } }));
    const started = await line([partner('p', { endpoint: to.url })]);
    await write(started.ours, [weather(1, 1, at(1))], {});
    await started.apply();
    await until('it was tried', () => waiting(started, 'p')?.state === 'denied');
    expect(waiting(started, 'p')).toMatchObject({ waiting: 1, deadLetters: 0 });
  });

  it('ask for a token, keep it, and ask anew when it is refused', async () => {
    const tokens = await startEndpoint(() => ({ status: 200, body: { access_token: `token-${tokens.posts.length}`, expires_in: 3600 } }));
    const to = await startEndpoint(({ headers }) => ({ status: headers.authorization === 'Bearer token-2' ? 204 : 401 }));
    const auth = { kind: 'oauth2', tokenUrl: tokens.url, clientId: 'klavže', scope: 'write' };
    const started = await line([partner('p', { endpoint: to.url, auth }, { clientSecret: 's:ecret' })]);
    await write(started.ours, [weather(1, 1, at(1))], {});
    await started.apply();
    await until('it arrives', () => waiting(started, 'p')?.waiting === 0 && to.posts.length === 2);
    await write(started.ours, [weather(1, 2, at(2))], {});
    await until('the next arrives', () => to.posts.length === 3);
    expect(tokens.posts).toHaveLength(2);
    const basic = Buffer.from(tokens.posts[0]?.headers.authorization?.replace('Basic ', '') ?? '', 'base64').toString();
    expect(basic).toBe('klav%C5%BEe:s%3Aecret');
    expect((tokens.posts[0]?.body as unknown as { text: string }).text).toBe('grant_type=client_credentials&scope=write');
  });

  it('come together where the partner wants them seldom, and the last state is told', async () => {
    const to = await startEndpoint();
    const started = await line([partner('p', { endpoint: to.url, throttling: 1.5 })]);
    await started.apply();
    for (let value = 1; value <= 20; value++) await write(started.ours, [weather(1, value, at(value))], {});
    await until('the last state arrives', () => temperatures(to.posts, 1).at(-1) === 20);
    expect(to.posts.length).toBeLessThan(5);
    expect(waiting(started, 'p')).toMatchObject({ waiting: 0, deadLetters: 0 });
  });
});

describe('the watchdog', () => {
  it('brings to a partner of a plain subscription what the broker gave up', async () => {
    let isAway = false;
    const to = await startEndpoint(() => ({ status: isAway ? 503 : 204 }));
    const started = await line([partner('p', { mode: 'subscription', endpoint: to.url })], { profile: 'orion' });
    await started.apply();
    await write(started.ours, [weather(1, 0, at(0))], {});
    await until('the first arrives', () => temperatures(to.posts, 1).includes(0));
    isAway = true;
    for (let value = 1; value <= 6; value++) await write(started.ours, [weather(value, value, at(value))], {});
    await until('it was tried', () => to.posts.length > 3);
    isAway = false;
    await until(
      'all arrive',
      () => [1, 2, 3, 4, 5, 6].every((value) => temperatures(to.posts, value).includes(value)) && waiting(started, 'p')?.waiting === 0,
    );
    const state = await call(`${started.ours.url}/ngsi-ld/v1/subscriptions/urn:ngsi-ld:Subscription:klavze:here:p:WeatherObserved`, 'GET');
    await until('it is active', () => (state.json as { isActive: boolean }).isActive);
  }, 30_000);

  it('fetches what came while sharing did not run, each value once and in order', async () => {
    const to = await startEndpoint();
    const started = await line([partner('p', { endpoint: to.url, history: 'full' })], { profile: 'orion' });
    await started.apply();
    await write(started.ours, [weather(1, 1, at(1))], {});
    await until('the first arrives', () => temperatures(to.posts, 1).length === 1);
    await started.stop();
    for (let value = 2; value <= 6; value++) await write(started.ours, [weather(1, value, at(value))], {});
    started.start();
    await until('all arrive', () => temperatures(to.posts, 1).includes(6));
    await write(started.ours, [weather(1, 7, at(7))], {});
    await until('the next arrives', () => temperatures(to.posts, 1).includes(7));
    expect(temperatures(to.posts, 1)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  }, 30_000);

  it('deletes at the partner what is deleted in the lake, and keeps a partner whose lake was emptied', async () => {
    const theirs = await startBroker({ port: 0, dbFile: ':memory:' });
    closers.push(() => theirs.close());
    const started = await line([partner('p', { target: 'upsert', endpoint: theirs.url })]);
    const all = Array.from({ length: 12 }, (_, station) => weather(station, 1, at(1)));
    await write(started.ours, all, {});
    await started.apply();
    await until('all are there', async () => (await entitiesOf(theirs, {})).length === 12);
    const remove = (station: number) =>
      call(`${started.ours.url}/ngsi-ld/v1/entities/urn:ngsi-ld:WeatherObserved:test-${station}`, 'DELETE');
    await remove(0);
    await until('it is gone at the partner', async () => (await entitiesOf(theirs, {})).length === 11);
    await started.stop();
    await remove(1);
    started.start();
    await until('what was deleted meanwhile is gone too', async () => (await entitiesOf(theirs, {})).length === 10);
    await started.stop();
    const failed = async (): Promise<number> => {
      const { json } = await call(
        `${started.ours.url}/ngsi-ld/v1/subscriptions/urn:ngsi-ld:Subscription:klavze:here:p:WeatherObserved`,
        'GET',
      );
      return (json as { notification: { timesFailed: number } }).notification.timesFailed;
    };
    const before = await failed();
    for (let station = 2; station < 12; station++) await remove(station);
    await until('nobody took that', async () => (await failed()) === before + 10);
    started.start();
    await write(started.ours, [weather(20, 1, at(1))], {});
    await until('the next state arrives', async () => (await entitiesOf(theirs, {})).some(({ id }) => String(id).endsWith('test-20')));
    expect(await entitiesOf(theirs, {})).toHaveLength(11);
  }, 30_000);
});

describe('MQTT', () => {
  it('publishes to the topic of the partner, also what waited while its broker was away', async () => {
    const got: { body: Post['body']; metadata: Record<string, string> }[] = [];
    const start = (port: number) =>
      startMqttBroker({
        host: '127.0.0.1',
        port,
        topics: [],
        accept: () => Promise.resolve(),
        logger: pino({ level: 'silent' }),
        users: [{ username: 'k', password: 'secret' }],
      });
    let broker = await start(0);
    const { port } = new URL(broker.url);
    const started = await line([
      partner('p', { mode: 'mqtt', endpoint: `${broker.url}/city/idrija` }, { username: 'k', password: 'secret' }),
    ]);
    await broker.close();
    await started.apply();
    await write(started.ours, [weather(1, 1, at(1))], {});
    await until('it was tried', () => waiting(started, 'p')?.state === 'unavailable' && waiting(started, 'p')?.waiting === 1);
    broker = await start(Number(port));
    closers.push(() => broker.close());
    const reader = await mqtt.connectAsync(broker.url, { username: 'k', password: 'secret' });
    closers.push(() => reader.endAsync(true));
    reader.on('message', (_topic, payload) => void got.push(JSON.parse(payload.toString()) as (typeof got)[number]));
    await reader.subscribeAsync('city/idrija', { qos: 1 });
    await until('it arrives', () => got.length > 0, 30_000);
    expect(got[0]).toMatchObject({
      metadata: { 'Content-Type': 'application/json' },
      body: { type: 'Notification', data: [{ temperature: { value: 1 } }] },
    });
    await until('it is settled', () => waiting(started, 'p')?.waiting === 0);
  }, 45_000);
});
