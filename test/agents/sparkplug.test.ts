import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import mqtt from 'mqtt';
import { pino } from 'pino';
import protobuf from 'protobufjs';

import sparkplug from '../../agents/envelopes/sparkplug/index.ts';
import { readSparkplug } from '../../core/decode/sparkplug.ts';
import { createMemoryOutbox } from '../../core/outbox/memory.ts';
import type { Passage } from '../../core/pipeline.ts';
import { loadKnowledge } from '../../core/service/knowledge.ts';
import { createIntake } from '../../core/source/intake.ts';
import { startMqttSource, type MqttSourceOptions } from '../../core/source/mqtt.ts';
import { startMqttBroker } from '../../embedded/mqtt/broker.ts';

/** The part of the published schema that the tests send, written down a second time, from the specification. */
const { root } = protobuf.parse(`syntax = "proto2";
message Payload {
  message PropertyValue { optional uint32 type = 1; optional string string_value = 8; }
  message PropertySet { repeated string keys = 1; repeated PropertyValue values = 2; }
  message Metric {
    optional string name = 1; optional uint64 alias = 2; optional uint64 timestamp = 3; optional uint32 datatype = 4;
    optional bool is_historical = 5; optional bool is_null = 7; optional PropertySet properties = 9;
    oneof value { uint32 int_value = 10; uint64 long_value = 11; float float_value = 12; double double_value = 13;
      bool boolean_value = 14; string string_value = 15; bytes bytes_value = 16; }
  }
  optional uint64 timestamp = 1; repeated Metric metrics = 2; optional uint64 seq = 3; optional string uuid = 4;
}`);
const type = root.lookupType('Payload');
const encode = (payload: object): Uint8Array => type.encode(type.fromObject(payload)).finish();

const knowledge = await loadKnowledge();
const start = 1772439299000;

function line() {
  const asked: { topic: string; payload: Uint8Array }[] = [];
  const accept = createIntake({
    knowledge: {
      ...knowledge,
      ...knowledge.agents,
      device: ({ deviceId }) => ({ id: deviceId, family: 'air-quality', location: [14, 46] }),
    },
    outbox: createMemoryOutbox(),
    publish: (topic, payload) => asked.push({ topic, payload }),
  });
  let at = start;
  const send = (kind: string, payload: object, device = '', node = 'n-1'): Promise<Passage> => {
    at += 1000;
    const topic = `spBv1.0/idrija/${kind}/${node}${device}`;
    return accept({ topic, payload: encode({ timestamp: start, ...payload }), receivedAt: new Date(at).toISOString() });
  };
  return { asked, send, wait: (ms: number) => (at += ms) };
}

const valuesOf = ({ readings }: Passage): [string, number][] => readings.map(({ quantity, value }) => [quantity, value]);
const birth = {
  seq: 0,
  metrics: [
    { name: 'bdSeq', datatype: 4, longValue: 3 },
    {
      name: 'Air/Temperature',
      alias: 7,
      datatype: 9,
      floatValue: 4.5,
      properties: { keys: ['engUnit'], values: [{ type: 12, stringValue: '°C' }] },
    },
  ],
};
const byAlias = (seq: number, value: number) => ({ seq, metrics: [{ alias: 7, datatype: 9, floatValue: value }] });

