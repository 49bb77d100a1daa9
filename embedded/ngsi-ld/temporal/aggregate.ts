import { Problem } from '../problems.ts';
import { VALUE_MEMBER } from '../represent.ts';
import type { StoredAttribute } from '../types.ts';

const METHODS = ['totalCount', 'distinctCount', 'sum', 'avg', 'min', 'max', 'stddev', 'sumsq'] as const;
export type AggregationMethod = (typeof METHODS)[number];

export interface Aggregation {
  readonly methods: readonly AggregationMethod[];
  /** undefined: one period over everything. */
  readonly period?: Duration;
}

interface Duration {
  readonly months: number;
  readonly ms: number;
}

/** A value at its moment, in milliseconds since 1970. */
export interface Sample {
  readonly at: number;
  readonly attribute: StoredAttribute;
}

/** `methods`: names as an array or separated by commas. Throws BadRequestData. */
export function readAggregation(methods: unknown, duration: unknown): Aggregation {
  const names = typeof methods === 'string' ? methods.split(',').map((name) => name.trim()) : methods;
  if (!Array.isArray(names) || names.length === 0) throw invalid('aggrMethods: the names of aggregation methods are expected');
  for (const name of names) {
    if (!(METHODS as readonly unknown[]).includes(name)) throw invalid(`aggrMethods: ${METHODS.join(', ')} are known, not ${String(name)}`);
  }
  const period = duration === undefined ? undefined : readDuration(duration);
  const whole = period === undefined || (period.months === 0 && period.ms === 0);
  return { methods: names as AggregationMethod[], ...(!whole && { period }) };
}

const DURATION = /^P(?!$)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;

function readDuration(value: unknown): Duration {
  const match = typeof value === 'string' ? DURATION.exec(value) : null;
  if (match === null) throw invalid(`aggrPeriodDuration: an ISO 8601 duration such as PT1H or P1D is expected, not ${String(value)}`);
  const [years = 0, months = 0, weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((part) => Number(part ?? 0));
  // Beyond this the calendar of JavaScript ends.
  if (years + months / 12 + (weeks * 7 + days) / 365 + hours / 8760 + minutes / 525_600 + seconds / 31_536_000 > 10_000)
    throw invalid(`aggrPeriodDuration: ${String(value)} is longer than 10,000 years`);
  return { months: years * 12 + months, ms: ((((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000 };
}

/** One period with values in it: `[from, to)`. */
export interface Period {
  readonly from: number;
  readonly to: number;
  readonly samples: readonly Sample[];
}

/** Periods from `start` on, those without samples left out. `samples` in order of time. */
export function periodsOf(samples: readonly Sample[], start: number, end: number, period: Duration | undefined): Period[] {
  if (period === undefined) return samples.length === 0 ? [] : [{ from: start, to: end, samples }];
  const periods: Period[] = [];
  // Months differ in length, so their periods are walked; others are reached in one step.
  let index = 0;
  for (let next = 0; next < samples.length;) {
    const at = (samples[next] as Sample).at;
    if (period.months === 0) index = Math.floor((at - start) / period.ms);
    while (shifted(start, period, index + 1) <= at) index++;
    const to = shifted(start, period, index + 1);
    let after = next;
    while (after < samples.length && (samples[after] as Sample).at < to) after++;
    periods.push({ from: shifted(start, period, index), to, samples: samples.slice(next, after) });
    next = after;
  }
  return periods;
}

function shifted(start: number, { months, ms }: Duration, times: number): number {
  if (months === 0) return start + ms * times;
  const date = new Date(start);
  const day = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() + months * times);
  const lastDay = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  date.setUTCDate(Math.min(day, lastDay));
  return date.getTime() + ms * times;
}

/** 4.5.19: what a method makes of the values; undefined where it has no meaning for them. */
export function aggregate(method: AggregationMethod, samples: readonly Sample[]): number | string | undefined {
  const values = samples.map(({ attribute }) => attribute[VALUE_MEMBER[attribute.type]] as unknown);
  if (method === 'totalCount') return values.length;
  if (method === 'distinctCount') return new Set(values.map((value) => JSON.stringify(value))).size;
  if (values.length > 0 && values.every((value) => typeof value === 'string')) return ofTexts(method, values);
  const numbers = values.map((value) => (typeof value === 'boolean' ? Number(value) : value)).filter((value) => typeof value === 'number');
  return numbers.length === 0 || numbers.length < values.length ? undefined : ofNumbers(method, numbers);
}

function ofTexts(method: AggregationMethod, values: readonly string[]): string | undefined {
  if (method === 'min') return values.reduce((least, value) => (value < least ? value : least));
  if (method === 'max') return values.reduce((most, value) => (value > most ? value : most));
  return undefined;
}

function ofNumbers(method: Exclude<AggregationMethod, 'totalCount' | 'distinctCount'>, values: readonly number[]): number {
  const sum = values.reduce((total, value) => total + value, 0);
  const mean = sum / values.length;
  switch (method) {
    case 'sum':
      return sum;
    case 'avg':
      return mean;
    case 'min':
      return values.reduce((least, value) => Math.min(least, value));
    case 'max':
      return values.reduce((most, value) => Math.max(most, value));
    case 'stddev':
      return Math.sqrt(values.reduce((total, value) => total + (value - mean) ** 2, 0) / values.length);
    case 'sumsq':
      return values.reduce((total, value) => total + value * value, 0);
  }
}

function invalid(detail: string): Problem {
  return new Problem('BadRequestData', 'Invalid aggregation', detail);
}
