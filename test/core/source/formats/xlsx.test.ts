import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { utils, write, type WorkBook, type WorkSheet } from '@e965/xlsx';

import type { Format } from '../../../../core/plugin.ts';
import { parseDataset } from '../../../../core/source/formats/parse.ts';
import { withinZipLimits } from '../../../../core/source/formats/zip-limit.ts';

const format: Format = { kind: 'xlsx', columns: ['Števec', 'Stanje [m3]'] };

function book(
  sheets: Readonly<Record<string, WorkSheet>>,
  bookType: 'xlsx' | 'ods' | 'xls' = 'xlsx',
  more: Partial<WorkBook> = {},
): Buffer {
  return write({ SheetNames: Object.keys(sheets), Sheets: sheets, ...more }, { type: 'buffer', bookType }) as Buffer;
}
function parse(bytes: Uint8Array, other: Format = format) {
  return parseDataset(bytes, other, 'f.xlsx');
}

const readings = (): WorkSheet => {
  const sheet = utils.aoa_to_sheet([
    ['Odčitki vodomerov – marec 2026', null, null, null],
    [],
    ['Števec', 'Datum', 'Stanje\n[m3]', 'Delež'],
    ['0012', 46082, 1234.5, 0.455],
    ['0013', 46110.604166666664, 0.1 + 0.2, 1],
    [],
    ['0014', '1. 3. 2026', '12,5', '45 %'],
  ]);
  sheet['!merges'] = [{ s: { r: 0, c: 0 }, e: { r: 0, c: 3 } }];
  for (const cell of ['B4', 'B5']) sheet[cell].z = cell === 'B4' ? 'd/m/yyyy' : 'd/m/yyyy h:mm';
  for (const cell of ['D4', 'D5']) sheet[cell].z = '0.0%';
  return sheet;
};
const rows = [
  { Števec: '0012', Datum: '2026-03-01', 'Stanje [m3]': 1234.5, Delež: { percent: 45.5 }, '@line': 4 },
  { Števec: '0013', Datum: '2026-03-29T14:30:00', 'Stanje [m3]': 0.3, Delež: { percent: 100 }, '@line': 5 },
  { Števec: '0014', Datum: '1. 3. 2026', 'Stanje [m3]': '12,5', Delež: '45 %', '@line': 7 },
];

