import type { DatasetFile, Instant } from '../plugin.ts';
import { localInstants } from '../source/time.ts';
import { textOfCell, type Cell, type RowFaults } from './cell.ts';
import type { TimeForm } from './mapping.ts';
import { nextDay, readIso, timeReader, type FixedTime, type LocalTime, type TimeReader } from './time-format.ts';

/** The moment that a text means, and the local period that it names where it is a day, a month or a year. */
export interface Moment {
  readonly instant: Instant;
  readonly periodStart?: Instant;
  readonly periodEnd?: Instant;
}

/** Reads the moment of a cell; `key` is the source's key of the row, for the hour that repeats. */
export type MomentReader = (
  cell: Cell,
  column: string | undefined,
  faults: RowFaults,
  file: DatasetFile,
  key: string,
) => Moment | undefined;

/** Compiles how a column writes moments; or says what is wrong with it. A reader keeps the last text, which the next row mostly repeats. */
export function momentReader(form: TimeForm, timezone: string): MomentReader | { readonly fault: string } {
  const zone = form.zone ?? timezone;
  if (!isZone(zone)) return { fault: `zone "${zone}" is no IANA time zone such as Europe/Ljubljana` };
  const formats = typeof form.format === 'string' ? [form.format] : form.format;
  const readers: TimeReader[] = [];
  for (const format of formats) {
    const reader = timeReader(format);
    if (typeof reader !== 'function') return { fault: `format "${format}" cannot be read: ${reader.fault}` };
    readers.push(reader);
  }
  const rule = form.clockChange ?? 'reject';
  const at = form.at ?? 'start';
  const expected = `expected ${formats.join(' or ')}`;
  let last: { text: string; moment: Moment } | undefined;

  return (cell, column, faults, file, key) => {
    const text = textOfCell(cell);
    if (last?.text === text && rule !== 'order') return last.moment;
    const refuse = (code: 'invalid_time' | 'ambiguous_time', why: string): undefined =>
      faults.add(code, `${column ?? 'the time'} is "${text}", ${why}`, column);
    const read = firstOf(readers, text);
    if (read === undefined) return refuse('invalid_time', expected);
    if ('instant' in read) return { instant: new Date(read.instant).toISOString() };
    const local = read.precision === 'time' || at === 'start' ? read.local : placed(read, at);
    const choices = localInstants(local, zone);
    if (choices === undefined) return refuse('invalid_time', 'which is no day or time of the calendar');
    const [first, second] = choices;
    if (first === undefined) return refuse('invalid_time', `which does not exist in ${zone}: the clock was put forward over it`);
    let instant = first;
    if (second !== undefined) {
      const chosen =
        rule === 'order' ? neighbours(file).choose(key, first, second) : { reject: undefined, earlier: first, later: second }[rule];
      if (chosen === undefined) {
        return refuse(
          'ambiguous_time',
          `which may be ${first} or ${second} in ${zone}: the clock was put back; set clockChange in the mapping`,
        );
      }
      instant = chosen;
    }
    if (rule === 'order') neighbours(file).passed(key, instant);
    const moment: Moment = read.precision === 'time' ? { instant } : { instant, ...period(read, zone) };
    if (second === undefined) last = { text, moment };
    return moment;
  };
}

function firstOf(readers: readonly TimeReader[], text: string): LocalTime | FixedTime | undefined {
  for (const reader of readers) {
    const read = reader(text);
    if (read !== undefined) return read;
  }
  // A cell that the spreadsheet knows as a date comes in this form, whatever the format of its neighbours.
  return readIso(text);
}

/** The local time in a day, month or year that `at` names. */
function placed(read: LocalTime, at: string): string {
  if (at === 'end') return endOf(read);
  return `${read.local.slice(0, 10)}T${at}:00`;
}

/** The start of the next day, month or year. */
function endOf({ local, precision }: LocalTime): string {
  if (precision === 'day') return `${nextDay(local.slice(0, 10))}T00:00:00`;
  const [year, month] = [Number(local.slice(0, 4)), Number(local.slice(5, 7))];
  if (precision === 'year' || month === 12) return `${String(year + 1).padStart(4, '0')}-01-01T00:00:00`;
  return `${local.slice(0, 5)}${String(month + 1).padStart(2, '0')}-01T00:00:00`;
}

function period(read: LocalTime, zone: string): Partial<Moment> {
  const [periodStart] = localInstants(read.local, zone) ?? [];
  const [periodEnd] = localInstants(endOf(read), zone) ?? [];
  return { ...(periodStart !== undefined && { periodStart }), ...(periodEnd !== undefined && { periodEnd }) };
}

/** The last moments of each key in a file, by which the two readings of one clock time are told apart. */
class Neighbours {
  private readonly keys = new Map<string, { last: Instant; isFalling: boolean }>();

  /** Rising rows take the first reading that is after the row before, falling ones the last that is before it. Undefined without a row before. */
  choose(key: string, first: Instant, second: Instant): Instant | undefined {
    const before = this.keys.get(key);
    if (before === undefined) return undefined;
    const isFalling = before.isFalling || before.last > second;
    if (isFalling) return second < before.last ? second : first;
    return first > before.last ? first : second;
  }

  passed(key: string, instant: Instant): void {
    const before = this.keys.get(key);
    if (before === undefined) this.keys.set(key, { last: instant, isFalling: false });
    else {
      if (instant !== before.last) before.isFalling = instant < before.last;
      before.last = instant;
    }
  }
}

/** By file, so that a run knows nothing of the one before. */
const ofFile = new WeakMap<DatasetFile, Neighbours>();

function neighbours(file: DatasetFile): Neighbours {
  let known = ofFile.get(file);
  if (known === undefined) ofFile.set(file, (known = new Neighbours()));
  return known;
}

function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
