import { describe, expect, it } from '@jest/globals';

import type { DatasetFile } from '../../../core/plugin.ts';
import { RowFaults, type Cell } from '../../../core/table/cell.ts';
import type { TimeForm } from '../../../core/table/mapping.ts';
import { momentReader } from '../../../core/table/time.ts';

const fileOf = (): DatasetFile => ({ header: {}, rows: [], fetchedAt: '2030-01-01T00:00:00.000Z' });

function read(form: TimeForm, cells: readonly Cell[], file = fileOf(), key = 'k'): (string | undefined)[] {
  const reader = momentReader(form, 'Europe/Ljubljana');
  if (typeof reader !== 'function') return [reader.fault];
  return cells.map((cell) => {
    const faults = new RowFaults();
    return reader(cell, 'Datum', faults, file, key)?.instant ?? faults.rejections[0]?.code;
  });
}

describe('momentReader', () => {
  it.each([
    ['d. M. yyyy', '1. 3. 2026', '2026-02-28T23:00:00.000Z'],
    ['d. M. yyyy', '1.3.2026', '2026-02-28T23:00:00.000Z'],
    ['d. M. yyyy', '01. 07. 2026', '2026-06-30T22:00:00.000Z'],
    ['dd.MM.yyyy HH:mm', '01.07.2026 08:15', '2026-07-01T06:15:00.000Z'],
    ['d.M.yyyy H:mm:ss', '1.7.2026 8:15:30', '2026-07-01T06:15:30.000Z'],
    ['dd.MM.yyyy HH:mm', '31.12.2026 24:00', '2026-12-31T23:00:00.000Z'],
    ['yyyy-MM-dd HH:mm', '2026-07-01 08:15', '2026-07-01T06:15:00.000Z'],
    ['MM/yyyy', '03/2026', '2026-02-28T23:00:00.000Z'],
    ['yyyy"M"MM', '2020M01', '2019-12-31T23:00:00.000Z'],
    ['MMMM yyyy', 'marec 2026', '2026-02-28T23:00:00.000Z'],
    ['d. MMMM yyyy', '5. avgusta 2026', '2026-08-04T22:00:00.000Z'],
    ['d MMMM yyyy', '5 Aug 2026', '2026-08-04T22:00:00.000Z'],
    ['yyyy', '2026', '2025-12-31T23:00:00.000Z'],
    ['iso', '2026-07-01T08:15:00+02:00', '2026-07-01T06:15:00.000Z'],
    ['iso', '2026-07-01T08:15', '2026-07-01T06:15:00.000Z'],
    ['excel', '46027', '2026-01-04T23:00:00.000Z'],
    ['excel', '46027.5', '2026-01-05T11:00:00.000Z'],
    ['unix', '1767225600', '2026-01-01T00:00:00.000Z'],
    ['unixMs', '1767225600000', '2026-01-01T00:00:00.000Z'],
    // A cell that the spreadsheet knows as a date.
    ['d. M. yyyy', '2026-03-01', '2026-02-28T23:00:00.000Z'],
  ])('reads %s: %s', (format, text, instant) => expect(read({ format }, [text])).toEqual([instant]));

  it.each([
    ['d. M. yyyy', '30. 2. 2026'],
    ['d. M. yyyy', '202'],
    ['dd.MM.yyyy HH:mm', '1.7.2026 8:15'],
    ['MMMM yyyy', 'foo 2026'],
    ['d. M. yyyy', '13. 13. 2026'],
    ['d. M. yyyy', 'skupaj'],
  ])('refuses %s: %s', (format, text) => expect(read({ format }, [text])).toEqual(['invalid_time']));

  it.each([
    ['dd.mm.yyyy', 'no month'],
    ['HH:mm', 'no year'],
    ['yyy', 'no part of a time'],
  ])('says what is wrong with the format %s', (format, words) => {
    const result = momentReader({ format }, 'Europe/Ljubljana');
    expect((result as { fault: string }).fault).toContain(words);
  });

  it('names the end of a day, month or year, or a time of day', () => {
    expect(read({ format: 'd. M. yyyy', at: 'end' }, ['29. 3. 2026'])).toEqual(['2026-03-29T22:00:00.000Z']);
    expect(read({ format: 'MM/yyyy', at: 'end' }, ['12/2025', '02/2026'])).toEqual([
      '2025-12-31T23:00:00.000Z',
      '2026-02-28T23:00:00.000Z',
    ]);
    expect(read({ format: 'yyyy', at: 'end' }, ['2025'])).toEqual(['2025-12-31T23:00:00.000Z']);
    expect(read({ format: 'd. M. yyyy', at: '12:00' }, ['29. 3. 2026'])).toEqual(['2026-03-29T10:00:00.000Z']);
  });
});

describe('the clock changes of 2026', () => {
  const format = 'd.M.yyyy H:mm';

  it('refuses the hour that is left out in spring', () => {
    expect(read({ format }, ['29.3.2026 1:59', '29.3.2026 2:30', '29.3.2026 3:00'])).toEqual([
      '2026-03-29T00:59:00.000Z',
      'invalid_time',
      '2026-03-29T01:00:00.000Z',
    ]);
  });

  it('takes the hour that repeats in autumn by the rule of the mapping', () => {
    const hour = ['25.10.2026 2:30'];
    expect(read({ format }, hour)).toEqual(['ambiguous_time']);
    expect(read({ format, clockChange: 'earlier' }, hour)).toEqual(['2026-10-25T00:30:00.000Z']);
    expect(read({ format, clockChange: 'later' }, hour)).toEqual(['2026-10-25T01:30:00.000Z']);
  });

  const quarters = ['1:45', '2:00', '2:15', '2:30', '2:45', '2:00', '2:15', '2:30', '2:45', '3:00'].map((time) => `25.10.2026 ${time}`);
  const moments = Array.from({ length: 10 }, (_, index) => new Date(Date.UTC(2026, 9, 24, 23, 45 + 15 * index)).toISOString());

  it('by the order of the rows, rising and falling', () => {
    const form = { format, clockChange: 'order' } as const;
    expect(read(form, quarters)).toEqual(moments);
    expect(read(form, [...quarters].reverse())).toEqual([...moments].reverse());
  });

  it('not by an order that is not known, nor by that of another key or file', () => {
    const form = { format, clockChange: 'order' } as const;
    expect(read(form, ['25.10.2026 2:00'])).toEqual(['ambiguous_time']);
    const file = fileOf();
    expect(read(form, ['25.10.2026 1:45'], file, 'a')).toEqual([moments[0]]);
    expect(read(form, ['25.10.2026 2:00'], file, 'b')).toEqual(['ambiguous_time']);
    expect(read(form, ['25.10.2026 2:00'], file, 'a')).toEqual([moments[1]]);
  });

  it('a day at its end is 23 or 25 hours long', () => {
    const end = { format: 'd. M. yyyy', at: 'end' };
    const [before, spring] = read(end, ['28. 3. 2026', '29. 3. 2026']);
    expect(Date.parse(spring ?? '') - Date.parse(before ?? '')).toBe(23 * 3_600_000);
    const [day, autumn] = read(end, ['24. 10. 2026', '25. 10. 2026']);
    expect(Date.parse(autumn ?? '') - Date.parse(day ?? '')).toBe(25 * 3_600_000);
  });
});