describe('XLSX', () => {
  it.each(['xlsx', 'ods', 'xls'] as const)('reads %s: titles, dates, percents, numbers as they are shown', (kind) => {
    expect(parse(book({ Odčitki: readings() }, kind))).toEqual({
      ok: true,
      value: { header: { '@title': 'Odčitki vodomerov – marec 2026' }, rows },
    });
  });

  it('counts dates from 1904 where the workbook does', () => {
    const sheet = utils.aoa_to_sheet([
      ['Števec', 'Stanje [m3]', 'Datum'],
      ['1', 1, 46082 - 1462],
    ]);
    sheet['C2'].z = 'yyyy-mm-dd';
    const bytes = book({ S: sheet }, 'xlsx', { Workbook: { WBProps: { date1904: true } } });
    expect(parse(bytes)).toMatchObject({ value: { rows: [{ Datum: '2026-03-01' }] } });
  });

  it('takes values of formulas and names their errors', () => {
    const sheet = utils.aoa_to_sheet([
      ['Števec', 'Stanje [m3]', 'x'],
      ['1', null, true],
    ]);
    sheet['B2'] = { t: 'n', f: 'SUM(C1:C9)', v: 7 };
    sheet['B3'] = { t: 'e', f: 'NA()', v: 42 };
    sheet['A3'] = { t: 's', v: '2' };
    sheet['!ref'] = 'A1:C3';
    expect(parse(book({ S: sheet }))).toMatchObject({ value: { rows: [{ 'Stanje [m3]': 7, x: true }, { 'Stanje [m3]': '#N/A' }] } });
  });

  it('joins a header of two lines below its merged cells, and repeats a merged text of the rows but no number', () => {
    const sheet = utils.aoa_to_sheet([
      ['Števec', 'Poraba', null, 'Stanje [m3]'],
      [null, 'MT', 'VT', null],
      ['A', 1, 2, 30],
      [null, 3, 4, null],
    ]);
    const span = (r1: number, c1: number, r2: number, c2: number) => ({ s: { r: r1, c: c1 }, e: { r: r2, c: c2 } });
    sheet['!merges'] = [span(0, 0, 1, 0), span(0, 1, 0, 2), span(0, 3, 1, 3), span(2, 0, 3, 0), span(2, 3, 3, 3)];
    const two: Format = { kind: 'xlsx', columns: ['Števec', 'Poraba MT', 'Poraba VT'], headerRows: 2 };
    expect(parse(book({ S: sheet }), two)).toMatchObject({
      value: {
        rows: [
          { Števec: 'A', 'Poraba MT': 1, 'Poraba VT': 2, 'Stanje [m3]': 30 },
          { Števec: 'A', 'Poraba MT': 3, 'Poraba VT': 4 },
        ],
      },
    });
  });

  it('takes the sheet of the mapping, else the first with the columns; hidden rows as it says', () => {
    const sheet = readings();
    sheet['!rows'] = [{}, {}, {}, { hidden: true }];
    const bytes = book({ Navodila: utils.aoa_to_sheet([['preberi']]), Odčitki: sheet });
    expect(parse(bytes)).toMatchObject({ value: { rows } });
    expect(parse(bytes, { ...format, hiddenRows: 'skip' })).toMatchObject({ value: { rows: rows.slice(1) } });
    expect(parse(bytes, { ...format, sheet: 'Navodila' })).toMatchObject({
      ok: false,
      error: { message: expect.stringContaining('"Navodila"') },
    });
    expect(parse(bytes, { ...format, sheet: 'Marec' })).toMatchObject({
      error: { message: expect.stringContaining('it has Navodila, Odčitki') },
    });
  });

  const whole = book({ S: readings() });
  it.each([
    ['HTML', Buffer.from('<html><table><tr><td>Števec'), 'not_the_expected_format'],
    ['CSV with the wrong ending', Buffer.from('Števec;Stanje [m3]\n1;2\n'), 'not_the_expected_format'],
    ['half a file', whole.subarray(0, whole.length / 2), 'truncated_file'],
    ['a ZIP that is no workbook', zip('a.txt', Buffer.from('a'), 1), 'unreadable_file'],
    ['a zip bomb', zip('xl/workbook.xml', Buffer.alloc(200 * 1024 * 1024), 10), 'too_large'],
    [
      'other columns',
      book({
        S: utils.aoa_to_sheet([
          ['Stevec', 'Stanje [m3]'],
          [1, 2],
        ]),
      }),
      'not_the_expected_format',
    ],
    ['an empty workbook', book({ S: utils.aoa_to_sheet([]) }), 'not_the_expected_format'],
  ])('refuses %s', (_what, bytes, code) => {
    const parsed = parse(bytes);
    expect(parsed.ok ? 'ok' : parsed.error.code).toBe(code);
  });

  it('names the column that is missing and the nearest one', () => {
    const parsed = parse(
      book({
        S: utils.aoa_to_sheet([
          ['Stevec', 'Stanje [m3]'],
          [1, 2],
        ]),
      }),
    );
    expect(parsed.ok ? '' : parsed.error.message).toContain('no column "Števec" (did you mean "Stevec"?)');
  });

  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (noise) => void parse(Buffer.concat([Buffer.from('PK\x03\x04'), noise]))),
      { numRuns: 50 },
    );
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, byte) => {
        const damaged = Buffer.from(whole);
        damaged[at] = byte;
        void parse(damaged);
      }),
      { numRuns: 100 },
    );
  });
});

it('finds a bomb also where the directory says that it is small', () => {
  expect(withinZipLimits(zip('a', Buffer.alloc(3_000_000), 10), 1_000_000)).toMatchObject({
    ok: false,
    error: expect.stringContaining('unpacked'),
  });
});

/** A ZIP of one part that claims to have `size` bytes unpacked. */
function zip(name: string, content: Buffer, size: number): Buffer {
  const packed = deflateRawSync(content);
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(8, 8);
  local.writeUInt32LE(packed.length, 18);
  local.writeUInt32LE(size, 22);
  local.writeUInt16LE(name.length, 26);
  const entry = Buffer.alloc(46);
  entry.writeUInt32LE(0x02014b50, 0);
  entry.writeUInt16LE(8, 10);
  entry.writeUInt32LE(packed.length, 20);
  entry.writeUInt32LE(size, 24);
  entry.writeUInt16LE(name.length, 28);
  const start = 30 + name.length + packed.length;
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(46 + name.length, 12);
  end.writeUInt32LE(start, 16);
  return Buffer.concat([local, Buffer.from(name), packed, entry, Buffer.from(name), end]);
}
