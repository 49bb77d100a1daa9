import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { createBrokerClient } from '../../../core/deliver/client.ts';
import { createDeliverer, type Deliverer } from '../../../core/deliver/deliverer.ts';
import { createBrokerHistory, type BrokerHistory } from '../../../core/journal/history.ts';
import { openJournal } from '../../../core/journal/journal.ts';
import { replayJournal, type JournalReplayOptions } from '../../../core/journal/replay.ts';
import { createMemoryOutbox } from '../../../core/outbox/memory.ts';
import type { Outbox } from '../../../core/outbox/outbox.ts';
import type { AgentKnowledge } from '../../../core/pipeline.ts';
import type { Adapter, Decoder, Device } from '../../../core/plugin.ts';
import { loadKnowledge, type LoadedKnowledge } from '../../../core/service/knowledge.ts';
import { runAdapter } from '../../../core/source/dataset.ts';
import { createIntake } from '../../../core/source/intake.ts';
import { startBroker, type Broker } from '../../../embedded/ngsi-ld/server.ts';
import { silent } from '../outbox/samples.ts';

let loaded: LoadedKnowledge;
let folder: string;
let broker: Broker;
let deliverer: Deliverer;
let outbox: Outbox;
let history: BrokerHistory;
/** States of AirQualityObserved that were sent, by what became of them. */
let delivered: string[];

const devices = new Map<string, Device>(
  ['trg', 'lj'].map((id) => [id, { id, family: 'air-quality', location: [14.0, 46.0] } satisfies Device]),
);
const at = (minute: number) => new Date(Date.parse('2026-05-01T10:00:00.000Z') + minute * 60_000).toISOString();
const id = (name: string) => `urn:ngsi-ld:AirQualityObserved:${name}`;

/** Every decoder, with a fault that makes ten times too much fine dust. */
function withFault(knowledge: AgentKnowledge): AgentKnowledge {
  const faulty = (decoder: Decoder): Decoder => ({
    ...decoder,
    decode: (uplink, device) => decoder.decode(uplink, device),
    readings: (record) => decoder.readings(record).map((one) => (one.quantity === 'pm10' ? { ...one, value: one.value * 10 } : one)),
  });
  return { ...knowledge, decoders: new Map([...knowledge.decoders].map(([name, decoder]) => [name, faulty(decoder)])) };
}
const agents = (): AgentKnowledge => ({ ...loaded, ...loaded.agents, device: ({ deviceId }) => devices.get(deviceId) });

beforeAll(async () => {
  loaded = await loadKnowledge();
});

async function start(profile: 'strict' | 'orion'): Promise<void> {
  folder = mkdtempSync(join(tmpdir(), 'klavze-replay-'));
  broker = await startBroker({ port: 0, dbFile: ':memory:', profile });
  outbox = createMemoryOutbox();
  delivered = [];
  deliverer = createDeliverer({
    outbox,
    client: createBrokerClient({ url: broker.url }),
    logger: silent,
    contextOf: () => '',
    lingerMs: 1,
    observer: {
      delivered: (result, publications) =>
        delivered.push(...publications.filter(({ entity }) => entity.type === 'AirQualityObserved').map(() => result)),
    },
  });
  deliverer.start();
  history = createBrokerHistory({ url: broker.url, contextOf: () => '' });
}
afterEach(async () => {
  history.close();
  await deliverer.stop();
  await broker.close();
  rmSync(folder, { recursive: true });
});

