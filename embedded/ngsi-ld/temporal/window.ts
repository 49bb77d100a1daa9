import { Problem } from '../problems.ts';
import { isDateTime } from '../subscription/checks.ts';

export type TimeProperty = 'observedAt' | 'createdAt' | 'modifiedAt' | 'deletedAt';

const TIME_PROPERTIES: readonly string[] = ['observedAt', 'createdAt', 'modifiedAt', 'deletedAt'];

/** A stretch of time in milliseconds since 1970: `from` belongs to it, `to` does not. */
export interface TemporalWindow {
  readonly property: TimeProperty;
  readonly from?: number;
  readonly to?: number;
}

export interface WindowParams {
  readonly timerel?: unknown;
  readonly timeAt?: unknown;
  readonly endTimeAt?: unknown;
  readonly timeproperty?: unknown;
}

/** A temporal query (4.11): after is inclusive, before exclusive, between both in this way. Throws BadRequestData. */
export function readWindow({ timerel, timeAt, endTimeAt, timeproperty }: WindowParams): TemporalWindow {
  if (timeproperty !== undefined && !TIME_PROPERTIES.includes(timeproperty as string)) {
    throw invalid(`timeproperty: one of ${TIME_PROPERTIES.join(', ')} is expected, not ${String(timeproperty)}`);
  }
  const property = (timeproperty ?? 'observedAt') as TimeProperty;
  if (timerel === undefined) {
    if (timeAt !== undefined || endTimeAt !== undefined) throw invalid('timeAt and endTimeAt need timerel');
    return { property };
  }
  const at = instant('timeAt', timeAt);
  if (endTimeAt !== undefined && timerel !== 'between') throw invalid('endTimeAt goes with timerel between only');
  switch (timerel) {
    case 'after':
      return { property, from: at };
    case 'before':
      return { property, to: at };
    case 'between': {
      const to = instant('endTimeAt', endTimeAt);
      if (to < at) throw invalid('endTimeAt lies before timeAt');
      return { property, from: at, to };
    }
    default:
      throw invalid(`timerel: before, after or between is expected, not ${String(timerel)}`);
  }
}

/** `lastN`: a whole number from 1. */
export function readLastN(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const count = typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value;
  if (typeof count === 'number' && Number.isInteger(count) && count > 0) return count;
  throw invalid(`lastN: a whole number from 1 is expected, not ${JSON.stringify(value)}`);
}

function instant(name: string, value: unknown): number {
  if (isDateTime(value)) return Date.parse(value.replace(',', '.'));
  throw invalid(
    `${name}: a DateTime such as 2026-05-01T10:00:00Z is expected, not ${value === undefined ? 'nothing' : JSON.stringify(value)}`,
  );
}

function invalid(detail: string): Problem {
  return new Problem('BadRequestData', 'Invalid temporal query', detail);
}
