/** Devices that send more than they may, and expressions that never end. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import express from 'express';
import type { AddressInfo } from 'node:net';
import axios from 'axios';

import { createMemoryOutbox } from '../../core/outbox/memory.ts';
import type { Passage } from '../../core/pipeline.ts';
import type { Device } from '../../core/plugin.ts';
import { createIngest } from '../../core/service/ingest.ts';
import { loadKnowledge } from '../../core/service/knowledge.ts';
import { compilePattern } from '../../core/service/pattern.ts';
import { RateLimit } from '../../core/service/rate.ts';
import { createIntake } from '../../core/source/intake.ts';

const loaded = await loadKnowledge();
const device = (id: string): Device => ({ id, family: 'air-quality', location: [14.03, 46] });
const knowledge = {
  ...loaded,
  ...loaded.agents,
  device: ({ deviceId }: { deviceId: string }) => (deviceId.startsWith('own') ? device(deviceId) : undefined),
};
let now = 0;
let outbox = createMemoryOutbox();
let passages: Passage[] = [];
let take = intakeOf(1, 3);
beforeEach(() => {
  now = 0;
  outbox = createMemoryOutbox();
  passages = [];
  take = intakeOf(1, 3);
});

function intakeOf(perSecond: number, burst: number): ReturnType<typeof createIntake> {
  const limit = new RateLimit({ perSecond, burst, now: () => now });
  return createIntake({ knowledge, outbox, limit, onPassage: (_plugin, passage) => void passages.push(passage) });
}

async function send(id: string, seconds: number): Promise<Passage> {
  const receivedAt = new Date(Date.UTC(2026, 4, 1, 10, 0, seconds)).toISOString();
  return take({ topic: `klavze/${id}/up`, payload: Buffer.from('{"readings":{"pm10":18.4}}'), receivedAt });
}

describe('a device that sends too many messages', () => {
  it('gets its burst through, then what its rate allows; every other one is counted, and one in a minute kept', async () => {
    for (let n = 0; n < 10; n++) await send('own-1', n);
    expect(passages.map(({ event, publications }) => event ?? publications.length > 0)).toEqual([
      ...[true, true, true],
      ...Array.from({ length: 7 }, () => 'too_many_messages'),
    ]);
    expect(outbox.deadLetters.list()).toMatchObject([
      { origin: { from: 'klavze/own-1/up' }, rejection: { stage: 'source', code: 'too_many_messages' } },
    ]);
    now = 2_000;
    for (let n = 10; n < 14; n++) await send('own-1', n);
    expect(passages.slice(10).map(({ event }) => event)).toEqual([undefined, undefined, 'too_many_messages', 'too_many_messages']);
    now = 61_500;
    for (let n = 14; n < 18; n++) await send('own-1', n);
    const [, second] = outbox.deadLetters.list();
    // Six after the first sample, two more, and this one.
    expect(second?.rejection.message).toContain('refused since the last sample like this one: 9');
  });

  it('does not stand in the way of others, known or not', async () => {
    for (let n = 0; n < 10; n++) await send('own-1', n);
    expect((await send('own-2', 0)).publications.length).toBeGreaterThan(0);
    for (let n = 0; n < 6; n++) await send('stranger', n);
    const codes = outbox.deadLetters.list().map(({ rejection: { code } }) => code);
    // A flood of a stranger does not fill the disk either.
    expect(codes.filter((code) => code === 'unknown_device')).toHaveLength(3);
    expect(codes.filter((code) => code === 'too_many_messages')).toHaveLength(2);
  });

  it('keeps the pace of its rate for ever without a refusal', async () => {
    for (let n = 0; n < 50; n++) {
      now = n * 1_000;
      expect((await send('own-1', n % 60)).event).toBeUndefined();
    }
  });

  it('is asked over HTTP to come again: 429', async () => {
    const token = 'a-token-of-more-than-16-characters';
    const ingest = createIngest({
      sources: { klavze: { token, tokenInQuery: false } },
      envelopes: knowledge.envelopes,
      accept: (message) => take(message),
      clock: () => '2026-05-01T10:00:00.000Z',
    });
    const server = express().use('/ingest', ingest).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/ingest/klavze/own-9`;
    const statuses: number[] = [];
    for (let n = 0; n < 5; n++) {
      const options = { headers: { Authorization: `Bearer ${token}` }, validateStatus: () => true };
      const { status, headers } = await axios.post(url, { readings: { pm10: 10 + n } }, options);
      statuses.push(status);
      if (status === 429) expect(headers['retry-after']).toBe('1');
    }
    server.close();
    server.closeAllConnections();
    expect(statuses).toEqual([200, 200, 200, 429, 429]);
  });
});

describe('an expression that others wrote', () => {
  it.each([
    ['(a+)+$', false],
    ['(a|a)*$', true],
    ['(a|aa)+$', false],
    ['^(\\w+\\s?)*$', false],
    ['(.*a){20}', true],
    ['a*a*a*a*a*a*b', false],
    ['(?:a?){30}a{30}', true],
  ])(
    '%s ends soon on a text that is made for it',
    (source, expected) => {
      expect(compilePattern(source).test(`${'a'.repeat(3_000)}!`)).toBe(expected);
    },
    20_000,
  );

  it('finds what JavaScript finds, short and long', () => {
    for (const [source, text] of [
      ['(2\\d{3})$', 'leto 2026'],
      ['^0?(\\d{1,2})/', '03/2026'],
      ['(?<kraj>[A-ZČŠŽ]\\w+) (\\d+)', 'Idrija 5'],
      ['\\u010d', 'reč'],
      ['^urn:ngsi-ld:(?:A|B)+:', 'urn:ngsi-ld:AB:1'],
    ] as const) {
      const found = new RegExp(source, 'u').exec(text);
      expect([source, compilePattern(source).find(text)]).toEqual([source, found?.[1] ?? found?.[0]]);
      const padded = text + ' '.repeat(1_001);
      const inPadded = new RegExp(source, 'u').exec(padded);
      expect([source, compilePattern(source).find(padded)]).toEqual([source, inPadded?.[1] ?? inPadded?.[0]]);
    }
  });

  it('may say what must not stand at the beginning', () => {
    for (const source of ['^(?!test|(?:x|y)\\))\\w+', '^(?![)]|-)(?:a|b|x\\))', '^(?!a)'])
      for (const text of ['postaja', 'test 1', 'testo', 'x)', 'y)', 'a', 'b', ')', '-', ''])
        expect([source, text, compilePattern(source).test(text)]).toEqual([source, text, new RegExp(source, 'u').test(text)]);
    expect(compilePattern('^(?!test)(\\w+)').find('postaja 1')).toBe('postaja');
    expect(compilePattern('^(?!test)(\\w+)').find('test1')).toBeUndefined();
    // An alternative beside it would not be excluded.
    expect(() => compilePattern('^(?!a)b|a')).toThrow('is no regular expression that is taken here');
  });

  it.each(['(', '(a)\\1', '(?=a)b', '*'])('%s is refused with a reason', (source) => {
    expect(() => compilePattern(source)).toThrow('is no regular expression that is taken here');
  });
});
