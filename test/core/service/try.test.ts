import { describe, expect, it } from '@jest/globals';

import type { AgentKnowledge } from '../../../core/pipeline.ts';
import { loadDevices } from '../../../core/service/devices.ts';
import { loadKnowledge } from '../../../core/service/knowledge.ts';
import { deviceFile, messagesOf, readingLines, tryMessage } from '../../../core/service/try.ts';

const knowledge = await loadKnowledge();
const agents: AgentKnowledge = { ...knowledge, ...knowledge.agents, device: () => undefined };
const receivedAt = '2026-03-02T08:15:00.000Z';
const topic = '/json/key/idrija-17/attrs';

function tried(payload: string, extra: Partial<Parameters<typeof tryMessage>[0]> = {}) {
  return tryMessage({ topic, payload: Buffer.from(payload), receivedAt, knowledge: agents, ...extra });
}

describe('tryMessage', () => {
  it('says which envelope opened it and takes the family that is assumed for an unknown device', () => {
    const attempt = tried('{"pm10":18.4}', { family: 'air-quality' });
    expect(attempt.envelope).toBe('iota-json');
    expect(attempt.publications.map(({ entity }) => entity.id)).toEqual([
      'urn:ngsi-ld:AirQualityObserved:idrija-17',
      'urn:ngsi-ld:Device:idrija-17',
    ]);
    expect(readingLines(attempt, agents)).toEqual([
      '{"reading":{"quantity":"pm10","value":18.4,"unit":"µg/m³","observedAt":"2026-03-02T08:15:00.000Z"}}',
    ]);
  });

  it('refuses an unknown device, and a topic that nothing listens to with those that are known', () => {
    expect(tried('{"pm10":18.4}').deadLetters.map(({ rejection }) => rejection.code)).toEqual(['unknown_device']);
    const lost = tried('{}', { topic: 'attic/idrija-17' });
    expect(lost.envelope).toBeUndefined();
    expect(lost.deadLetters[0]?.rejection).toMatchObject({ stage: 'source', code: 'unknown_topic' });
    expect(lost.deadLetters[0]?.rejection.message).toContain('klavze/+/up');
  });

  it('keeps the count of refusals when a message has a fault in every line', () => {
    const states = JSON.stringify(Array.from({ length: 500 }, () => ({ observedAt: 'yesterday', pm10: 1 })));
    const { deadLetters } = tried(states, { family: 'air-quality' });
    expect(deadLetters).toHaveLength(21);
    expect(deadLetters[20]?.rejection.message).toContain('479 more like these');
  });
});

describe('messagesOf', () => {
  const texts = (file: string | Uint8Array) =>
    messagesOf(Buffer.from(file), 't').map((message) => [message.topic, Buffer.from(message.payload).toString()]);

  it('takes a whole JSON document, lines of JSON, lines of text and recorded messages', () => {
    expect(texts('[\n1,\n2\n]')).toEqual([['t', '[\n1,\n2\n]']]);
    expect(texts('{"a":1}\n\n{"a":2}\n')).toEqual([
      ['t', '{"a":1}'],
      ['t', '{"a":2}'],
    ]);
    expect(texts('t|1\nt|2\n')).toEqual([
      ['t', 't|1'],
      ['t', 't|2'],
    ]);
    expect(texts('{"topic":"x","payload":{"a":1}}\n{"topic":"y","payload":"t|1"}')).toEqual([
      ['x', '{"a":1}'],
      ['y', 't|1'],
    ]);
    expect(texts('{"topic":"x","payload":{"a":1}}')).toEqual([['x', '{"a":1}']]);
  });

  it('leaves broken JSON, binary and empty files whole: the line refuses them', () => {
    expect(texts('{"a":\n1,\n')).toEqual([['t', '{"a":\n1,\n']]);
    expect(messagesOf(Uint8Array.from([0xff, 0x0a, 0xfe]), 't')[0]?.payload).toHaveLength(3);
    expect(texts('')).toEqual([['t', '']]);
  });
});

describe('deviceFile', () => {
  it('takes a registry, a list and one device alone, in YAML and JSON', () => {
    const device = '{"id":"a","family":"air-quality","location":[14,46]}';
    for (const [text, isSingle] of [
      [`{"devices":[${device}]}`, false],
      [`[${device}]`, false],
      [device, true],
      ['# mine\ndevices:\n  - id: a\n    family: air-quality\n    location: [14, 46]\n', false],
      ['- id: a\n  family: air-quality\n  location: [14, 46]\n', false],
      ['# mine\nid: a\nfamily: air-quality\nlocation: [14, 46]\n', true],
    ] as const) {
      const file = deviceFile(text);
      expect([text, file.isSingle]).toEqual([text, isSingle]);
      expect(loadDevices(file.registry, 'device').find('a')?.family).toBe('air-quality');
    }
  });
});
