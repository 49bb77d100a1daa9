import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import type { Format } from '../../../../core/plugin.ts';
import { parseDataset } from '../../../../core/source/formats/parse.ts';

const nested: Format = { kind: 'json', rows: ['blocks', 'readings'], outer: ['point', 'type'], columns: ['value'] };
const places: Format = { kind: 'geojson', columns: ['id'], crs: 'EPSG:3912' };

function parse(content: string | Uint8Array, format: Format = nested) {
  return parseDataset(typeof content === 'string' ? Buffer.from(content) : content, format, 'f.json');
}
function fault(content: string | Uint8Array, format: Format = nested): [string, string] | string {
  const parsed = parse(content, format);
  return parsed.ok ? 'ok' : [parsed.error.code, parsed.error.message];
}

describe('JSON', () => {
  it('gives the rows at the path, all leaves as strings, with the members around them that are wanted', () => {
    const file = {
      point: '0012',
      n: 3,
      owner: 'A',
      blocks: [
        { type: 'a', secret: 'x', readings: [{ value: 0.037, at: null, ok: true, list: [1, 'b'] }] },
        { type: 'b', readings: [] },
        { type: 'c', readings: [{ value: '1e3', type: 'own' }, 7] },
      ],
    };
    expect(parse(JSON.stringify(file))).toEqual({
      ok: true,
      value: {
        header: { point: '0012', n: '3', owner: 'A' },
        rows: [
          { point: '0012', type: 'a', value: '0.037', at: '', ok: 'true', list: ['1', 'b'] },
          { point: '0012', type: 'own', value: '1e3' },
          { point: '0012', type: 'c' },
        ],
      },
    });
  });

  it('may be a list, with a byte order mark, in UTF-16, and small numbers have no exponent', () => {
    const list: Format = { kind: 'json', rows: [], columns: ['v'] };
    expect(parse('\uFEFF[{"v":1e-7}]', list)).toEqual({ ok: true, value: { header: {}, rows: [{ v: '0.000000100000000' }] } });
    expect(parse(Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('[{"v":"č"}]', 'utf16le')]), list)).toMatchObject({
      value: { rows: [{ v: 'č' }] },
    });
  });

  it('keeps a member called __proto__ to itself', () => {
    const parsed = parse('[{"v":1,"__proto__":{"polluted":"1"}}]', { kind: 'json', rows: [], columns: ['v'] });
    expect(parsed.ok && (parsed.value.rows[0] as { polluted?: string }).polluted).toBeUndefined();
  });

  const readings = '{"blocks":[{"readings":[{"value":"1"}]}]}';
  it.each([
    ['HTML', '<!DOCTYPE html><html>', 'not_the_expected_format', 'HTML page'],
    ['XML', '<?xml version="1.0"?><a/>', 'not_the_expected_format', 'begins with "<?xml'],
    ['JavaScript', '({a:1})', 'not_the_expected_format', 'begins with "({a:1})"'],
    ['an error body', '{"error":"unauthorized"}', 'not_the_expected_format', 'it has error'],
    ['other columns', readings.replace('value', 'wert'), 'not_the_expected_format', 'no row with value'],
    ['half a file', readings.slice(0, -3), 'truncated_file', 'ends in the middle'],
    ['half a word', readings.slice(0, 14), 'truncated_file', 'ends in the middle'],
    ['a stray comma', '{\n"blocks":[,]}', 'not_the_expected_format', 'not well-formed'],
    ['a missing comma', '{\n"blocks":[]"a":1}', 'not_the_expected_format', 'at line 2'],
    ['too much nesting', '['.repeat(40) + ']'.repeat(40), 'too_deep', '32'],
    ['a nest without end', '['.repeat(200_000), 'truncated_file', 'ends'],
    ['another encoding', Buffer.from('{"a":"\xe8"}', 'latin1'), 'wrong_encoding', 'line 1'],
    ['nothing', '', 'empty_payload', 'JSON'],
  ])('refuses %s as a whole', (_what, content, code, words) => {
    expect(fault(content)).toEqual([code, expect.stringContaining(words)]);
  });

  it('never throws, whatever the bytes', () => {
    fc.assert(fc.property(fc.oneof(fc.json(), fc.string()), (text) => void parse(text)));
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void parse(bytes, places)));
  });
});

describe('GeoJSON', () => {
  const collection = (crs: unknown, features: unknown[] = []): string =>
    JSON.stringify({ type: 'FeatureCollection', crs, properties: { updated: 'now', author: { name: 'x' } }, features });
  const named = (name: string) => ({ type: 'name', properties: { name } });

  it('gives properties as strings, the geometry as it stands there, and the id', () => {
    const geometry = { type: 'Point', coordinates: [417408.0, 52732.5] };
    const file = collection(named('EPSG:3912'), [
      { type: 'Feature', id: 7, geometry, properties: { id: '0617-11', n: 5 } },
      { geometry: null },
    ]);
    expect(parse(file, places)).toEqual({
      ok: true,
      value: {
        header: { updated: 'now', author: { name: 'x' } },
        rows: [{ id: '0617-11', n: '5', '@geometry': geometry, '@id': '7' }, {}],
      },
    });
  });

  it('takes a coordinate system by each of its names, and WGS84 when none is named', () => {
    expect(fault(collection(named('urn:ogc:def:crs:EPSG::3912')), places)).toBe('ok');
    const wgs84: Format = { kind: 'geojson', columns: [] };
    for (const crs of [undefined, null, named('urn:ogc:def:crs:OGC:1.3:CRS84'), named('EPSG:4326')]) {
      expect(fault(collection(crs), wgs84)).toBe('ok');
    }
  });

  it.each([
    ['another coordinate system', collection(named('EPSG:2170')), 'in EPSG:2170; expected EPSG:3912'],
    ['none', collection(undefined), 'in EPSG:4326; expected EPSG:3912'],
    ['one feature alone', '{"type":"Feature","properties":{}}', 'no FeatureCollection'],
    ['other properties', collection(named('EPSG:3912'), [{ properties: { code: '1' } }]), 'no row with id'],
  ])('refuses %s', (_what, content, words) => {
    expect(fault(content, places)).toEqual(['not_the_expected_format', expect.stringContaining(words)]);
  });
});
