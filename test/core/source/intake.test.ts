import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createMemoryOutbox } from '../../../core/outbox/memory.ts';
import type { Outbox } from '../../../core/outbox/outbox.ts';
import { replay } from '../../../core/outbox/replay.ts';
import type { AgentKnowledge, Passage } from '../../../core/pipeline.ts';
import type { Device } from '../../../core/plugin.ts';
import { loadKnowledge, type LoadedKnowledge } from '../../../core/service/knowledge.ts';
import { createIntake } from '../../../core/source/intake.ts';
import { findEnvelope } from '../../../core/source/topic-index.ts';
import { reject } from '../../../core/rejection.ts';
import { gauge, origin } from '../outbox/samples.ts';

const receivedAt = '2026-05-01T10:00:00.000Z';
const clock = () => '2026-05-02T00:00:00.000Z';

let loaded: LoadedKnowledge;
let devices: Map<string, Device>;
let knowledge: AgentKnowledge;
let outbox: Outbox;
let passages: [string, Passage][];
let accept: ReturnType<typeof createIntake>;

beforeAll(async () => {
  loaded = await loadKnowledge();
});
beforeEach(() => {
  devices = new Map([['kanomlja', { id: 'kanomlja', family: 'air-quality', location: [14.0, 46.03] }]]);
  knowledge = { ...loaded, ...loaded.agents, device: ({ deviceId }) => devices.get(deviceId) };
  outbox = createMemoryOutbox(clock);
  passages = [];
  accept = createIntake({ knowledge, outbox, onPassage: (plugin, passage) => passages.push([plugin, passage]) });
});

const message = (payload: string | Uint8Array, topic = '/json/key/kanomlja/attrs') => ({
  topic,
  payload: Buffer.from(payload),
  receivedAt,
});
const queuedTypes = () => outbox.peek(99, 0, 1).map(({ entity }) => entity.type);
const codes = () => outbox.deadLetters.list().map(({ rejection }) => rejection.code);

describe('intake', () => {
  it('makes a message durable and tells of it afterwards', async () => {
    await accept(message('{"pm10": 12}'));
    expect(queuedTypes()).toContain('AirQualityObserved');
    expect(passages.map(([plugin]) => plugin)).toEqual(['agents/envelopes/iota-json']);
  });

  it.each<[string, string | Uint8Array]>([
    ['too_large', Buffer.alloc(1024 * 1024 + 1, 0x20)],
    ['too_deep', '['.repeat(5_000) + ']'.repeat(5_000)],
    ['too_deep', `{"a":${'{"a":'.repeat(64)}1${'}'.repeat(64)}}`],
  ])('keeps as %s without parsing', async (code, payload) => {
    await accept(message(payload));
    expect(codes()).toEqual([code]);
    expect(Buffer.from(outbox.deadLetters.list()[0]?.raw ?? []).equals(Buffer.from(payload))).toBe(true);
    expect(outbox.deadLetters.list()[0]?.origin.plugin).toBe('agents/envelopes/iota-json');
  });

  it('counts brackets only outside of texts', async () => {
    await accept(message(`{"pm10": 12, "note": "${'['.repeat(500)} \\" ${'{'.repeat(500)}"}`));
    expect(codes()).not.toContain('too_deep');
  });

  it('keeps what no agent reads', async () => {
    await accept(message('x', 'nobody/knows'));
    expect(outbox.deadLetters.list()).toMatchObject([
      { origin: { plugin: 'core/source', from: 'nobody/knows' }, rejection: { code: 'unknown_topic' } },
    ]);
  });

  it('survives noise: every message ends as entities or dead letters', async () => {
    const noise = [
      '',
      'null',
      '{}',
      '"x"',
      '7',
      'NaN',
      '{"pm10":',
      '{"__proto__":{"x":1}}',
      '{"pm10":"1,5"}',
      Buffer.from([0xff, 0xfe, 0, 0xd8]),
    ];
    for (const payload of noise) await accept(message(payload));
    expect(passages).toHaveLength(noise.length);
    for (const [, { publications, deadLetters }] of passages) expect(publications.length + deadLetters.length).toBeGreaterThan(0);
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });
});

describe('findEnvelope', () => {
  it('prefers the filter with the fewest wildcards', () => {
    const envelope = (name: string, ...topics: string[]) => ({
      name,
      topics,
      title: { sl: '', en: '' },
      open: () => ({ values: [], rejections: [] }),
    });
    const find = findEnvelope([envelope('all', '#'), envelope('some', 'a/+/c', 'a/#'), envelope('one', 'a/b/c')]);
    expect(['a/b/c', 'a/x/c', 'a', 'a/x/y/z', 'q', '$SYS/x'].map((topic) => find(topic)?.name)).toEqual([
      'one',
      'some',
      'some',
      'some',
      'all',
      undefined,
    ]);
  });
});

