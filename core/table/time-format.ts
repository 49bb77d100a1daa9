import { fromExcelDays } from '../source/excel-days.ts';

/**
 * Moments as people write them. A format is made of `yyyy yy MM M MMMM dd d HH H mm m ss s` and whatever stands between; text in double
 * quotes stands for itself (`yyyy"M"MM`). `iso`, `excel`, `unix` and `unixMs` are formats of their own.
 */

/** A local time (`2026-03-29T02:30:00`) and how much of it was written. */
export interface LocalTime {
  readonly local: string;
  readonly precision: Precision;
}

/** A moment that the text itself fixes: with an offset, or counted since 1970. */
export interface FixedTime {
  readonly instant: number;
}

export type Precision = 'year' | 'month' | 'day' | 'time';
export type TimeReader = (text: string) => LocalTime | FixedTime | undefined;

type Part = 'year' | 'shortYear' | 'month' | 'monthName' | 'day' | 'hour' | 'minute' | 'second';

const tokens: Readonly<Record<string, readonly [part: Part, pattern: string]>> = {
  yyyy: ['year', '(\\d{4})'],
  yy: ['shortYear', '(\\d{2})'],
  MMMM: ['monthName', '(\\p{L}{3,})\\.?'],
  MM: ['month', '(\\d{2})'],
  M: ['month', '(\\d{1,2})'],
  dd: ['day', '(\\d{2})'],
  d: ['day', '(\\d{1,2})'],
  HH: ['hour', '(\\d{2})'],
  H: ['hour', '(\\d{1,2})'],
  mm: ['minute', '(\\d{2})'],
  m: ['minute', '(\\d{1,2})'],
  ss: ['second', '(\\d{2})(?:[.,]\\d+)?'],
  s: ['second', '(\\d{1,2})(?:[.,]\\d+)?'],
};

/** How to read a format, or what is wrong with it. */
export function timeReader(format: string): TimeReader | { readonly fault: string } {
  if (format === 'iso') return readIso;
  if (format === 'excel') return readExcel;
  if (format === 'unix' || format === 'unixMs') return readUnix(format === 'unix' ? 1000 : 1);
  const parts: Part[] = [];
  let pattern = '';
  for (const [piece, quoted, token] of format.matchAll(/"([^"]*)"|(y+|M+|d+|H+|m+|s+)|[\s\S]/g)) {
    if (quoted !== undefined) pattern += escape(quoted);
    else if (token === undefined) pattern += /[\s\u00a0]/.test(piece) ? '[\\s\\u00a0]*' : `\\s*${escape(piece)}`;
    else {
      const known = tokens[token];
      if (known === undefined)
        return { fault: `"${token}" is no part of a time; known: ${Object.keys(tokens).join(', ')}, iso, excel, unix` };
      parts.push(known[0]);
      pattern += known[1];
    }
  }
  if (!parts.includes('year') && !parts.includes('shortYear')) return { fault: 'it has no year (yyyy)' };
  if (parts.includes('day') && !parts.includes('month') && !parts.includes('monthName'))
    return { fault: 'it has a day but no month (MM is the month, mm the minute)' };
  if (parts.includes('hour') && !parts.includes('day')) return { fault: 'it has an hour but no day' };
  return fromPattern(new RegExp(`^${pattern}$`, 'u'), parts);
}

function fromPattern(pattern: RegExp, parts: readonly Part[]): TimeReader {
  const precision = precisionOf(parts);
  return (text) => {
    const found = pattern.exec(text);
    if (found === null) return undefined;
    let [year, month, day, hour, minute, second] = ['', '01', '01', '00', '00', '00'];
    for (let index = 0; index < parts.length; index += 1) {
      const value = found[index + 1] ?? '';
      switch (parts[index]) {
        case 'year':
          year = value;
          break;
        case 'shortYear':
          // Two digits are of this century: nothing here is older.
          year = `20${value}`;
          break;
        case 'month':
          month = value.padStart(2, '0');
          break;
        case 'monthName': {
          const number = monthOf(value);
          if (number === undefined) return undefined;
          month = number;
          break;
        }
        case 'day':
          day = value.padStart(2, '0');
          break;
        case 'hour':
          hour = value.padStart(2, '0');
          break;
        case 'minute':
          minute = value.padStart(2, '0');
          break;
        default:
          second = value.padStart(2, '0');
      }
    }
    return wholeDay(`${year}-${month}-${day}`, `${hour}:${minute}:${second}`, precision);
  };
}

