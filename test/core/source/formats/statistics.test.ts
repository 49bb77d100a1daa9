import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { parseDataset } from '../../../../core/source/formats/parse.ts';
import { parseStatistics } from '../../../../core/source/formats/statistics.ts';

/** Rows of a text, or the code with which it is refused. */
function read(text: string): unknown {
  const parsed = parseStatistics(Buffer.from(text), 'table');
  return parsed.ok ? parsed.value.rows : parsed.error.code;
}

const category = (...codes: string[]): object => ({ category: { index: codes } });

/** A JSON-stat 2 table of two places and two years. */
function table(more: object): string {
  return JSON.stringify({
    id: ['KRAJ', 'LETO'],
    size: [2, 2],
    dimension: { KRAJ: { category: { index: { b: 1, a: 0 }, label: { a: 'Ana', b: 'Bor' } } }, LETO: category('2024', '2025') },
    value: [1, 2.5, null, 4],
    ...more,
  });
}

describe('JSON-stat', () => {
  it('gives a row per cell, the last dimension fastest, categories by their position', () => {
    expect(read(table({}))).toEqual([
      { KRAJ: 'a', '@label:KRAJ': 'Ana', LETO: '2024', '@label:LETO': '2024', '@value': '1' },
      { KRAJ: 'a', '@label:KRAJ': 'Ana', LETO: '2025', '@label:LETO': '2025', '@value': '2.5' },
      { KRAJ: 'b', '@label:KRAJ': 'Bor', LETO: '2024', '@label:LETO': '2024', '@value': '' },
      { KRAJ: 'b', '@label:KRAJ': 'Bor', LETO: '2025', '@label:LETO': '2025', '@value': '4' },
    ]);
  });

  it.each([
    ['a sparse object', { value: { 0: 1, 3: 4 }, status: { 2: 'z' } }, ['1', '', '', '4'], [undefined, undefined, 'z', undefined]],
    ['a list of remarks', { value: [1, 2, 3, 4], status: ['', 'p', null, 'e'] }, ['1', '2', '3', '4'], [undefined, 'p', undefined, 'e']],
    ['one remark for all', { value: [1, 2, 3, 4], status: 'p' }, ['1', '2', '3', '4'], ['p', 'p', 'p', 'p']],
  ])('takes values and remarks as %s', (_title, more, values, remarks) => {
    const rows = read(table(more)) as Record<string, string>[];
    expect(rows.map((row) => row['@value'])).toEqual(values);
    expect(rows.map((row) => row['@status'])).toEqual(remarks);
  });

  it.each([
    ['values missing at the end', { value: [1, 2, 3] }, 'truncated_file'],
    ['values too many', { value: [1, 2, 3, 4, 5] }, 'not_the_expected_format'],
    ['a position outside', { value: { 7: 1 } }, 'not_the_expected_format'],
    ['a size that is not that of its categories', { size: [2, 3] }, 'not_the_expected_format'],
    ['no value', { value: undefined }, 'not_the_expected_format'],
    ['a dimension twice', { id: ['KRAJ', 'KRAJ'], dimension: { KRAJ: category('a', 'b') } }, 'not_the_expected_format'],
  ])('refuses %s', (_title, more, code) => {
    expect(read(table(more))).toBe(code);
  });

  it('refuses a table of more cells than it would hold in memory', () => {
    const codes = Array.from({ length: 1001 }, (_, at) => String(at));
    const huge = { id: ['A', 'B'], size: [1001, 1001], dimension: { A: category(...codes), B: category(...codes) }, value: {} };
    expect(read(JSON.stringify(huge))).toBe('too_large');
  });
});

