/** Gaps in the notifications of every kind: what was missed is found, and nothing old goes over something new. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';

import { createMemoryOutbox } from '../../core/outbox/memory.ts';
import { openSqliteOutbox } from '../../core/outbox/sqlite.ts';
import { startBroker, type Broker } from '../../embedded/ngsi-ld/server.ts';
import type { Documents } from '../../sharing/documents-api.ts';
import { partnerFiles } from '../../sharing/files.ts';
import type { Caller, Reply } from '../../sharing/http.ts';
import { createLake, type Lake } from '../../sharing/lake.ts';
import { closeGap } from '../../sharing/gap.ts';
import { openLedger } from '../../sharing/ledger.ts';
import type { State } from '../../sharing/notice.ts';
import { changeStanding, noteApply, readStanding, type Standing } from '../../sharing/standing.ts';
import { createWatchdog } from '../../sharing/watchdog.ts';
import { channelTo, partner, startLine, type Line } from './line.ts';
import { entitiesOf, historyOf, until, weather, write } from './rig.ts';

const logger = pino({ level: 'silent' });
const closers: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (let close = closers.pop(); close !== undefined; close = closers.pop()) await close();
});

const at = (second: number): string => new Date(Date.UTC(2026, 4, 1, 10, 0, second)).toISOString();

async function brokers(...given: Parameters<typeof startLine>): Promise<Line> {
  const started = await startLine(...given);
  closers.push(() => started.close());
  return started;
}

async function theirBroker(): Promise<Broker> {
  const theirs = await startBroker({ port: 0, dbFile: ':memory:' });
  closers.push(() => theirs.close());
  return theirs;
}

/** Reads and changes what is known of a partner's gaps. */
async function standing(line: Line, name: string, change: Partial<Standing> = {}): Promise<Standing> {
  const queue = openSqliteOutbox({ path: partnerFiles(line.dataDir, name).queue, logger });
  if (Object.keys(change).length > 0) changeStanding(queue.state, change);
  const found = readStanding(queue.state);
  await queue.close();
  return found;
}

/** A channel to a partner who wants every value. */
function scene() {
  const to = partner('p', { endpoint: 'http://127.0.0.1:9', history: 'full' });
  const { channel, queue, ledger } = channelTo(to, at(0));
  closers.push(() => ledger.close());
  return { channel, queue, ledger, to };
}

const emptyLake: Lake = {
  now: () => Promise.resolve(Date.parse(at(10))),
  changed: () => Promise.resolve([]),
  ids: () => Promise.resolve(new Set()),
  exists: () => Promise.resolve(false),
  values: () => Promise.resolve(undefined),
};

const seen = async (line: Line): Promise<boolean> => (await standing(line, 'p')).seenApply !== undefined;

describe('a value that was found late', () => {
  it('goes as the present one all the same when it is told as such', async () => {
    const { channel, queue } = scene();
    const state = (value: number, second: number, modified: number): State =>
      ({
        id: 'urn:ngsi-ld:WeatherObserved:test-1',
        type: 'WeatherObserved',
        modifiedAt: at(modified),
        temperature: { type: 'Property', value, observedAt: at(second), modifiedAt: at(modified) },
      }) as State;
    await channel.admit([state(1, 1, 1)]);
    // The history knew of it before the present states did.
    await channel.admit([state(2, 2, 2)], { parts: 'late' });
    await channel.admit([state(2, 2, 2)]);
    await channel.admit([state(2, 2, 2)]);
    // A correction that is taken back: a value that was taken already is the present one again.
    await channel.admit([state(3, 2, 3)]);
    await channel.admit([state(2, 2, 4)]);
    const told = queue.peek(10, 0, 1).map(({ entity, origin }) => {
      const { temperature } = entity as unknown as { temperature: { value: number } };
      return `${temperature.value} ${origin.from}`;
    });
    expect(told).toEqual(['1 WeatherObserved', '2 WeatherObserved#late', '2 WeatherObserved', '3 WeatherObserved', '2 WeatherObserved']);
  });
});

