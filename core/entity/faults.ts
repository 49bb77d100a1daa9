import { toleratedAheadMs } from '../decode/clock.ts';
import type { Instant } from '../plugin.ts';
import { reject, type Rejection, type RejectionCode } from '../rejection.ts';

/** The entities of one message are checked at one moment. */
let lastNow = '';
let lastTime = NaN;

/** What the check of one entity found, and the clock it holds moments against. */
export class Faults {
  readonly rejections: Rejection[] = [];
  readonly now: Instant;
  /** Latest acceptable moment, in milliseconds since 1970. */
  readonly latest: number;
  /** The attributes of an entity mostly share one moment: what was last found good need not be read again. */
  goodInstant = '';

  constructor(now: Instant) {
    this.now = now;
    if (now !== lastNow) [lastNow, lastTime] = [now, Date.parse(now)];
    this.latest = lastTime + toleratedAheadMs;
  }

  add(code: RejectionCode, pointer: string, message: string): void {
    this.rejections.push(reject('check', code, message, pointer));
  }
}

/** A key as a JSON pointer writes it (RFC 6901, 3). */
export function pointerToken(key: string): string {
  return key.includes('~') || key.includes('/') ? key.replace(/~/g, '~0').replace(/\//g, '~1') : key;
}

/** A value as a message shows it: JSON, cut to a readable length. */
export function quote(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? 'absent');
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