function precisionOf(parts: readonly Part[]): Precision {
  if (parts.includes('hour')) return 'time';
  if (parts.includes('day')) return 'day';
  return parts.includes('month') || parts.includes('monthName') ? 'month' : 'year';
}

/** 24:00 is the start of the next day. */
function wholeDay(date: string, time: string, precision: Precision): LocalTime {
  if (time !== '24:00:00') return { local: `${date}T${time}`, precision };
  return { local: `${nextDay(date)}T00:00:00`, precision };
}

/** The day after; a day that does not exist stays what it is and is refused later. */
export function nextDay(date: string): string {
  const ms = Date.parse(`${date}T00:00:00Z`);
  return Number.isNaN(ms) ? date : new Date(ms + 86_400_000).toISOString().slice(0, 10);
}

const isoForm = /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d:\d\d)(?::(\d\d)(?:[.,]\d+)?)?\s*(Z|[+-]\d\d:?\d\d)?)?)?)?$/;

/** ISO 8601: a year, month, day or time, with or without an offset. A cell that Excel knows as a date arrives in this form. */
export function readIso(text: string): LocalTime | FixedTime | undefined {
  const [, year, month, day, time, second = '00', offset] = isoForm.exec(text) ?? [];
  if (year === undefined) return undefined;
  const date = `${year}-${month ?? '01'}-${day ?? '01'}`;
  if (time === undefined)
    return { local: `${date}T00:00:00`, precision: day !== undefined ? 'day' : month !== undefined ? 'month' : 'year' };
  if (offset === undefined) return wholeDay(date, `${time}:${second}`, 'time');
  const zone = offset === 'Z' ? 'Z' : `${offset.slice(0, 3)}:${offset.slice(-2)}`;
  const instant = Date.parse(`${date}T${time}:${second}${zone}`);
  return Number.isNaN(instant) ? undefined : { instant };
}

/** Days since 1899-12-30, as Excel counts them, with the time as a fraction: local time. */
function readExcel(text: string): LocalTime | undefined {
  const days = /^\d{1,6}(?:[.,]\d{1,15})?$/.test(text) ? Number(text.replace(',', '.')) : NaN;
  return Number.isNaN(days) ? undefined : fromExcelDays(days);
}

function readUnix(factor: number): TimeReader {
  return (text) => (/^\d{1,14}(?:\.\d+)?$/.test(text) ? { instant: Math.round(Number(text) * factor) } : undefined);
}

const monthNames = [
  ['jan', 'januar', 'januarja', 'january'],
  ['feb', 'februar', 'februarja', 'february'],
  ['mar', 'marec', 'marca', 'march'],
  ['apr', 'april', 'aprila'],
  ['maj', 'maja', 'may'],
  ['jun', 'junij', 'junija', 'june'],
  ['jul', 'julij', 'julija', 'july'],
  ['avg', 'avgust', 'avgusta', 'aug', 'august'],
  ['sep', 'sept', 'september', 'septembra'],
  ['okt', 'oktober', 'oktobra', 'oct', 'october'],
  ['nov', 'november', 'novembra'],
  ['dec', 'december', 'decembra'],
];
const monthNumbers = new Map(
  monthNames.flatMap((names, index) => names.map((name) => [name, String(index + 1).padStart(2, '0')] as const)),
);

/** `01` to `12` for a Slovenian or English name of a month, in any case and shortened. */
function monthOf(name: string): string | undefined {
  return monthNumbers.get(name.toLowerCase());
}

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
