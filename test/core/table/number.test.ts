import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { localNumber, quantityOf } from '../../../core/table/number.ts';

describe('localNumber', () => {
  it.each([
    ['1.234,5', ',', 1234.5],
    ['1.234', ',', 1234],
    ['1.234.567', ',', 1234567],
    ['12,50', ',', 12.5],
    ['-0,5', ',', -0.5],
    ['\u22121,5', ',', -1.5],
    ['1 234,5', ',', 1234.5],
    ['1\u00a0234', ',', 1234],
    ['1,234.5', '.', 1234.5],
    ['1,234', '.', 1234],
    ['1.5', '.', 1.5],
    ['007', ',', 7],
    ['1.234', undefined, 1.234],
    ['1,234', undefined, 1.234],
  ] as const)('reads %j with %j', (text, mark, value) => expect(localNumber(text, mark)).toBe(value));

  it.each([
    ['1.5', ','],
    ['1.23', ','],
    ['12.34.567', ','],
    ['1,5,6', ','],
    ['1,5', '.'],
    ['1e3', ','],
    ['1.234,5', undefined],
    ['', ','],
    ['-', ','],
    ['NaN', '.'],
    ['0x10', '.'],
    ['1 23', ','],
  ] as const)('refuses %j with %j', (text, mark) => expect(localNumber(text, mark)).toBeUndefined());

  it('reads back what Slovenian and English programs write', () => {
    fc.assert(
      fc.property(fc.double({ min: -1e9, max: 1e9, noNaN: true }), (any) => {
        const value = Number(any.toFixed(4));
        for (const [locale, mark] of [
          ['sl-SI', ','],
          ['en-US', '.'],
        ] as const) {
          const text = new Intl.NumberFormat(locale, { maximumFractionDigits: 4 }).format(value);
          expect((localNumber(text, mark) ?? NaN) + 0).toBe(value + 0);
        }
      }),
    );
  });
});

it.each([
  ['45 %', { value: 45, unit: '%' }],
  ['45%', { value: 45, unit: '%' }],
  ['12,5 m³', { value: 12.5, unit: 'm³' }],
  ['1.234,5 kWh', { value: 1234.5, unit: 'kWh' }],
  [{ percent: 45.5 }, { value: 45.5, unit: '%' }],
  [3.5, { value: 3.5 }],
  [true, undefined],
  ['m³', undefined],
  ['12 - 13', undefined],
])('takes the unit out of %j', (cell, expected) => expect(quantityOf(cell, ',')).toEqual(expected));
