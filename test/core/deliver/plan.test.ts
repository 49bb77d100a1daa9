import { describe, expect, it } from '@jest/globals';
import { coalesce, planState, temporalBody } from '../../../core/deliver/plan.ts';
import { encodeStrings } from '../../../core/deliver/strings.ts';
import type { Entity } from '../../../core/entity/entity.ts';
import { advance, type Marks } from '../../../core/outbox/watermarks.ts';
import { origin } from '../outbox/samples.ts';

const at = (minute: number) => `2026-05-01T10:${String(minute).padStart(2, '0')}:00.000Z`;
const value = (number: number, minute: number) => ({ type: 'Property' as const, value: number, observedAt: at(minute) });
const name = (text: string) => ({ type: 'Property' as const, value: text });
const state = (attributes: Partial<Entity>): Entity => ({ id: 'urn:x', type: 'X', ...attributes }) as Entity;
const plan = (held: Entity[], next: Entity) => {
  let marks: Marks = new Map();
  for (const entity of held) marks = advance(marks, entity);
  return planState(next, (attribute) => marks.get(attribute));
};

describe('planState', () => {
  const held = [state({ a: value(1, 10), name: name('old') })];

  it('sends all of a newer state', () => {
    const next = state({ a: value(2, 11), name: name('new') });
    expect(plan(held, next)).toEqual({ live: next });
  });

  it('sends nothing of an exact repeat', () => {
    expect(plan(held, state({ a: value(1, 10), name: name('old') }))).toEqual({});
  });

  it('sends a correction of the same moment', () => {
    expect(plan(held, state({ a: value(7, 10), name: name('old') }))).toEqual({ live: state({ a: value(7, 10) }) });
  });

  it('gives an older value to history and keeps older names away from newer ones', () => {
    expect(plan(held, state({ a: value(9, 5), name: name('older') }))).toEqual({ late: state({ a: value(9, 5) }) });
  });

  it('splits a state that is newer in one attribute and older in another', () => {
    const next = state({ a: value(9, 5), b: value(3, 12) });
    expect(plan(held, next)).toEqual({ live: state({ b: value(3, 12) }), late: state({ a: value(9, 5) }) });
  });

  it('always sends an entity without any moment', () => {
    const device = state({ name: name('gauge') });
    expect(plan([device], device)).toEqual({ live: device });
  });
});

describe('coalesce', () => {
  it('takes the newest value of each attribute, whatever the order of arrival', () => {
    const states = [
      state({ a: value(1, 10), name: name('one') }),
      state({ a: value(3, 12), name: name('three') }),
      state({ a: value(2, 11), b: value(5, 1) }),
    ];
    const queued = states.map((entity, seq) => ({ entity, seq, origin }));
    expect(coalesce(queued)).toEqual(state({ a: value(3, 12), name: name('three'), b: value(5, 1) }));
  });
});

describe('temporalBody', () => {
  it('makes a list of instances of each attribute', () => {
    expect(JSON.parse(temporalBody([state({ a: value(1, 10) })]))).toEqual({ id: 'urn:x', type: 'X', a: [value(1, 10)] });
    expect(JSON.parse(temporalBody([state({ a: value(1, 10) }), state({ a: value(2, 11), b: value(3, 11) })]))).toEqual({
      id: 'urn:x',
      type: 'X',
      a: [value(1, 10), value(2, 11)],
      b: [value(3, 11)],
    });
  });
});

describe('encodeStrings', () => {
  it('percent-encodes what brokers refuse, in nested values and sub-properties, reversibly', () => {
    const text = `O'Neill <a(b)> "x"=1; 100%`;
    const entity = state({
      name: name(text),
      list: { type: 'Property', value: { deep: [text, 7, true] }, status: { type: 'Property', value: text } },
      source: { type: 'Relationship', object: "urn:ngsi-ld:X:it's" },
      plain: name('Idrija – čisto'),
    });
    const encoded = encodeStrings(entity);
    expect(
      JSON.stringify([encoded['name'], encoded['list']]).replaceAll(/"(type|value|status|deep|Property)"|[[\]{}:,"]/g, ''),
    ).not.toMatch(/[<>'=;()]/);
    expect(decodeURIComponent((encoded['name'] as { value: string }).value)).toBe(text);
    expect(decodeURIComponent((encoded['list'] as unknown as { value: { deep: string[] } }).value.deep[0] ?? '')).toBe(text);
    expect([encoded['source'], encoded['plain']]).toEqual([entity['source'], entity['plain']]);
  });
});
