import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import type { Format } from '../../../../core/plugin.ts';
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