describe('Sparkplug B from message to message', () => {
  it('knows aliases after the birth, and asks for nothing while seq goes on, over its end too', async () => {
    const { asked, send } = line();
    expect(valuesOf(await send('NBIRTH', birth))).toEqual([['airTemperature', 4.5]]);
    const device = { seq: 1, metrics: [{ name: 'Humidity', alias: 8, datatype: 10, doubleValue: 81 }] };
    expect(valuesOf(await send('DBIRTH', device, '/d-1'))).toEqual([['relativeHumidity', 0.81]]);
    for (let seq = 2; seq < 258; seq++) expect(valuesOf(await send('NDATA', byAlias(seq % 256, 5.5)))).toEqual([['airTemperature', 5.5]]);
    const data = { seq: 2, metrics: [{ alias: 8, datatype: 10, doubleValue: 50 }] };
    expect(valuesOf(await send('DDATA', data, '/d-1'))).toEqual([['relativeHumidity', 0.5]]);
    expect(asked).toEqual([]);
  });

  it('asks a node whose birth was missed, once a minute', async () => {
    const { asked, send, wait } = line();
    const missed = await send('NDATA', byAlias(9, 5.5));
    expect(missed.deadLetters.map(({ rejection }) => rejection.code)).toEqual(['missing_field']);
    await send('NDATA', byAlias(10, 5.5));
    expect(asked.map(({ topic }) => topic)).toEqual(['spBv1.0/idrija/NCMD/n-1']);
    wait(61_000);
    await send('NDATA', byAlias(11, 5.5));
    expect(asked).toHaveLength(2);
    const command = type.toObject(type.decode(asked[0]?.payload ?? new Uint8Array()), { longs: Number }) as { metrics: object[] };
    expect(command.metrics).toEqual([expect.objectContaining({ name: 'Node Control/Rebirth', datatype: 11, booleanValue: true })]);
    await send('NBIRTH', birth);
    expect(valuesOf(await send('NDATA', byAlias(1, 6)))).toEqual([['airTemperature', 6]]);
    expect(asked).toHaveLength(2);
  });

  it('reads what it can and asks for births where seq has a gap', async () => {
    const { asked, send } = line();
    await send('NBIRTH', birth);
    expect(valuesOf(await send('NDATA', byAlias(5, 6)))).toEqual([['airTemperature', 6]]);
    expect(asked).toHaveLength(1);
  });

  it('forgets a node that died, but not by the will of a connection before', async () => {
    const { send } = line();
    await send('NBIRTH', birth);
    const will = (bdSeq: number) => ({ metrics: [{ name: 'bdSeq', datatype: 4, longValue: bdSeq }] });
    expect(await send('NDEATH', will(2))).toMatchObject({ event: 'offline', deadLetters: [] });
    expect(valuesOf(await send('NDATA', byAlias(1, 6)))).toEqual([['airTemperature', 6]]);
    await send('NDEATH', will(3));
    expect((await send('NDATA', byAlias(2, 6))).deadLetters).toHaveLength(1);
  });

  it('keeps the aliases of one node from another', async () => {
    const { send } = line();
    await send('NBIRTH', birth);
    expect((await send('NDATA', byAlias(1, 6), '', 'n-2')).readings).toEqual([]);
  });
});

it('what is asked reaches the node, by the embedded broker and by one elsewhere', async () => {
  const logger = pino({ level: 'silent' });
  const accept = async (): Promise<void> => undefined;
  const broker = await startMqttBroker({ port: 0, topics: [], accept, logger });
  const take: MqttSourceOptions['accept'] = (_, done) => done();
  const source = await startMqttSource({ url: broker.url, clientId: 'klavze', topics: ['spBv1.0/#'], accept: take, logger });
  const node = await mqtt.connectAsync(broker.url);
  try {
    await node.subscribeAsync('spBv1.0/+/NCMD/#');
    const heard: string[] = [];
    node.on('message', (topic, payload) => heard.push(`${topic} ${payload.toString()}`));
    while (!source.status().connected) await sleep(10);
    broker.publish('spBv1.0/g/NCMD/n', Buffer.from('1'));
    source.publish('spBv1.0/g/NCMD/n', Buffer.from('2'));
    for (let turns = 0; heard.length < 2 && turns < 300; turns++) await sleep(10);
    expect(heard.sort()).toEqual(['spBv1.0/g/NCMD/n 1', 'spBv1.0/g/NCMD/n 2']);
  } finally {
    await node.endAsync();
    await source.stop();
    await broker.close();
  }
});

describe('readSparkplug', () => {
  it.each([
    [1, { intValue: 2 ** 32 - 4 }, -4],
    [3, { intValue: 4 }, 4],
    [4, { longValue: '18446744073709551612' }, -4],
    [7, { intValue: 2 ** 32 - 4 }, 2 ** 32 - 4],
    [8, { longValue: '4294967296' }, 4294967296],
    [9, { floatValue: 0 }, 0],
    [11, { booleanValue: false }, false],
    [12, { stringValue: 'auto' }, 'auto'],
    [9, { isNull: true }, undefined],
    [13, { longValue: 1772439299000 }, undefined],
    [9, { bytesValue: 'AA==' }, undefined],
  ])('a value of the datatype %d', (datatype, value, expected) => {
    const payload = readSparkplug(encode({ metrics: [{ name: 'x', datatype, ...value }] }));
    expect(payload).toEqual({ ok: true, value: { metrics: [expected === undefined ? { name: 'x' } : { name: 'x', value: expected }] } });
  });

  it('never throws, and the envelope neither, whatever was remembered', () => {
    const kinds = fc.constantFrom('NBIRTH', 'NDATA', 'NDEATH', 'DBIRTH', 'DDATA', 'DDEATH', 'NCMD');
    const real = encode({ timestamp: start, ...birth });
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc
        .tuple(fc.nat(real.length), fc.uint8Array({ maxLength: 6 }))
        .map(([at, tail]) => new Uint8Array([...real.subarray(0, at), ...tail])),
    );
    fc.assert(
      fc.property(kinds, bytes, (kind, payload) => {
        const memory = new Map<string, unknown>([['g/n', { aliases: {}, isBorn: true, seq: 3 }]]);
        const opened = sparkplug.open({ topic: `spBv1.0/g/${kind}/n`, payload, receivedAt: new Date(start).toISOString() }, memory);
        expect(opened.values.length + opened.rejections.length > 0 || opened.event !== undefined).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
