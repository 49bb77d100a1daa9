/** Messages that mean harm, through the guard and the line. */
import { describe, expect, it } from '@jest/globals';

import { deviceIdFault } from '../../core/decode/device-id.ts';
import type { AgentKnowledge } from '../../core/pipeline.ts';
import type { Envelope } from '../../core/plugin.ts';
import { receive } from '../../core/source/intake.ts';

const knowledge = { envelopes: [] as readonly Envelope[] } as AgentKnowledge;
/** An envelope that must not be reached. */
const reached = { name: 'never', topics: ['#'] } as unknown as Envelope;

function refusal(payload: string | Uint8Array): string | undefined {
  const message = { topic: '/json/key/a/attrs', payload: Buffer.from(payload), receivedAt: '2026-05-01T00:00:00.000Z', qos: 1 };
  return receive(message as unknown as Parameters<typeof receive>[0], reached, knowledge).deadLetters[0]?.rejection.code;
}

describe('a message that is too much', () => {
  it('nested 10,000 deep is refused before it is parsed, as object and as array', () => {
    expect(refusal('{"a":'.repeat(10_000) + '1' + '}'.repeat(10_000))).toBe('too_deep');
    expect(refusal('['.repeat(10_000))).toBe('too_deep');
    expect(refusal(`{"\\"":${'['.repeat(1_000)}`)).toBe('too_deep');
  });

  it('of more than a mebibyte is refused unread', () => {
    expect(refusal(Buffer.alloc(1024 * 1024 + 1, '['))).toBe('too_large');
  });
});

describe('a device id', () => {
  it.each(['+', '#', 'a/b', 'a+', 'a#', '../a', 'a b', 'a\u0000', 'a\nb', '', '-a', 'ž', 'a'.repeat(129), 7, null, ['a']])(
    '%j may not name a device',
    (id) => {
      expect(deviceIdFault(id, 'the topic')?.code).toBe('id_not_allowed');
    },
  );

  it('of the payload may not be another one than that of the topic', () => {
    expect(deviceIdFault('sensor-1', 'the topic', 'sensor-2')?.code).toBe('id_not_allowed');
    expect(deviceIdFault('sensor-1', 'the topic', ['sensor-1'])?.code).toBe('id_not_allowed');
    expect(deviceIdFault('sensor-1', 'the topic', 'SENSOR-1', undefined)).toBeUndefined();
  });
});
