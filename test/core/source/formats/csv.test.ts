import { describe, expect, it } from '@jest/globals';
import { parse as parseByLibrary } from 'csv-parse/sync';
import fc from 'fast-check';

import type { Format } from '../../../../core/plugin.ts';
import { visitLines } from '../../../../core/source/formats/csv-lines.ts';
import { parseDataset } from '../../../../core/source/formats/parse.ts';

const format: Format = { kind: 'csv', columns: ['občina', 'število'] };

function parse(content: string | Uint8Array) {
  return parseDataset(typeof content === 'string' ? Buffer.from(content) : content, format, 'f.csv');
}
function fault(content: string | Uint8Array): [string, string] | string {
  const parsed = parse(content);
  return parsed.ok ? 'ok' : [parsed.error.code, parsed.error.message];
}
/** č is 0xE8, š 0x9A, ž 0x9E in windows-1250. */
const windows1250 = (text: string): Buffer =>
  Buffer.from(text.replaceAll('č', '\xe8').replaceAll('š', '\x9a').replaceAll('ž', '\x9e'), 'latin1');

describe('CSV', () => {
  const rows = [
    { občina: '036', število: '11,5' },
    { občina: 'Žiri; "stara"', število: '' },
  ];
  const table = 'občina;število\r\n036;11,5\r\n"Žiri; ""stara""";\r\n';

  it('keeps cells as strings and finds the delimiter', () => {
    expect(parse(table)).toEqual({ ok: true, value: { header: {}, rows } });
    expect(parse('občina\tštevilo\n036\t11,5\n')).toMatchObject({ value: { rows: [rows[0]] } });
    expect(parse('občina,število\n036,"11,5"\n')).toMatchObject({ value: { rows: [rows[0]] } });
    expect(parse('občina|število\n036|11,5\n')).toMatchObject({ value: { rows: [rows[0]] } });
  });

  it('finds the encoding', () => {
    const text = 'občina;število\nžiri;1\n';
    const expected = { value: { rows: [{ občina: 'žiri', število: '1' }] } };
    expect(parse('\uFEFF' + text)).toMatchObject(expected);
    expect(parse(windows1250(text))).toMatchObject(expected);
    expect(parse(Buffer.from('\uFEFF' + text, 'utf16le'))).toMatchObject(expected);
    expect(parse(Buffer.from(text, 'utf16le'))).toMatchObject(expected);
    expect(parse(Buffer.from('\uFEFF' + text, 'utf16le').swap16())).toMatchObject(expected);
  });

  it('passes over titles and empty lines, and over padding at the end of a line', () => {
    expect(parse(`"Prenočitve, po občinah";;;\n\n${table}\n;;;\n036;2;;\n`)).toEqual({
      ok: true,
      value: { header: { '@title': 'Prenočitve, po občinah' }, rows: [...rows, { občina: '036', število: '2' }] },
    });
  });

  it('leaves out cells that a short line lacks', () => {
    expect(parse('občina;število\n036\n037;1\n')).toMatchObject({ value: { rows: [{ občina: '036' }, { občina: '037', število: '1' }] } });
  });

  it.each([
    ['HTML', '<html><body>503</body></html>', 'not_the_expected_format', 'HTML page'],
    ['JSON', '{"error":1}', 'not_the_expected_format', 'begins with'],
    ['other columns', 'obcina;stevilo\n1;2\n', 'not_the_expected_format', 'občina, število'],
    ['a line with too many cells', 'občina;število\n1;2\n1;2;3\n', 'not_the_expected_format', 'line 3'],
    ['a column twice', 'občina;število;število\n1;2;3\n', 'not_the_expected_format', '"število" twice'],
    ['an open quote', 'občina;število\n1;"2\n', 'truncated_file', 'quoted'],
    ['a last line that is cut', 'občina;število\n1;2\n3', 'truncated_file', 'line 3'],
    ['bytes that are no text', Buffer.from('občina;število\n\x81\xff;1\n', 'latin1'), 'wrong_encoding', 'no text'],
    ['nothing', '', 'empty_payload', 'CSV'],
  ])('refuses %s as a whole', (_what, content, code, words) => {
    expect(fault(content)).toEqual([code, expect.stringContaining(words)]);
  });

  it('never throws, whatever the bytes', () => {
    fc.assert(fc.property(fc.string(), (text) => void parse(table + text)));
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void parse(bytes)));
  });
});

describe('visitLines', () => {
  const cell = fc.stringMatching(/^[a-zč0-9 .,]{0,5}$/);
  it.each([';', '\t'])('splits a text without quotes as csv-parse does (%j)', (delimiter) => {
    const line = fc.array(cell, { minLength: 1, maxLength: 5 }).map((cells) => cells.join(delimiter));
    const text = fc.array(fc.tuple(line, fc.constantFrom('\n', '\r\n', '\r')), { maxLength: 12 }).map((lines) => lines.flat().join(''));
    fc.assert(
      fc.property(text, fc.boolean(), (whole, endsOpen) => {
        const given = endsOpen ? whole.replace(/[\r\n]+$/, '') : whole;
        const seen: (readonly string[])[] = [];
        expect(visitLines(given, delimiter, (cells) => seen.push([...cells])).ok).toBe(true);
        expect(seen).toEqual(
          parseByLibrary(given, { delimiter, record_delimiter: ['\r\n', '\n', '\r'], relax_column_count: true, skip_empty_lines: true }),
        );
      }),
    );
  });

  it('counts lines, also those within quoted cells', () => {
    const numbers: number[] = [];
    visitLines('a;b\n\n"x\ny";1\r\nc;d\n', ';', (_cells, line) => numbers.push(line));
    expect(numbers).toEqual([1, 3, 5]);
    numbers.length = 0;
    visitLines('a;b\r\rc;d\n\ne;f', ';', (_cells, line) => numbers.push(line));
    expect(numbers).toEqual([1, 3, 5]);
  });
});

describe('lines that are rows with a fault', () => {
  it('have too many or too few cells', () => {
    const table: Format = { kind: 'csv', columns: ['a', 'b'], faultyLines: 'row' };
    const parsed = parseDataset(Buffer.from('Naslov\na;b;\n1;2;;\n1;2;3\n1\n;;\n4;5;\n'), table, 'f.csv');
    expect(parsed).toMatchObject({
      value: {
        header: { '@title': 'Naslov' },
        rows: [
          { a: '1', b: '2', '@line': 3 },
          { '@fault': 'line 4 of f.csv has 3 cells; expected at most 2, as in the header', '@cells': ['1', '2', '3'] },
          { '@fault': 'line 5 of f.csv has 1 cells; expected 2, as in the header' },
          { a: '4', b: '5', '@line': 7 },
        ],
      },
    });
  });
});
