import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { passRow } from '../../../core/pipeline.ts';
import type { DatasetFile, Row } from '../../../core/plugin.ts';
import { loadKnowledge } from '../../../core/service/knowledge.ts';
import { readTable } from '../../../core/service/tables.ts';
import { localNumber } from '../../../core/table/number.ts';
import { plainNumber } from '../../../core/table/short-way.ts';

const knowledge = await loadKnowledge();
const file: DatasetFile = { header: {}, rows: [], fetchedAt: '2030-01-01T00:00:00.000Z', from: 'f.csv' };

const mapping = (decimal: string): string => `name: t
dataset: { publisher: P, licence: L, attribution: A, landingPage: 'https://example.org/' }
format: { kind: csv${decimal} }
time: { column: T, format: [iso, d. M. yyyy HH:mm] }
type: AirQualityObserved
missing: ['-', '-999']
id: [x, '{K}', '{L}']
location: { latitude: Y, longitude: X }
where: [{ column: L, not: [Skupaj] }]
attributes:
  pm10: P
  no2: { column: N, unit: mg/m3 }
  temperature: W
  name: { column: A, missing: ['?'] }
  alternateName: { column: A, match: '\\w+' }
  areaServed: { text: '{K} of {L}' }`;
const columns = ['K', 'L', 'T', 'P', 'N', 'W', 'A', 'X', 'Y', 'other'];

const often = <T>(usual: T, ...others: T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 60, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...others) });
const numbers = fc.oneof(
  { weight: 20, arbitrary: fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 99 })).map(([a, b]) => `${a},${b}`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '',
      ' ',
      '-',
      '-999',
      ' 5 ',
      '+7',
      '-0',
      '007',
      '1.234,5',
      '12 %',
      '1e3',
      '#N/A',
      '9999999',
      '-5',
      '70',
      '1,2,3',
      '12.5',
      'x',
      '3 µg/m3',
    ),
  },
);
const cells = fc.tuple(
  often('a', 'b', 'č d', '', '#REF!', '-', ' a '),
  often('1', '2', 'Skupaj', '', '041 123 456'),
  often('2026-01-01T10:00', '1. 2. 2026 10:00', '2026-03-29T02:30', '2026-10-25T02:30', '2031-01-01T00:00', '', 'x', ' 2026-01-01T10:00'),
  numbers,
  numbers,
  numbers,
  often('Idrija', 'ana@example.org', '?', '', 'Črni Vrh "1"', '-', '#N/A'),
  often('14,02', '14,1', '', 'x'),
  often('46,0', '45,9', '', '200'),
  fc.constantFrom('', 'x'),
);

describe('the short way of a table', () => {
  it.each([
    ['with a decimal comma', mapping(", decimal: ','")],
    ['with any decimal mark', mapping('')],
  ])('gives what the whole way gives, or leaves it to that (%s)', (_what, text) => {
    let short = 0;
    fc.assert(
      fc.property(fc.array(cells, { minLength: 40, maxLength: 60 }), (rows) => {
        const adapter = readTable(text, 't.yaml', knowledge.models);
        const way = adapter.short?.(columns, (quantity) => knowledge.quantities.get(quantity), file);
        for (const [index, row] of rows.entries()) {
          const asRow: Row = Object.fromEntries(columns.map((name, at) => [name, row[at]]));
          const isWanted = adapter.isWanted?.(asRow) !== false;
          const { publications, deadLetters } = passRow(asRow, index + 1, file, 'f.csv', adapter, knowledge);
          const entity = publications[0]?.entity;
          const state = way?.read(row, true);
          if (state !== undefined) {
            short += 1;
            expect(state === 'unwanted').toBe(!isWanted);
          }
          if (state !== undefined && state !== 'unwanted') {
            expect(deadLetters).toEqual([]);
            expect(state.json).toBe(JSON.stringify(entity));
            expect(state.id).toBe(entity?.id);
            expect(state.said).toBe(entity === undefined ? undefined : way?.said(entity));
            expect(state.names.trim().split(' ')).toEqual(Object.keys(entity ?? {}).slice(2));
          }
          if (entity !== undefined && deadLetters.length === 0 && isWanted) way?.learn(row, entity);
        }
      }),
      { numRuns: 60 },
    );
    expect(short).toBeGreaterThan(500);
  });

  it('is not taken by a mapping that asks for more', () => {
    const adapter = readTable(mapping('').replace('HH:mm]', 'HH:mm], clockChange: order'), 't.yaml', knowledge.models);
    expect(adapter.short?.(columns, () => undefined, file)).toBeUndefined();
  });
});

it('reads plain numbers as they are read elsewhere', () => {
  const text = fc.oneof(
    fc.string({ unit: fc.constantFrom(...'0123456789,.-+ '), maxLength: 18 }),
    fc.double().map(String),
    fc.integer().map(String),
  );
  fc.assert(
    fc.property(text, fc.constantFrom(',' as const, '.' as const), (one, mark) => {
      const number = plainNumber(one, mark);
      if (number !== undefined) expect(number).toBe(localNumber(one, mark));
    }),
    { numRuns: 3000 },
  );
  expect([plainNumber('-12,05', ','), plainNumber('123456789012345', '.'), plainNumber('0,1', ',')]).toEqual([
    -12.05, 123456789012345, 0.1,
  ]);
});
