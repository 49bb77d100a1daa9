import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { passMessage, type AgentKnowledge, type Passage } from '../../core/pipeline.ts';
import type { Decoder, Device, Envelope, Reading, Uplink } from '../../core/plugin.ts';
import { accepted } from '../../core/result.ts';
import { loadKnowledge } from '../../core/service/knowledge.ts';
import { examplesOf, uplinkOf } from '../contract/agent-examples.ts';
import { unremarked } from './unremarked.ts';

const knowledge = await loadKnowledge();
const { decoders, families } = knowledge.agents;
/** Lengths that say that a message is another one: five bytes of a meter are its alarms, nine its register. */
const otherKinds: Readonly<Record<string, readonly number[]>> = { 'axioma-qalcosonic-w1': [5, 9] };

const ownProperties = Object.getOwnPropertyNames(Object.prototype).join();

type Frame = Extract<Uplink['body'], { kind: 'frame' }>;

/** What decoders that read binary frames show in their examples. */
const shown = [...decoders.values()].flatMap((decoder) => {
  const uplinks = examplesOf('decoders', decoder.name).map(({ example }) => uplinkOf(example));
  const frames = uplinks.flatMap((uplink) =>
    uplink.body.kind === 'frame' && uplink.body.bytes.length > 0 && uplink.body.decoded === undefined ? [{ uplink, ...uplink.body }] : [],
  );
  return frames.length === 0 ? [] : [{ name: decoder.name, decoder, frames }];
});

/** A family that publishes most of what the decoder may read. */
function familyOf(decoder: Decoder): string {
  const text = JSON.stringify(decoder.recordSchema);
  const count = (quantities: readonly string[]): number => quantities.filter((quantity) => text.includes(`"${quantity}"`)).length;
  return [...families.values()].sort((a, b) => count(b.quantities) - count(a.quantities))[0]?.name ?? '';
}

/** One transmission through the whole line, as from a registered device. */
function pass(decoder: Decoder, uplink: Uplink, body: Frame): Passage {
  const device: Device = { id: 'd', family: familyOf(decoder), decoder: decoder.name, location: [14, 46], datum: 3, totalSpots: 40 };
  const agents: AgentKnowledge = { ...knowledge, ...knowledge.agents, device: () => device };
  const envelope: Envelope = { name: 'klavze', title: { sl: '', en: '' }, topics: [], open: () => accepted({ ...uplink, body }) };
  return passMessage({ topic: 't', payload: body.bytes, receivedAt: uplink.receivedAt }, envelope, agents);
}

/** The frame cut, made longer, with bits turned, doubled, on another port. */
function mutations(frames: readonly Frame[]): fc.Arbitrary<Frame> {
  return fc
    .record({
      frame: fc.constantFrom(...frames),
      cut: fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true })),
      turns: fc.array(fc.tuple(fc.nat(400), fc.nat(7)), { maxLength: 4 }),
      junk: fc.uint8Array({ maxLength: 12 }),
      isDoubled: fc.boolean(),
      fPort: fc.option(fc.nat(255), { freq: 3 }),
    })
    .map(({ frame, cut, turns, junk, isDoubled, fPort }) => {
      const whole = isDoubled ? [...frame.bytes, ...frame.bytes] : [...frame.bytes];
      const bytes = new Uint8Array([...whole.slice(0, Math.round(cut * whole.length)), ...junk]);
      for (const [at, bit] of turns) if (bytes.length > 0) bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ (1 << bit);
      return { kind: 'frame', bytes, fPort: fPort ?? frame.fPort };
    });
}

const momentOf = (at: string, minutes: number): string => new Date(Date.parse(at) + minutes * 60_000).toISOString();
const keyOf = ({ quantity, value }: Reading): string => `${quantity} ${value}`;

afterEach(() => {
  expect(Object.getOwnPropertyNames(Object.prototype).join()).toBe(ownProperties);
});

it('most decoders of frames are there', () => {
  expect(shown.length).toBeGreaterThanOrEqual(20);
});

describe.each(shown)('frames of $name', ({ decoder, frames }) => {
  it('whatever becomes of a frame on its way: possible numbers at possible moments, or a reason', () => {
    fc.assert(
      fc.property(mutations(frames), fc.constantFrom(...frames), (frame, { uplink }) => {
        const { readings, publications, deadLetters, event } = pass(decoder, uplink, frame);
        expect(deadLetters.map(({ rejection }) => rejection.code)).not.toContain('plugin_failure');
        expect(publications.length + deadLetters.length > 0 || event !== undefined).toBe(true);
        for (const { quantity, value, observedAt } of readings) {
          expect(Number.isFinite(value)).toBe(true);
          expect(knowledge.quantities.has(quantity)).toBe(true);
          expect(observedAt > '2010' && observedAt <= momentOf(uplink.receivedAt, 5)).toBe(true);
        }
        // A byte gives at most one reading, a status byte one for each bit: the work is bounded by the frame.
        expect(readings.length).toBeLessThanOrEqual(8 * frame.bytes.length);
        expect(publications.flatMap(({ entity }) => unremarked(entity, knowledge))).toEqual([]);
      }),
      { numRuns: 120 },
    );
  });

  it('a frame that is cut gives no number that the whole frame does not', () => {
    for (const { uplink, bytes, fPort } of frames) {
      const { readings: all, deadLetters } = pass(decoder, uplink, { kind: 'frame', bytes, fPort });
      if (all.length === 0 || deadLetters.some(({ rejection }) => rejection.stage === 'decode')) continue;
      const whole = new Set(all.map(keyOf));
      for (let length = 0; length < bytes.length; length++) {
        if (otherKinds[decoder.name]?.includes(length) === true) continue;
        const { readings } = pass(decoder, uplink, { kind: 'frame', bytes: bytes.subarray(0, length), fPort });
        const strange = readings.filter((reading) => !whole.has(keyOf(reading)));
        expect({ hex: Buffer.from(bytes).toString('hex'), length, strange }).toEqual({ hex: expect.any(String), length, strange: [] });
      }
    }
  });

  it('a frame longer than any radio carries is refused', () => {
    const bytes = new Uint8Array(1_000_000).fill(1);
    const { values, rejections } = decoder.decode({ ...(frames[0]?.uplink as Uplink), body: { kind: 'frame', bytes, fPort: 1 } });
    expect(values).toEqual([]);
    expect(rejections).toHaveLength(1);
  });
});
