/** What a channel makes of states that come late, twice, or by another clock. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';

import { closeGap } from '../../sharing/gap.ts';
import type { Lake } from '../../sharing/lake.ts';
import type { State } from '../../sharing/notice.ts';
import { channelTo, partner } from './line.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (let close = closers.pop(); close !== undefined; close = closers.pop()) close();
});

const at = (second: number): string => new Date(Date.UTC(2026, 4, 1, 10, 0, second)).toISOString();
const head = { id: 'urn:ngsi-ld:WeatherObserved:test-1', type: 'WeatherObserved' };

function scene(history: 'full' | 'newest', target: 'notification' | 'upsert' = 'upsert') {
  const to = partner('p', { endpoint: 'http://127.0.0.1:9', history, target });
  const { channel, queue, ledger } = channelTo(to, at(0));
  closers.push(() => ledger.close());
  const queued = (): string[] =>
    queue.peek(100, 0, 1).map(({ entity, origin, removal }) => {
      const { temperature } = entity as unknown as { temperature?: { value: number } };
      return removal === true ? 'removed' : `${temperature?.value}${origin.from.replace(head.type, '')}`;
    });
  return { channel, ledger, to, queued };
}

/** The state that came to be at our broker at `second`, with a value measured then, or at `observed`. */
const state = (value: number, second: number, observed = second): State =>
  ({
    ...head,
    modifiedAt: at(second),
    temperature: { type: 'Property', value, observedAt: at(observed), modifiedAt: at(second) },
  }) as State;
const removed = (second: number): State => ({ ...head, deletedAt: at(second) }) as unknown as State;

describe.each([
  ['newest', []],
  ['full', ['2#late']],
] as const)('with history: %s', (history, late) => {
  it('an older state stays an older one after the newest was told again without a change', async () => {
    const { channel, queued } = scene(history);
    await channel.admit([state(1, 1, 1)]);
    await channel.admit([state(1, 3, 1)]);
    await channel.admit([state(2, 2, 2)]);
    expect(queued()).toEqual(['1', ...late]);
  });

  it('nothing that was told before it was deleted brings an entity back', async () => {
    const { channel, queued } = scene(history);
    await channel.admit([state(1, 1)]);
    await Promise.all([channel.admit([removed(3)]), channel.admit([state(2, 2)])]);
    await channel.admit([state(2, 2)]);
    await channel.admit([removed(3)]);
    expect(queued()).toEqual(['1', 'removed', ...late]);
    await channel.admit([state(4, 4)]);
    expect(queued().at(-1)).toBe('4');
  });

  it('the present state is the present one, however far back our broker set its clock', async () => {
    const { channel, ledger, to, queued } = scene(history);
    await channel.admit([state(1, 40, 1)]);
    // Told by a clock that is behind: it looks old.
    await channel.admit([state(2, 10, 2)]);
    const lake: Lake = {
      now: () => Promise.resolve(Date.parse(at(20))),
      changed: () => Promise.resolve([state(2, 10, 2)]),
      ids: () => Promise.resolve(new Set()),
      exists: () => Promise.resolve(true),
      values: () => Promise.resolve({ entities: [], partial: false, bytes: 0 }),
    };
    const logger = pino({ level: 'silent' });
    const options = { partner: to, channel, lake, ledger, contextOf: () => '', logger };
    await closeGap(options, undefined, { valuesSince: Date.parse(at(0)), sweep: false });
    expect(queued()).toEqual(['1', ...late, '2']);
    await closeGap(options, undefined, { valuesSince: Date.parse(at(0)), sweep: false });
    await channel.admit([state(3, 11, 3)]);
    expect(queued()).toEqual(['1', ...late, '2', '3']);
  });
});

it('a receiver of notifications is not told of values of an entity that is gone', async () => {
  const { channel, queued } = scene('full', 'notification');
  await channel.admit([state(1, 1)]);
  await channel.admit([removed(3)]);
  await channel.admit([state(2, 2)]);
  expect(queued()).toEqual(['1', 'removed']);
});
