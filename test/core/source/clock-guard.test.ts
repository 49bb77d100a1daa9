import { describe, expect, it } from '@jest/globals';
import { pino } from 'pino';

import { createMemoryOutbox } from '../../../core/outbox/memory.ts';
import { createClockGuard } from '../../../core/source/clock-guard.ts';

const minute = 60_000;
const hour = 60 * minute;
const noon = Date.UTC(2026, 4, 1, 12);

/** A machine whose clock can be set while time goes on. */
function machine() {
  const { state } = createMemoryOutbox();
  const said: string[] = [];
  const logger = pino(
    { base: undefined, timestamp: false },
    { write: (line) => void said.push((JSON.parse(line) as { msg: string }).msg) },
  );
  let time = noon;
  let shift = 0;
  const text = (ms: number) => new Date(ms).toISOString();
  const start = () => createClockGuard({ state, logger, wall: () => time + shift, monotonic: () => time - noon });
  let guard = start();
  return {
    said,
    pass: (ms: number) => void (time += ms),
    set: (ms: number) => void (shift += ms),
    restart: () => void (guard = start()),
    look: () => guard.look(),
    /** By how much later than its arrival something is held against. */
    lenient: () => {
      const now = text(time + shift);
      return Date.parse(guard.latest(now) ?? now) - Date.parse(now);
    },
  };
}

describe('the guard of the clock', () => {
  it('believes a clock that goes on, is set forward, or back by little', () => {
    const one = machine();
    for (const step of [0, hour, 48 * hour, -4 * minute]) {
      one.set(step);
      one.pass(minute);
      expect(one.lenient()).toBe(0);
    }
    expect(one.said).toEqual([]);
  });

  it('set back by an hour: the later time counts at once and goes on, until the clock has caught up', () => {
    const one = machine();
    one.pass(minute);
    one.lenient();
    one.set(-hour);
    expect(one.lenient()).toBe(hour);
    one.pass(30 * minute);
    expect(one.lenient()).toBe(hour);
    one.set(hour);
    one.look();
    expect(one.lenient()).toBe(0);
    expect(one.said).toEqual([expect.stringContaining('the clock was set back'), 'the clock has caught up']);
  });

  it('set back twice: the second time counts from what it showed in between', () => {
    const one = machine();
    one.look();
    one.set(-23 * hour);
    one.look();
    expect(one.lenient()).toBe(23 * hour);
    one.pass(minute);
    one.look();
    one.set(-2 * hour);
    one.look();
    expect(one.lenient()).toBe(2 * hour);
  });

  it('knows after a restart what time it was', () => {
    const one = machine();
    one.pass(10 * minute);
    one.look();
    one.set(-2 * hour);
    one.restart();
    expect(one.lenient()).toBe(2 * hour);
  });

  it('set back by more than a day: the clock was wrong before, and devices that are ahead are not believed', () => {
    const one = machine();
    one.set(30 * 24 * hour);
    one.pass(minute);
    one.look();
    one.set(-30 * 24 * hour);
    one.look();
    expect(one.lenient()).toBe(0);
    one.restart();
    expect(one.lenient()).toBe(0);
    expect(one.said.every((words) => words.includes('more than a day'))).toBe(true);
  });
});
