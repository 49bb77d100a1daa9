import { describe, expect, it } from '@jest/globals';

import { toWgs84 } from '../../../core/source/crs.ts';
import { plainName } from '../../../core/source/names.ts';
import { decimal } from '../../../core/source/number.ts';
import { columnPointer, coordinatesOf, numberOf, requiredText, textOf } from '../../../core/source/row.ts';

describe('decimal', () => {
  it.each([
    ['41.3', 41.3],
    ['41,3', 41.3],
    ['-3', -3],
    ['+5', 5],
    ['007', 7],
    ['0.00', 0],
  ])('reads %s', (text, number) => expect(decimal(text)).toBe(number));

  it.each(['1e3', '0x10', 'NaN', '', '-', '1.234,5', '1 000', '.5', '5.', '9'.repeat(16)])('refuses %j', (text) => {
    expect(decimal(text)).toBeUndefined();
  });
});

describe('columns of a row', () => {
  const row = { a: ' 1,5 ', empty: ' ', twice: ['1', '2'], nested: { x: '1' } };

  it('tells absent, empty and wrong apart', () => {
    expect(numberOf(row, 'a')).toEqual({ ok: true, value: 1.5 });
    for (const column of ['empty', 'absent', 'toString']) expect(numberOf(row, column)).toEqual({ ok: true, value: undefined });
    for (const column of ['twice', 'nested']) {
      expect(numberOf(row, column)).toMatchObject({ ok: false, error: { code: 'invalid_value', pointer: `/${column}` } });
    }
  });

  it('wants a text where one must be', () => {
    expect(textOf(row, 'empty')).toBeUndefined();
    for (const column of ['empty', 'absent', 'twice', 'constructor']) {
      expect(requiredText(row, column)).toMatchObject({ ok: false, error: { code: 'missing_field' } });
    }
  });

  it('reads coordinates only in pairs', () => {
    expect(coordinatesOf({ x: '14.03', y: '45.99' }, 'x', 'y')).toEqual({ ok: true, value: [14.03, 45.99] });
    expect(coordinatesOf({ x: '14.03', y: '' }, 'x', 'y')).toEqual({ ok: true, value: undefined });
    expect(coordinatesOf({ x: '14.03', y: 'N' }, 'x', 'y')).toMatchObject({ ok: false });
  });

  it('points as RFC 6901 says', () => expect(columnPointer('a/b~c')).toBe('/a~1b~0c'));
});

describe('toWgs84', () => {
  // Known pairs: GURS check point, ARSO's own D96 and WGS84 of Ljubljana Bežigrad, ARSO gauge 1060 in version 1.3 and 1.5.
  it('agrees with places known in both systems', () => {
    const [longitude, latitude] = toWgs84(467134, 102722, 'EPSG:3912');
    expect(longitude).toBeCloseTo(14.57037, 5);
    expect(latitude).toBeCloseTo(46.06786, 5);
    expect(toWgs84(462302.09, 102976.48, 'EPSG:3794')).toEqual([14.51272, 46.065545]);
    expect(toWgs84(16.000253, 46.68151, 'EPSG:3906')[0]).toBeCloseTo(15.9953, 4);
  });

  it('gives no place for what is no number', () => expect(toWgs84(NaN, 1, 'EPSG:3794')).toEqual([NaN, NaN]));
});

describe('plainName', () => {
  it.each([
    ['Tržaški zaliv (Zarja)', 'Tržaški zaliv, Zarja'],
    ['LJ  Bežigrad', 'LJ Bežigrad'],
    ['a <b> "c" d=e; f(', 'a b c d e f'],
  ])('makes %s publishable', (name, plain) => expect(plainName(name)).toBe(plain));
});
