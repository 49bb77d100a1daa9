import type { Instant } from './plugin.ts';

let lastMs = NaN;
let lastText = '';

/** The time of day. What comes within a millisecond shares one text. */
export function wallClock(): Instant {
  const now = Date.now();
  if (now !== lastMs) [lastMs, lastText] = [now, new Date(now).toISOString()];
  return lastText;
}
