import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { passMessage, type AgentKnowledge, type Passage } from '../../core/pipeline.ts';
import type { Device, Envelope, MqttMessage } from '../../core/plugin.ts';
import { loadKnowledge } from '../../core/service/knowledge.ts';
import { examplesOf, messageOf } from '../contract/agent-examples.ts';
import { unremarked } from './unremarked.ts';

const knowledge = await loadKnowledge();
const { envelopes, families } = knowledge.agents;
const ownProperties = Object.getOwnPropertyNames(Object.prototype).join();

const shown = envelopes.map((envelope) => ({
  name: envelope.name,
  envelope,
  messages: examplesOf('envelopes', envelope.name).map(({ example }) => messageOf(example)),
}));

/** What no firmware should send, and some does. */
const odd: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, true, '', [], {}, -1, 0, 255, 65535, 2147483647, 4294967295, 1e15, 1e300, -1e300, 2 ** 53 + 2, 0.1),
  fc.constantFrom(
    'NaN',
    'Infinity',
    'unavailable',
    '1e400',
    '0x10',
    '21,5 °C',
    '-',
    'null',
    '2026-02-30T00:00:00Z',
    '9999-12-31T23:59:59Z',
  ),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.string({ maxLength: 40 }),
  fc.jsonValue({ maxDepth: 2 }),
);
const names = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'value',
  'unit',
  'temperature',
  'pm10',
  'time',
  't',
  'v',
  '',
];

/** One change at a place of a JSON value: a leaf or branch becomes odd, goes, is doubled, or gets a neighbour of an odd name. */
function changed(value: unknown, place: readonly number[], how: number, oddity: unknown): unknown {
  const [step = 0, ...further] = place;
  if (place.length === 0 || typeof value !== 'object' || value === null || Object.keys(value).length === 0) return oddity;
  if (Array.isArray(value)) {
    const at = step % value.length;
    if (how === 1) return value.filter((_, i) => i !== at);
    if (how === 2) return [...(value as unknown[]), value[at]];
    return value.map((member: unknown, i) => (i === at ? changed(member, further, how, oddity) : member));
  }
  const entries = Object.entries(value as Record<string, unknown>);
  const at = step % entries.length;
  if (further.length === 0 && how === 1) return Object.fromEntries(entries.filter((_, i) => i !== at));
  if (further.length === 0 && how === 2) return Object.fromEntries([...entries, [names[step % names.length] ?? '', oddity]]);
  return Object.fromEntries(entries.map(([name, member], i) => [name, i === at ? changed(member, further, how, oddity) : member]));
}

const change = fc.record({ place: fc.array(fc.nat(40), { minLength: 1, maxLength: 6 }), how: fc.nat(3), oddity: odd });

/** The payload of a message, changed as JSON where it is some, else as bytes. */
function mutations(messages: readonly MqttMessage[]): fc.Arbitrary<MqttMessage> {
  const turns = fc.array(fc.tuple(fc.nat(500), fc.nat(255)), { maxLength: 4 });
  return fc
    .record({
      message: fc.constantFrom(...messages),
      changes: fc.array(change, { maxLength: 3 }),
      turns,
      cut: fc.double({ min: 0, max: 1 }),
    })
    .map(({ message, changes, turns: bytesTurned, cut }) => {
      const json = jsonOf(message.payload);
      if (json !== undefined && changes.length > 0) {
        const value = changes.reduce<unknown>((current, { place, how, oddity }) => changed(current, place, how, oddity), json);
        return { ...message, payload: Buffer.from(JSON.stringify(value)) };
      }
      const payload = new Uint8Array(message.payload).slice(0, changes.length === 0 ? Math.ceil(cut * message.payload.length) : undefined);
      for (const [at, byte] of bytesTurned) if (payload.length > 0) payload[at % payload.length] = byte;
      return { ...message, payload };
    });
}

function jsonOf(payload: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(payload).toString()) as unknown;
  } catch {
    return undefined;
  }
}

function pass(envelope: Envelope, message: MqttMessage, family: string): Passage {
  const device: Device = {
    id: 'd',
    family,
    location: [14, 46],
    datum: 3,
    totalSpots: 40,
    fields: { result: { quantity: 'airTemperature' } },
  };
  const agents: AgentKnowledge = { ...knowledge, ...knowledge.agents, device: () => device };
  return passMessage(message, envelope, agents);
}

afterEach(() => {
  expect(Object.getOwnPropertyNames(Object.prototype).join()).toBe(ownProperties);
});

describe.each(shown)('messages of $name', ({ envelope, messages }) => {
  it('whatever is odd in a message: possible numbers at possible moments, or a reason, or an event', () => {
    fc.assert(
      fc.property(mutations(messages), fc.constantFrom(...families.keys()), (message, family) => {
        const { readings, publications, deadLetters, event } = pass(envelope, message, family);
        expect(deadLetters.map(({ rejection }) => rejection).filter(({ code }) => code === 'plugin_failure')).toEqual([]);
        expect(publications.length + deadLetters.length > 0 || event !== undefined).toBe(true);
        const latest = new Date(Date.parse(message.receivedAt) + 5 * 60_000).toISOString();
        for (const { quantity, value, observedAt } of readings) {
          expect(Number.isFinite(value)).toBe(true);
          expect(knowledge.quantities.has(quantity)).toBe(true);
          expect(observedAt > '2000' && observedAt <= latest).toBe(true);
        }
        expect(publications.flatMap(({ entity }) => unremarked(entity, knowledge))).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});