async function drained(): Promise<void> {
  for (let tries = 0; outbox.depth(at(0)).count > 0; tries++) {
    if (tries > 2_000) throw new Error('the outbox did not drain');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Messages of both devices, one a minute, taken in with the fault and kept in the journal. */
async function takeIn(minutes: readonly number[], knowledge: AgentKnowledge = withFault(agents())): Promise<void> {
  const journal = openJournal({ folder, days: 7, bytes: 1e9, clock: () => at(0), logger: silent });
  const accept = createIntake({ knowledge, outbox, onPassage: (_plugin, _passage, message) => journal.message(message) });
  for (const minute of minutes) {
    for (const device of devices.keys()) {
      const payload = Buffer.from(JSON.stringify({ TimeInstant: at(minute), pm10: minute + 1, temperature: 20 }));
      await accept({ topic: `/json/key/${device}/attrs`, payload, receivedAt: at(minute) });
    }
  }
  await journal.close();
  await drained();
  delivered = [];
}

async function replay(options: Partial<JournalReplayOptions> = {}) {
  const all = { folder, from: at(-60), to: at(60), agents: agents(), adapters: loaded.adapters, target: { outbox, history } };
  const report = await replayJournal({ ...all, ...options });
  await drained();
  return report;
}

const get = async (path: string) => (await (await fetch(`${broker.url}/ngsi-ld/v1/${path}`)).json()) as Record<string, unknown>;
async function pm10Of(name: string): Promise<{ present: unknown; past: unknown[] }> {
  const present = (await get(`entities/${id(name)}`)) as { pm10: { value: number } };
  const past = [(await get(`temporal/entities/${id(name)}`))['pm10']].flat() as { observedAt: string; value: number }[];
  const inOrder = past.map(({ observedAt, value }) => [new Date(observedAt).toISOString(), value] as const).sort();
  return {
    present: present.pm10.value,
    past: inOrder.map(([moment, value]) => [(Date.parse(moment) - Date.parse(at(0))) / 60_000, value]),
  };
}

describe('replay of the journal, to a broker with a history', () => {
  beforeEach(() => start('strict'));

  it('puts state and history of a period right, each moment once', async () => {
    await takeIn([0, 1, 2, 3]);
    expect(await pm10Of('trg')).toEqual({
      present: 40,
      past: [
        [0, 10],
        [1, 20],
        [2, 30],
        [3, 40],
      ],
    });
    const report = await replay();
    expect(await pm10Of('trg')).toEqual({
      present: 4,
      past: [
        [0, 1],
        [1, 2],
        [2, 3],
        [3, 4],
      ],
    });
    expect(report).toMatchObject({ messages: 8, rejections: 0, corrected: 8, withoutHistory: 0, beside: 0, damaged: 0 });
    // Only the present states are sent: of the older ones the history was put right in its place.
    expect(delivered).toEqual(['accepted', 'accepted']);
  });

  it('changes and sends nothing when it is run again, or when nothing was wrong', async () => {
    await takeIn([0, 1, 2]);
    await replay();
    delivered = [];
    const again = await replay();
    expect(again).toMatchObject({ messages: 6, sent: 0, corrected: 0 });
    expect(again.repeated).toBeGreaterThan(0);
    expect(delivered).toEqual([]);
    expect(await pm10Of('trg')).toEqual({
      present: 3,
      past: [
        [0, 1],
        [1, 2],
        [2, 3],
      ],
    });
  });

  it('touches only the time and the device that are asked for', async () => {
    await takeIn([0, 1, 2, 3]);
    const report = await replay({ from: at(1), to: at(2), device: 'trg' });
    expect(report.messages).toBe(2);
    expect(await pm10Of('trg')).toEqual({
      present: 40,
      past: [
        [0, 10],
        [1, 2],
        [2, 3],
        [3, 40],
      ],
    });
    expect((await pm10Of('lj')).past).toEqual([
      [0, 10],
      [1, 20],
      [2, 30],
      [3, 40],
    ]);
  });

  it('interrupted in the middle, is finished by running it again', async () => {
    await takeIn([0, 1, 2, 3, 4, 5]);
    let changes = 0;
    const dying: BrokerHistory = {
      ...history,
      change: (...words) => {
        if (++changes > 5) throw new Error('killed');
        return history.change(...words);
      },
    };
    await expect(replay({ target: { outbox, history: dying } })).rejects.toThrow('killed');
    const half = (await pm10Of('trg')).past;
    expect(half).toContainEqual([0, 1]);
    expect(half).toContainEqual([5, 60]);
    await replay();
    for (const name of devices.keys()) {
      expect(await pm10Of(name)).toEqual({ present: 6, past: [0, 1, 2, 3, 4, 5].map((minute) => [minute, minute + 1]) });
    }
  });

  it('brings back values that the broker lost, older ones into the history alone', async () => {
    await takeIn([0, 1, 2], agents());
    await fetch(`${broker.url}/ngsi-ld/v1/temporal/entities/${id('trg')}`, { method: 'DELETE' });
    const report = await replay({ device: 'trg' });
    expect(report.sent).toBeGreaterThan(0);
    expect(await pm10Of('trg')).toMatchObject({
      present: 3,
      past: expect.arrayContaining([
        [0, 1],
        [1, 2],
      ]) as unknown,
    });
    expect(new Set(delivered)).toEqual(new Set(['late', 'accepted']));
  });

  it('only tells what would come of it without a target', async () => {
    await takeIn([0, 1]);
    const values: unknown[] = [];
    const { target: _, ...options } = { target: 0, folder, from: at(0), to: at(0), agents: agents(), adapters: loaded.adapters };
    const onConsignment: JournalReplayOptions['onConsignment'] = ({ publications }) =>
      values.push(...publications.filter(({ entity }) => entity.type === 'AirQualityObserved').map(({ entity }) => entity['pm10']));
    expect(await replayJournal({ ...options, onConsignment })).toMatchObject({ messages: 2, sent: 0 });
    expect(values).toMatchObject([{ value: 1 }, { value: 1 }]);
    expect((await pm10Of('trg')).present).toBe(20);
  });

  it('reads dataset files once more, later ones of the same adapter after those of the time: the last word counts', async () => {
    const adapter = airOf(1);
    const journal = openJournal({ folder, days: 7, bytes: 1e9, clock: () => at(0), logger: silent });
    const run = async (minute: number, rows: string, one: Adapter) =>
      runAdapter({
        adapter: one,
        knowledge: loaded,
        input: { kind: 'file', bytes: Buffer.from(rows), name: 'dust.csv' },
        stations: 'all',
        sink: outbox,
        clock: () => at(minute),
        keep: journal.file,
      });
    await run(0, 'id,time,pm10\nsodu,2026-05-01T09:00:00Z,5\n', airOf(10));
    // The publisher corrects an hour.
    await run(1, 'id,time,pm10\nsodu,2026-05-01T09:00:00Z,7\nsodu,2026-05-01T10:00:00Z,8\n', airOf(10));
    journal.file({ adapter: 'gone', from: 'x.csv', stations: 'all', receivedAt: at(0), bytes: Buffer.from('x') });
    journal.file({ adapter: adapter.name, from: 'huge.csv', stations: 'all', receivedAt: at(0) });
    await journal.close();
    await drained();
    const report = await replay({ to: at(0), adapters: new Map([[adapter.name, adapter]]) });
    expect(report).toMatchObject({ files: 2, skipped: [{ adapter: 'gone' }, { from: 'huge.csv' }] });
    expect(await pm10Of('sodu')).toEqual({
      present: 8,
      past: [
        [-60, 7],
        [0, 8],
      ],
    });
  });
});

/** An adapter of three columns whose values are multiplied. */
function airOf(factor: number): Adapter {
  const template = loaded.adapters.get('arso-air') as Adapter;
  return {
    ...template,
    name: 'dust',
    format: { kind: 'csv', columns: ['id', 'time', 'pm10'] },
    recordSchema: { type: 'object' },
    expect: { minRows: 1, maxRejectedPct: 50 },
    isWanted: () => true,
    key: (row) => String(row['id']),
    decode: (row) => ({ values: [{ ...row }], rejections: [] }),
    map: (record: Record<string, unknown>) => ({
      values: [
        {
          id: id(String(record['id'])),
          type: 'AirQualityObserved',
          dateObserved: { type: 'Property', value: { '@type': 'DateTime', '@value': String(record['time']) } },
          location: { type: 'GeoProperty', value: { type: 'Point', coordinates: [14.0, 46.0] } },
          pm10: { type: 'Property', value: Number(record['pm10']) * factor, unitCode: 'GQ', observedAt: String(record['time']) },
        } as never,
      ],
      rejections: [],
    }),
  };
}

describe('replay of the journal, to a broker that lets nobody change its history', () => {
  beforeEach(() => start('orion'));

  it('puts the state right and says how many values stay beside the right ones', async () => {
    await takeIn([0, 1]);
    const report = await replay({ device: 'trg' });
    expect(report).toMatchObject({ messages: 2, corrected: 0 });
    expect(report.beside).toBeGreaterThan(0);
    const { present, past } = await pm10Of('trg');
    expect(present).toBe(2);
    expect(past).toEqual(
      expect.arrayContaining([
        [0, 1],
        [1, 2],
      ]),
    );
    const again = await replay({ device: 'trg' });
    expect(again.sent).toBe(0);
    expect((await pm10Of('trg')).past).toEqual(past);
  });

  it('leaves older values out where there is no history, without a dead letter for each', async () => {
    await takeIn([0, 1, 2]);
    const none: BrokerHistory = { ...history, read: () => Promise.resolve('none' as const) };
    const report = await replay({ target: { outbox, history: none } });
    expect((await pm10Of('trg')).present).toBe(3);
    expect(report.withoutHistory).toBeGreaterThan(0);
    expect(outbox.deadLetters.count()).toBe(0);
  });
});