describe('a gap', () => {
  it('is closed with every value of every entity, also of more than a broker gives in one page', async () => {
    const theirs = await theirBroker();
    const line = await brokers([partner('p', { target: 'upsert', endpoint: theirs.url, history: 'full' })], { profile: 'orion' });
    const all = Array.from({ length: 30 }, (_, station) => station);
    const round = (second: number) =>
      write(
        line.ours,
        all.map((station) => weather(station, second, at(second))),
        {},
      );
    await round(1);
    await line.apply();
    await until('all are there', async () => (await entitiesOf(theirs, {})).length === 30, 20_000);
    await line.stop();
    for (const second of [2, 3, 4]) await round(second);
    line.start();
    const histories = () => Promise.all(all.map((station) => historyOf(theirs, `urn:ngsi-ld:WeatherObserved:test-${station}`, {})));
    const wanted = [1, 2, 3, 4].map(at);
    await until('all values are there', async () => (await histories()).every((one) => new Set(one).size === wanted.length), 20_000);
    for (const history of await histories()) expect([...new Set(history)]).toEqual(wanted);
  }, 45_000);

  it('brings what is declared newly, however long it has been there', async () => {
    const theirs = await theirBroker();
    const declared = (attributes: string[]) =>
      partner('p', { target: 'upsert', endpoint: theirs.url, entities: [{ type: 'WeatherObserved', attributes }] });
    const line = await brokers([declared(['temperature'])]);
    await write(line.ours, [weather(1, 1, at(1))], {});
    await line.apply();
    await until('it is there', async () => (await entitiesOf(theirs, {})).length === 1, 20_000);
    await until('the first look is over', () => seen(line), 20_000);
    await line.stop();
    // As if nothing had changed for days.
    await standing(line, 'p', { verifiedUntil: new Date().toISOString() });
    line.start([declared(['temperature', 'windSpeed'])]);
    await until('the new attribute is there', async () => (await entitiesOf(theirs, {}))[0]?.['windSpeed'] !== undefined, 20_000);
  }, 45_000);

  it('brings an entity whole that comes to be shared in it', async () => {
    const { channel, queue, ledger, to } = scene();
    const attribute = (value: unknown, second: number) => ({ type: 'Property', value, modifiedAt: at(second) });
    const head = { id: 'urn:ngsi-ld:WeatherObserved:test-1', type: 'WeatherObserved' };
    const [temperature, windSpeed] = [attribute(31, 20), attribute(4, 1)];
    const lake: Lake = {
      ...emptyLake,
      now: () => Promise.resolve(Date.parse(at(30))),
      changed: () => Promise.resolve([{ ...head, modifiedAt: at(20), temperature, windSpeed } as State]),
      values: () => Promise.resolve({ entities: [{ ...head, temperature: [temperature] } as State], partial: false, bytes: 1 }),
    };
    const since = Date.parse(at(10));
    await closeGap({ partner: to, channel, lake, ledger, contextOf: () => '', logger }, since, { valuesSince: since, sweep: false });
    expect(queue.peek(10, 0, 1).at(-1)?.entity).toMatchObject({ temperature: { value: 31 }, windSpeed: { value: 4 } });
  });

  it('of which the broker said nothing is looked for since the last time it was asked', async () => {
    const theirs = await theirBroker();
    const line = await brokers([partner('p', { target: 'upsert', endpoint: theirs.url })]);
    await line.apply();
    await until('the first look is over', () => seen(line), 20_000);
    const before = await standing(line, 'p');
    await until(
      'it is looked again',
      async () => ((await standing(line, 'p')).quietUntil ?? '') > (before.quietUntil ?? before.verifiedUntil ?? ''),
      20_000,
    );
    expect((await standing(line, 'p')).verifiedUntil).toBe(before.verifiedUntil);
  }, 45_000);
});

describe('the watchdog', () => {
  it('closes the gap also when the answer to its revival was lost', async () => {
    const { state } = createMemoryOutbox();
    noteApply(state, at(0), true);
    const joined: string[] = [];
    let isActive = true;
    let isLost = false;
    const documents = {
      get: () => Promise.resolve({ isActive, notification: { timesFailed: 0 } }),
      patch() {
        isActive = true;
        return isLost ? Promise.reject(new Error('connection reset')) : Promise.resolve();
      },
    } as unknown as Documents;
    const ledger = openLedger(':memory:');
    closers.push(() => ledger.close());
    const watchdog = createWatchdog({
      partner: partner('p', { endpoint: 'http://127.0.0.1:9' }),
      channel: {
        receive: () => Promise.resolve(),
        admit: () => Promise.resolve(),
        takes: () => true,
        part: () => void joined.push('part'),
        mark: () => 0,
        join: () => Promise.resolve(void joined.push('join')),
      },
      lake: emptyLake,
      ledger,
      wanted: [{ partner: 'p', kind: 'subscriptions', id: 'urn:ngsi-ld:Subscription:1', context: '', body: {} }],
      documents,
      contextOf: () => '',
      state,
      logger,
      everyMs: 3_600_000,
    });
    await watchdog.look();
    [isActive, isLost, joined.length] = [false, true, 0];
    await watchdog.look();
    expect(joined).toEqual(['part']);
    isLost = false;
    await watchdog.look();
    expect(joined.at(-1)).toBe('join');
  });
});

describe('the history of our broker', () => {
  const asked: string[] = [];
  const lakeThat = (answer: (url: URL) => Partial<Reply>): Lake => {
    asked.length = 0;
    const caller: Caller = {
      call({ url }) {
        asked.push(url);
        return Promise.resolve({ status: 200, bytes: 10, body: [], ...answer(new URL(url)) });
      },
      close: () => undefined,
    };
    return createLake('http://127.0.0.1:9', caller);
  };
  const share = { type: 'WeatherObserved', attributes: 'all' } as const;
  const values = (lake: Lake) => lake.values(partner('p', { endpoint: 'http://127.0.0.1:9' }), share, '', 0, 1_000, 100);

  it.each<[string, Partial<Reply>]>([
    ['there are more values than it gives', { status: 206 }],
    ['its answer is too long', { status: 0, tooLong: true }],
  ])('is asked for less where %s', async (_why, reply) => {
    expect(await values(lakeThat(() => reply))).toMatchObject({ partial: true });
  });

  it('is read page by page', async () => {
    const page = (from: number, count: number) =>
      Array.from({ length: count }, (_, index) => ({ id: `urn:${from + index}`, type: 'WeatherObserved' }));
    const lake = lakeThat((url) => ({ body: url.searchParams.get('offset') === null ? page(0, 100) : page(100, 7) }));
    const found = await values(lake);
    expect(found).toMatchObject({ partial: false, bytes: 20 });
    expect(found?.entities).toHaveLength(107);
    expect(asked).toHaveLength(2);
  });
});
