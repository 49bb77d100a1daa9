import type { Instant } from '../plugin.ts';

const iso = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s?(Z|[+-]\d\d(?::?\d\d)?)$/i;

/** A device whose clock was never set says 1970 or 1980; nothing that publishes here measured before this year. */
const firstYear = 2000;
const lastYear = 2199;

/** What was last found to be one: the values of a message share their moment. */
let lastInstant = '';

/** Whether a text is an instant as they are written here, `2026-05-01T10:00:00.000Z`, of a day that is in the calendar. */
export function isInstant(text: string): boolean {
  if (text === lastInstant) return text !== '';
  if (text.length !== 24 || !text.endsWith('Z') || text < '2000' || text >= '22') return false;
  const time = Date.parse(text);
  // What comes back as it was exists in the calendar.
  if (Number.isNaN(time) || new Date(time).toISOString() !== text) return false;
  lastInstant = text;
  return true;
}

/**
 * A moment as devices and networks write it: ISO 8601 with `Z` or an offset (up to nanoseconds, cut to milliseconds), or Unix time in
 * seconds or milliseconds as number or digits. Undefined for anything else: no offset, 30 February, a clock that was never set.
 */
export function deviceInstant(value: unknown): Instant | undefined {
  if (typeof value === 'number') return fromUnix(value);
  if (typeof value !== 'string' || value.length > 40) return undefined;
  if (isInstant(value)) return value;
  const text = value.trim();
  if (/^\d{9,13}(?:\.\d+)?$/.test(text)) return fromUnix(Number(text));
  const match = iso.exec(text);
  if (match === null) return undefined;
  const [, year = '', month = '', day = '', hour = '', minute = '', second = '00', fraction = '', zone = ''] = match;
  const milliseconds = fraction.slice(0, 3).padEnd(3, '0');
  const local = `${year}-${month}-${day}T${hour}:${minute}:${second}.${milliseconds}`;
  const asUtc = new Date(`${local}Z`);
  // The engine rolls 30 February over to March; writing it back shows that.
  if (Number.isNaN(asUtc.getTime()) || asUtc.toISOString() !== `${local}Z`) return undefined;
  return within(asUtc.getTime() - offsetMs(zone));
}

/** Below 10^11 it is seconds (until the year 5138), above milliseconds (since 1973). */
function fromUnix(value: number): Instant | undefined {
  if (!Number.isFinite(value)) return undefined;
  return within(Math.abs(value) < 1e11 ? value * 1000 : value);
}

function offsetMs(zone: string): number {
  if (zone === 'Z' || zone === 'z') return 0;
  const sign = zone.startsWith('-') ? -1 : 1;
  const digits = zone.slice(1).replace(':', '');
  return sign * (Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2) || '0')) * 60_000;
}

function within(milliseconds: number): Instant | undefined {
  const date = new Date(milliseconds);
  const year = date.getUTCFullYear();
  return year >= firstYear && year <= lastYear ? date.toISOString() : undefined;
}
