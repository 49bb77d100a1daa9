import type { Logger } from 'pino';

import { toleratedAheadMs } from '../decode/clock.ts';
import type { StateStore } from '../outbox/outbox.ts';
import type { Instant } from '../plugin.ts';

export interface ClockGuardOptions {
  readonly state: StateStore;
  readonly logger: Logger;
  /** Milliseconds of the time of day, and of a clock that nobody sets. */
  readonly wall?: () => number;
  readonly monotonic?: () => number;
}

export interface ClockGuard {
  /**
   * The moment against which what came at `now` is held: undefined while the clock is believed, else the later time that it had shown before
   * it was set back, gone on since.
   */
  latest(now: Instant): Instant | undefined;
  /** To be called now and then, so that the time is known after a restart. */
  look(): void;
}

/** Set back by more than this the clock was wrong before: devices whose clock is ahead must not be believed for so long. */
const longestMs = 24 * 3_600_000;
const savedEveryMs = 60_000;
const key = 'core/clock';

/**
 * A clock that is set back makes every measurement look as if it came from the future. Nobody can say which of the two times is right, so
 * for as long as they differ the later one decides what is in the future; what has no time of its own is stamped by the clock as it is.
 */
export function createClockGuard(options: ClockGuardOptions): ClockGuard {
  const { state, logger } = options;
  const wall = options.wall ?? (() => Date.now());
  const monotonic = options.monotonic ?? (() => performance.now());
  const saved = state.get(key);
  let anchor = { wall: Math.max(wall(), typeof saved === 'string' ? Date.parse(saved) || 0 : 0), monotonic: monotonic() };
  /** What the clock showed last, set back or not. */
  let shown = anchor;
  let behindMs = 0;
  let savedAt = -Infinity;
  let newest = '';

  function look(): void {
    const now = { wall: wall(), monotonic: monotonic() };
    const since = ({ wall: then, monotonic: at }: typeof anchor): number => then + (now.monotonic - at) - now.wall;
    // Set back for the second time: from what it showed meanwhile.
    if (since(anchor) > longestMs && since(shown) <= longestMs) anchor = shown;
    shown = now;
    const behind = since(anchor);
    if (behind > longestMs) {
      logger.error(
        { seconds: Math.round(behind / 1_000) },
        'the clock was set back by more than a day: it is taken for right now, and what came before has wrong times; check NTP',
      );
    }
    if (behind <= 0 || behind > longestMs) anchor = now;
    const step = behind > toleratedAheadMs && behind <= longestMs ? behind : 0;
    if (step > 0 && behindMs === 0) {
      logger.error(
        { seconds: Math.round(step / 1_000) },
        'the clock was set back: until it has caught up measurements are held against the later time; check NTP (timedatectl)',
      );
    } else if (step === 0 && behindMs > 0) logger.info('the clock has caught up');
    behindMs = step;
    if (now.monotonic - savedAt < savedEveryMs) return;
    savedAt = now.monotonic;
    try {
      state.set(key, new Date(Math.max(now.wall, now.wall + behindMs)).toISOString());
    } catch (error) {
      logger.warn({ err: error }, 'the time could not be noted');
    }
  }

  look();
  return {
    latest(now) {
      if (now < newest) look();
      newest = now;
      return behindMs === 0 ? undefined : new Date(Date.parse(now) + behindMs).toISOString();
    },
    look,
  };
}
