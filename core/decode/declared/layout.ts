import type { Instant } from '../../plugin.ts';
import { deviceClock, type FrameReport } from '../frame.ts';
import type { FieldRule, TimeRule, ValueRule } from './declaration.ts';
import { condition, numberAt, offsetOf } from './number.ts';
import { valueReader } from './value.ts';

/** Where a reading of the frame has come to. Values are read only when all of them were found to be there. */
export interface Cursor {
  readonly report: FrameReport;
  /** From where `at` counts. */
  origin: number;
  next: number;
  /** The last byte that a field took, plus one. */
  end: number;
  at: Instant | undefined;
  /** Values of an entry whose clock cannot be trusted are not taken. */
  isTimeless: boolean;
  readonly values: { read(report: FrameReport, offset: number, at: Instant | undefined): void; offset: number; at: Instant | undefined }[];
}

/** Moves the cursor over what it stands for; gives the byte at which the frame ends too early. */
export type Step = (cursor: Cursor) => number | undefined;

/** More repetitions than a frame has bytes cannot be. */
const mostRepetitions = 1024;

export function cursorAt(report: FrameReport, start: number): Cursor {
  return { report, origin: start, next: start, end: start, at: undefined, isTimeless: false, values: [] };
}

export function readValues({ report, values }: Cursor): void {
  for (const { read, offset, at } of values) read(report, offset, at);
}

/** Fields one after the other. */
export function steps(rules: readonly FieldRule[], usuallyLittle: boolean): Step {
  const all = rules.map((rule) => step(rule, usuallyLittle));
  return (cursor) => {
    for (const one of all) {
      const missing = one(cursor);
      if (missing !== undefined) return missing;
    }
    return undefined;
  };
}

function step(rule: FieldRule, usuallyLittle: boolean): Step {
  const inner =
    rule.fields !== undefined
      ? group(rule, rule.fields, usuallyLittle)
      : rule.skip !== undefined
        ? skip(rule.skip)
        : value(rule, usuallyLittle);
  if (rule.when === undefined) return inner;
  const holds = condition(rule.when, usuallyLittle);
  return (cursor) => (holds(cursor.report.view, cursor.origin) ? inner(cursor) : undefined);
}

function skip(bytes: number): Step {
  return (cursor) => take(cursor, cursor.next, bytes, true);
}

/** Takes bytes that must be there. */
function take(cursor: Cursor, offset: number, bytes: number, moves: boolean): number | undefined {
  if (offset < 0 || offset + bytes > cursor.report.length) return Math.max(offset, 0);
  if (moves) cursor.next = offset + bytes;
  cursor.end = Math.max(cursor.end, offset + bytes);
  return undefined;
}

function value(rule: FieldRule, usuallyLittle: boolean): Step {
  const number = numberAt(rule, usuallyLittle);
  const reader = valueReader(rule as ValueRule);
  const { quantity, range } = reader;
  const read = (report: FrameReport, offset: number, at: Instant | undefined): void => {
    const found = reader.number(number.read(report.view, offset));
    if (typeof found === 'number') report.measured(quantity, found, range, at);
    else if (found !== undefined) report.refuse(found.code, found.message);
  };
  return (cursor) => {
    const offset = number.at === undefined ? cursor.next : offsetOf(number.at, cursor.origin, cursor.report.length);
    const missing = take(cursor, offset, number.bytes, number.at === undefined || number.at >= 0);
    if (missing === undefined && !cursor.isTimeless) cursor.values.push({ read, offset, at: cursor.at });
    return missing;
  };
}

function group(rule: FieldRule, fields: readonly FieldRule[], usuallyLittle: boolean): Step {
  const inside = steps(fields, usuallyLittle);
  const { repeat, every } = rule;
  const timed = rule.time === undefined ? undefined : moment(rule.time, usuallyLittle);
  const counter = typeof repeat === 'object' ? numberAt(repeat, usuallyLittle) : undefined;

  function once(cursor: Cursor): number | undefined {
    const { at, isTimeless } = cursor;
    const missing = timed?.(cursor) ?? inside(cursor);
    cursor.at = at;
    cursor.isTimeless = isTimeless;
    return missing;
  }

  return (cursor) => {
    if (repeat === undefined) return once(cursor);
    let times = typeof repeat === 'number' ? repeat : mostRepetitions;
    if (counter !== undefined) {
      const offset = counter.at === undefined ? cursor.next : offsetOf(counter.at, cursor.origin, cursor.report.length);
      const missing = take(cursor, offset, counter.bytes, counter.at === undefined);
      if (missing !== undefined) return missing;
      times = Math.min(counter.read(cursor.report.view, offset), mostRepetitions);
    }
    const { origin, at } = cursor;
    const newest = at ?? cursor.report.receivedAt;
    for (let i = 0; i < times; i++) {
      if (repeat === 'rest' && cursor.next >= cursor.report.length) break;
      const start = cursor.next;
      cursor.origin = start;
      if (every !== undefined && i > 0) cursor.at = new Date(Date.parse(newest) - i * every * 1000).toISOString();
      const missing = once(cursor);
      if (missing !== undefined) return missing;
      // A repetition of nothing would go on for ever.
      if (cursor.next === start) break;
    }
    cursor.origin = origin;
    cursor.at = at;
    return undefined;
  };
}

/** Sets the moment of what follows; one that cannot be trusted is refused and its values are passed over. */
export function moment(rule: TimeRule, usuallyLittle: boolean): Step {
  const number = numberAt({ type: 'u32', ...rule }, usuallyLittle);
  const { scale = 1, epoch, before } = rule;
  const epochSeconds = epoch === undefined ? 0 : Date.parse(epoch) / 1000;
  return (cursor) => {
    const { report } = cursor;
    const offset = number.at === undefined ? cursor.next : offsetOf(number.at, cursor.origin, report.length);
    const missing = take(cursor, offset, number.bytes, number.at === undefined);
    if (missing !== undefined) return missing;
    const raw = number.read(report.view, offset) * scale;
    const seconds = before === true ? Date.parse(report.receivedAt) / 1000 - raw : epochSeconds + raw;
    const at = deviceClock(seconds, report.receivedAt);
    if (at === undefined) {
      report.refuse('invalid_time', `an entry is stamped ${raw}; the clock of the device is not set or runs ahead`);
      cursor.isTimeless = true;
    } else cursor.at = at;
    return undefined;
  };
}
