import { describe, expect, it } from '@jest/globals';

import { endOfHour } from '../../adapters/arso-air/time.ts';
import type { Row } from '../../core/plugin.ts';

function hour(from: string | undefined, to: string, station = 'E424'): Row {
  return { '@sifra': station, ...(from === undefined ? {} : { datum_od: from }), datum_do: to };
}

function read(row: Row, rows: readonly Row[] = [row]): string {
  const end = endOfHour(row, rows);
  return end.ok ? end.value : end.error.code;
}

describe('the end of an hour in local time', () => {
  it('is plain outside the clock changes, whatever stands in datum_od', () => {
    expect(read(hour('2026-01-10 08:00', '2026-01-10 09:00'))).toBe('2026-01-10T08:00:00.000Z');
    expect(read(hour('2026-07-10 08:00', '2026-07-10 09:00'))).toBe('2026-07-10T07:00:00.000Z');
    expect(read(hour(undefined, '2026-07-10 09:00'))).toBe('2026-07-10T07:00:00.000Z');
    expect(read(hour('2026-07-10 08:00', '10. 7. 2026'))).toBe('invalid_time');
  });

  it('is known in spring, where an hour is left out', () => {
    expect(read(hour('2026-03-29 01:00', '2026-03-29 03:00'))).toBe('2026-03-29T01:00:00.000Z');
    expect(read(hour('2026-03-29 01:00', '2026-03-29 02:00'))).toBe('invalid_time');
  });

  it('is known in autumn when one reading of the row is an hour long', () => {
    expect(read(hour('2026-10-25 01:00', '2026-10-25 02:00'))).toBe('2026-10-25T00:00:00.000Z');
    expect(read(hour('2026-10-25 02:00', '2026-10-25 02:00'))).toBe('2026-10-25T01:00:00.000Z');
    expect(read(hour('2026-10-25 02:00', '2026-10-25 03:00'))).toBe('2026-10-25T02:00:00.000Z');
    expect(read(hour('2026-10-25 02:00', '2026-10-25 04:00'))).toBe('2026-10-25T03:00:00.000Z');
  });

  it('is known in autumn when two rows share an interval and the rows run newest first', () => {
    const later = hour('2026-10-25 01:00', '2026-10-25 02:00');
    const earlier = hour('2026-10-25 01:00', '2026-10-25 02:00');
    const other = hour('2026-10-25 01:00', '2026-10-25 02:00', 'E421');
    const rows = [hour('2026-10-25 02:00', '2026-10-25 03:00'), other, later, earlier, hour('2026-10-25 00:00', '2026-10-25 01:00')];
    expect([read(later, rows), read(earlier, rows)]).toEqual(['2026-10-25T01:00:00.000Z', '2026-10-25T00:00:00.000Z']);
    expect(read(other, rows)).toBe('2026-10-25T00:00:00.000Z');
    const upward = [...rows].reverse();
    expect([read(later, upward), read(earlier, upward)]).toEqual(['ambiguous_time', 'ambiguous_time']);
  });

  it('is refused in autumn when nothing tells', () => {
    const row = hour(undefined, '2026-10-25 02:00');
    expect(read(row)).toBe('ambiguous_time');
    expect(read(hour('2026-10-24 22:00', '2026-10-25 02:00'))).toBe('ambiguous_time');
    const twins = [hour('2026-10-25 02:00', '2026-10-25 03:00'), hour('2026-10-25 02:00', '2026-10-25 03:00')];
    for (const twin of twins) expect(read(twin, twins)).toBe('ambiguous_time');
    const replayed = hour('2026-10-25 01:00', '2026-10-25 02:00');
    expect(read(replayed, [])).toBe('ambiguous_time');
    expect(read(hour('2026-10-25 02:00', '2026-10-25 25:00'))).toBe('invalid_time');
  });
});