describe('findEnvelope', () => {
  it('lets no broad filter take the topics of a narrower one', () => {
    const find = findEnvelope(knowledge.envelopes);
    const owner = (topic: string): string | undefined => find(topic)?.name;
    expect(
      [
        'zigbee2mqtt/online',
        'zigbee2mqtt/status/x',
        'zigbee2mqtt/a/attrs',
        'tele/status/SENSOR',
        'klavze/status/status',
        'senml/online',
      ].map(owner),
    ).toEqual(['zigbee2mqtt', 'zigbee2mqtt', 'zigbee2mqtt', 'tasmota', 'klavze', 'senml']);
    expect(['shelly1-a/online', 'shelly1-a/status/sys', 'shelly1-a/events/rpc'].map(owner)).toEqual(Array(3).fill('shelly-gen2'));
    expect(['json/key/tele/attrs', '/key/tele/attrs', 'key/id/attrs'].map(owner)).toEqual(Array(3).fill('iota-json'));
    expect(['ul/key/id/attrs', 'mqtt/things/a/uplink', 'ingest/netmore'].map(owner)).toEqual([
      'iota-ultralight',
      'actility-thingpark',
      'netmore',
    ]);
    expect(owner('nobody/reads/this')).toBeUndefined();
  });
});

describe('replay', () => {
  const again = (letters = outbox.deadLetters.list()) => replay(letters, { outbox, agents: knowledge, adapters: loaded.adapters, clock });

  it('takes messages of a device that was registered in the meantime, and marks them', async () => {
    await accept(message('{"pm10": 7}', '/json/key/vojkova/attrs'));
    expect(codes()).toEqual(['unknown_device']);
    const letters = outbox.deadLetters.list();
    expect(await again()).toMatchObject({ letters: 1, replayed: 0, stillRefused: 1, entities: 0 });

    devices.set('vojkova', { id: 'vojkova', family: 'air-quality', location: [14.02, 46.0] });
    const report = await again();

    expect(report).toMatchObject({ letters: 1, replayed: 1, stillRefused: 0, rejections: 0, skipped: [] });
    expect(queuedTypes().filter((type) => type === 'AirQualityObserved')).toHaveLength(1);
    expect(outbox.peek(1, 0, 1)[0]?.origin.receivedAt).toBe(receivedAt);
    expect([outbox.deadLetters.count(), outbox.deadLetters.list({ replayed: true })[0]?.replayedAt]).toEqual([0, clock()]);
    expect(await again(letters.map(({ id }) => outbox.deadLetters.get(id) ?? letters[0]!))).toMatchObject({ replayed: 0, entities: 0 });
  });

  it('replays a message once although several of its fields were refused', async () => {
    await accept(message('{"pm10": "many", "no2": "few", "o3": 3}'));
    const letters = outbox.deadLetters.list();
    expect(letters.length).toBeGreaterThanOrEqual(2);
    const states = queuedTypes().length;
    const report = await again();
    expect(report).toMatchObject({ stillRefused: letters.length, replayed: 0, entities: 0 });
    expect(queuedTypes()).toHaveLength(states);
    expect(outbox.deadLetters.list()).toEqual(letters);
  });

  it('publishes an entity again that the broker had refused', async () => {
    const rejection = reject('deliver', 'refused_by_broker', 'no');
    await outbox.append({
      publications: [],
      deadLetters: [1, 2].map((level) => ({ origin, rejection, raw: Buffer.from(JSON.stringify(gauge('a', level))) })),
    });
    expect(await again()).toMatchObject({ letters: 2, replayed: 2, entities: 2 });
    expect(outbox.peek(9, 0, 1).map(({ entity }) => entity)).toEqual([gauge('a', 1), gauge('a', 2)]);
  });

  it('runs rows through their adapter and says what cannot be replayed', async () => {
    const [adapter] = loaded.adapters.values();
    if (adapter === undefined) throw new Error('no adapter');
    const from = 'file.xml';
    const of = (plugin: string, row?: number) => ({ plugin, from, receivedAt, ...(row !== undefined && { row }) });
    await outbox.append({
      publications: [],
      deadLetters: [
        {
          origin: of(`adapters/${adapter.name}`, 3),
          rejection: reject('decode', 'plugin_failure', 'it failed once'),
          raw: Buffer.from('{}'),
        },
        { origin: of(`adapters/${adapter.name}`), rejection: reject('source', 'truncated_file', 'cut'), raw: Buffer.from('<a') },
        { origin: of('adapters/gone', 1), rejection: reject('map', 'no_measurement', 'x'), raw: Buffer.from('{}') },
      ],
    });
    const report = await again();
    expect(report).toMatchObject({ replayed: 1, entities: 0 });
    expect(report.rejections).toBeGreaterThan(0);
    expect(report.skipped.map(({ reason }) => reason)).toEqual([
      `a whole file: run "klavze adapter run ${adapter.name}" again`,
      'there is no adapters/gone any more',
    ]);
  });
});