describe('PX', () => {
  const px = (data: string, more = ''): string =>
    `CHARSET="ANSI";\nMATRIX="X1";\nTITLE="Kraji "\n"po letih";\nSTUB="KRAJ";\nHEADING="LETO";\nVALUES("KRAJ")="Ana","Bor";\n` +
    `VALUES("LETO")="2024","2025";\nCODES("KRAJ")="a","b";\n${more}DATA=\n${data}`;

  it('reads texts over lines, codes, and markers as they stand', () => {
    const parsed = parseStatistics(Buffer.from(px('1 ".."\n"z" -4.50;\n')), 'table');
    expect(parsed.ok && parsed.value.header).toEqual({ '@title': 'Kraji po letih', '@table': 'X1' });
    expect(parsed.ok && parsed.value.rows.map((row) => [row['KRAJ'], row['@label:KRAJ'], row['LETO'], row['@value']])).toEqual([
      ['a', 'Ana', '2024', '1'],
      ['a', 'Ana', '2025', '..'],
      ['b', 'Bor', '2024', 'z'],
      ['b', 'Bor', '2025', '-4.50'],
    ]);
  });

  it('reads DATA by key, where lines that are left out have no value', () => {
    const rows = read(px('"b",3 4;', 'KEYS("KRAJ")=CODES;\n')) as Record<string, string>[];
    expect(rows.map((row) => row['@value'])).toEqual(['', '', '3', '4']);
  });

  it.each([
    ['without the end', '1 2 3 4', 'truncated_file'],
    ['with values missing', '1 2 3;', 'truncated_file'],
    ['with values too many', '1 2 3 4 5;', 'not_the_expected_format'],
  ])('refuses DATA %s', (_title, data, code) => {
    expect(read(px(data))).toBe(code);
  });

  it('refuses a key that is none, more codes than values, and a file that ends before DATA', () => {
    expect(read(px('"c",3 4;', 'KEYS("KRAJ")=CODES;\n'))).toBe('not_the_expected_format');
    expect(read(px('1 2 3 4;', 'CODES("LETO")="24";\n'))).toBe('not_the_expected_format');
    expect(read('CHARSET="ANSI";\nTITLE="Kraj')).toBe('truncated_file');
  });
});

describe('CSV of the portal', () => {
  it('takes the first column of values from what stands in all of them', () => {
    expect(read('"Naslov"\n\n"OBČINE","LETO","Število"\n"Ana",2024,1\n"Bor",2025,z\n')).toEqual([
      { OBČINE: 'Ana', LETO: '2024', '@column': 'Število', '@value': '1' },
      { OBČINE: 'Bor', LETO: '2025', '@column': 'Število', '@value': 'z' },
    ]);
  });

  it.each([
    ['words only', 'a,b\nc,d\n', 'not_the_expected_format'],
    ['values only', '1,2\n3,4\n', 'not_the_expected_format'],
    ['a line with a cell more', 'KRAJ,2024\nAna,1,2\n', 'not_the_expected_format'],
    ['an open quote', '"KRAJ","2024"\n"Ana",1\n"Bo', 'truncated_file'],
    ['a last line that is cut', 'KRAJ,2024,2025\nAna,1,2\nBor,3', 'truncated_file'],
    ['JSON of something else', '{"a":[1]}', 'not_the_expected_format'],
    ['a page', '<html></html>', 'not_the_expected_format'],
  ])('refuses %s', (_title, text, code) => {
    expect(read(text)).toBe(code);
  });
});

describe('any text', () => {
  it('is read or refused, never thrown at', () => {
    const pieces = fc.constantFrom(
      'DATA=',
      ';',
      '"',
      '\n',
      'STUB="A"',
      'VALUES("A")=',
      '1',
      ',',
      '{"id":[',
      ']}',
      'CHARSET=',
      '"value":',
      'KEYS("A")=',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(pieces, fc.string()), { maxLength: 20 }), (parts) => {
        expect(() => read(parts.join(''))).not.toThrow();
      }),
      { numRuns: 300 },
    );
  });
});

describe('one of several forms', () => {
  const formats = [
    { kind: 'csv', columns: ['a', 'b'] },
    { kind: 'json', rows: ['all', '*', 'list'], outer: ['name'], columns: ['n'] },
  ] as const;
  const of = (text: string) => parseDataset(Buffer.from(text), { kind: 'oneOf', formats }, 'file');

  it('is the first that the file has', () => {
    expect(of('a,b\n1,2\n')).toMatchObject({ ok: true, value: { rows: [{ a: '1', b: '2' }] } });
    expect(of('{"all":{"x":{"name":"X","list":[{"n":1}]},"y":{"name":"Y","list":[{"n":2}]}}}')).toMatchObject({
      ok: true,
      value: {
        rows: [
          { name: 'X', n: '1' },
          { name: 'Y', n: '2' },
        ],
      },
    });
  });

  it('says of a file that has none what each of them expected, and of a cut one only that', () => {
    expect(of('<html>')).toMatchObject({
      error: { code: 'not_the_expected_format', message: expect.stringMatching(/CSV dataset.*; or: .*JSON dataset/) },
    });
    expect(of('{"all":')).toMatchObject({ error: { code: 'truncated_file' } });
  });
});
