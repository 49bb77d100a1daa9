import { describe, expect, it } from '@jest/globals';
import { aggregate, periodsOf, readAggregation, type Sample } from '../../../embedded/ngsi-ld/temporal/aggregate.ts';

const at = (time: string): number => Date.parse(time);
const sample = (time: string, value: unknown): Sample => ({
  at: at(time),
  attribute: { type: 'Property', value, createdAt: time, modifiedAt: time },
});

function starts(duration: string, start: string, times: readonly string[]): string[] {
  const { period } = readAggregation('avg', duration);
  const samples = times.map((time) => sample(time, 1));
  return periodsOf(samples, at(start), at(times.at(-1) ?? start), period).map(({ from }) => new Date(from).toISOString().slice(0, 16));
}

describe('periods', () => {
  it.each([
    [
      'PT1H',
      '2026-01-01T00:30:00Z',
      ['2026-01-01T00:30:00Z', '2026-01-01T01:29:59Z', '2026-01-01T03:30:00Z'],
      ['2026-01-01T00:30', '2026-01-01T03:30'],
    ],
    ['P1D', '2026-01-01T12:00:00Z', ['2026-01-02T11:59:00Z', '2026-01-02T12:00:00Z'], ['2026-01-01T12:00', '2026-01-02T12:00']],
    [
      'P1M',
      '2026-01-31T00:00:00Z',
      ['2026-02-01T00:00:00Z', '2026-02-28T00:00:00Z', '2026-03-31T00:00:00Z'],
      ['2026-01-31T00:00', '2026-02-28T00:00', '2026-03-31T00:00'],
    ],
    ['P1Y', '2024-02-29T00:00:00Z', ['2024-03-01T00:00:00Z', '2025-03-01T00:00:00Z'], ['2024-02-29T00:00', '2025-02-28T00:00']],
    ['P1W', '2026-01-01T00:00:00Z', ['2026-01-07T23:00:00Z', '2026-01-08T00:00:00Z'], ['2026-01-01T00:00', '2026-01-08T00:00']],
    ['PT0S', '2026-01-01T00:00:00Z', ['2026-01-07T23:00:00Z', '2027-01-08T00:00:00Z'], ['2026-01-01T00:00']],
  ])('of %s from %s', (duration, start, times, expected) => {
    expect(starts(duration, start, times)).toEqual(expected);
  });

  it.each(['', 'P', 'PT', '1H', 'PT1', 'P1H', 'P-1D', 7])('refuses the duration %p', (duration) => {
    expect(() => readAggregation('avg', duration)).toThrow(/ISO 8601/);
  });
});

describe('methods', () => {
  const of = (values: unknown[]): Sample[] => values.map((value, index) => sample(`2026-01-01T00:00:0${index}Z`, value));

  it('count everything, compare texts and compute with numbers and booleans', () => {
    expect(aggregate('distinctCount', of([{ a: 1 }, { a: 1 }, 'x']))).toBe(2);
    expect(aggregate('max', of(['a', 'c', 'b']))).toBe('c');
    expect(aggregate('avg', of(['a', 'b']))).toBeUndefined();
    expect(aggregate('sum', of([true, false, true]))).toBe(2);
    expect(aggregate('avg', of([1, 'x']))).toBeUndefined();
    expect(aggregate('stddev', of([2, 4]))).toBe(1);
    expect(aggregate('sumsq', of([2, 3]))).toBe(13);
  });
});
