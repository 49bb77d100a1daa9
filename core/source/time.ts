import { Temporal } from '@js-temporal/polyfill';

import type { Instant } from '../plugin.ts';
import { reject } from '../rejection.ts';
import { err, ok, type Result } from '../result.ts';

/** An ISO 8601 moment with `Z` or an offset, in UTC; undefined for anything else. A time without offset is no moment. */
export function instant(text: string): Instant | undefined {
  try {
    return utc(Temporal.Instant.from(text));
  } catch {
    return undefined;
  }
}

/** The moment some seconds after another; before it when they are negative. */
export function secondsAfter(moment: Instant, seconds: number): Instant {
  return utc(Temporal.Instant.from(moment).add({ seconds }));
}

/** A moment as e-mail and RSS write it, `07 Mar 2024 14:20:00 +0000`, with or without the weekday (RFC 822/2822; years of four digits). */
export function rfc822Instant(text: string): Instant | undefined {
  const parts = /^(?:[A-Za-z]{3},\s*)?(\d{1,2}) ([A-Za-z]{3}) (\d{4}) (\d{1,2}:\d{2}(?::\d{2})?) ([+-]\d{4}|GMT|UT)$/.exec(text.trim());
  const [, day = '', month = '', year = '', time = '', zone = ''] = parts ?? [];
  const number = months.indexOf(month.toLowerCase()) + 1;
  if (number === 0) return undefined;
  return instant(
    `${year}-${two(number)}-${day.padStart(2, '0')}T${time.padStart(time.length > 5 ? 8 : 5, '0')}${/^[+-]/.test(zone) ? zone : 'Z'}`,
  );
}

/**
 * Every moment that a local time (`2026-10-25 02:30`, no offset) may mean in a zone, earlier first: one; two in the hour that
 * repeats in autumn; none in the hour that is left out in spring. Undefined when the text is no local time.
 */
export function localInstants(text: string, zone: string): readonly Instant[] | undefined {
  const key = `${zone} ${text}`;
  if (!known.has(key)) {
    if (known.size >= mostKnown) known.clear();
    known.set(key, resolve(text, zone));
  }
  return known.get(key);
}

/** The rows of a snapshot share few times, and the time zone rules cost a third of a millisecond each. */
const known = new Map<string, readonly Instant[] | undefined>();
const mostKnown = 1000;

function resolve(text: string, zone: string): readonly Instant[] | undefined {
  const parts = localForm.exec(text);
  if (parts === null) return undefined;
  const offset = steadyOffset(parts[1] ?? '', zone);
  const local = offset === undefined ? NaN : Date.parse(`${parts[1]}T${parts[2]}Z`);
  if (offset !== undefined && !Number.isNaN(local)) return [new Date(local - offset).toISOString()];
  try {
    const plain = Temporal.PlainDateTime.from(text.replace(' ', 'T'), { overflow: 'reject' });
    const readings = (['earlier', 'later'] as const).map((disambiguation) => plain.toZonedDateTime(zone, { disambiguation }));
    const real = readings.filter((reading) => reading.toPlainDateTime().equals(plain));
    return [...new Set(real.map((reading) => utc(reading.toInstant())))];
  } catch {
    return undefined;
  }
}

const localForm = /^(\d{4}-\d{2}-\d{2})[ T]((?!24)\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)$/;

/** Offset of a zone on a day on which its clock is not changed, in milliseconds; undefined on other days and for what is no day. */
function steadyOffset(day: string, zone: string): number | undefined {
  const key = `${zone} ${day}`;
  if (!offsets.has(key)) {
    if (offsets.size >= mostOffsets) offsets.clear();
    offsets.set(key, offsetOf(day, zone));
  }
  return offsets.get(key);
}

/** A table of a million readings has as many times, but few days. */
const offsets = new Map<string, number | undefined>();
const mostOffsets = 20_000;

function offsetOf(day: string, zone: string): number | undefined {
  try {
    const date = Temporal.PlainDate.from(day, { overflow: 'reject' });
    const starts = [date, date.add({ days: 1 })].map((one) => one.toZonedDateTime(zone).offsetNanoseconds);
    return starts[0] === starts[1] ? (starts[0] ?? 0) / 1e6 : undefined;
  } catch {
    return undefined;
  }
}

/** A local time that means exactly one moment in its zone. Refuses `invalid_time` and, in the hour that repeats, `ambiguous_time`. */
export function localInstant(text: string, zone: string, pointer: string): Result<Instant> {
  const moments = localInstants(text, zone);
  if (moments === undefined) {
    return err(reject('decode', 'invalid_time', `"${text}" is no time; expected local time such as 2026-05-01 10:00`, pointer));
  }
  const [moment, other] = moments;
  if (moment === undefined) {
    return err(reject('decode', 'invalid_time', `${text} does not exist in ${zone}: the clock was put forward over it`, pointer));
  }
  if (other !== undefined) {
    return err(reject('decode', 'ambiguous_time', `${text} in ${zone} may be ${moment} or ${other}: the clock was put back`, pointer));
  }
  return ok(moment);
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

function two(number: number): string {
  return String(number).padStart(2, '0');
}

function utc(moment: Temporal.Instant): Instant {
  return moment.toString({ fractionalSecondDigits: 3 });
}
