import { describe, expect, it } from '@jest/globals';

import type { Entity } from '../../../core/entity/entity.ts';
import { type ConfigError } from '../../../core/errors.ts';
import { passRow } from '../../../core/pipeline.ts';
import type { DatasetFile, Row } from '../../../core/plugin.ts';
import { loadKnowledge } from '../../../core/service/knowledge.ts';
import { readTable } from '../../../core/service/tables.ts';

const knowledge = await loadKnowledge();
const dataset = 'dataset: { publisher: P, licence: L, attribution: A }';

function tableOf(yaml: string) {
  return readTable(`name: t\n${dataset}\n${yaml}`, 't.yaml', knowledge.models);
}

function run(yaml: string, row: Row): { entity: Entity | undefined; codes: string[]; messages: string[] } {
  const file: DatasetFile = { header: {}, rows: [row], fetchedAt: '2030-01-01T00:00:00.000Z' };
  const passage = passRow(row, 1, file, 'f', tableOf(yaml), knowledge);
  const faults = passage.deadLetters.map(({ rejection }) => rejection);
  return {
    entity: passage.publications[0]?.entity,
    codes: faults.map(({ code }) => code),
    messages: faults.map(({ message }) => message),
  };
}

function faultsOf(yaml: string): readonly string[] {
  try {
    tableOf(yaml);
    return [];
  } catch (error) {
    return (error as ConfigError).faults;
  }
}

const air = (attributes: string, more = ''): string =>
  `format: { kind: csv, decimal: ',' }\ntime: { column: T, format: iso }\ntype: AirQualityObserved\nid: [a, '{K}']\nlocation: { fixed: [14.02, 46] }\n${more}\nattributes:\n${attributes}`;
const row = { K: 'x 1', T: '2026-01-15T10:00' };

describe('values', () => {
  it('are converted to the unit of the model', () => {
    const { entity } = run(air('  pm10: { column: P, unit: mg/m3 }\n  temperature: { column: C, unit: °F }'), {
      ...row,
      P: '0,0234',
      C: '32',
    });
    expect(entity).toMatchObject({
      id: 'urn:ngsi-ld:AirQualityObserved:a:x-1',
      pm10: { value: 23.4, unitCode: 'GQ', observedAt: '2026-01-15T09:00:00.000Z' },
      temperature: { value: 0, unitCode: 'CEL' },
      dateObserved: { value: { '@type': 'DateTime', '@value': '2026-01-15T09:00:00.000Z' } },
      dataProvider: { value: 'A' },
    });
  });

  it('take the unit from a column, through a lookup', () => {
    const yaml = air('  pm10: { column: P, unit: { column: U, lookup: { mikro: ug/m3, mili: mg/m3 } } }');
    expect(run(yaml, { ...row, P: '5', U: 'mikro' }).entity?.['pm10']).toMatchObject({ value: 5 });
    expect(run(yaml, { ...row, P: '5', U: 'mili' }).entity?.['pm10']).toMatchObject({ value: 5000 });
    expect(run(yaml, { ...row, P: '5', U: 'kg' }).codes).toEqual(['invalid_value']);
    expect(run(yaml, { ...row, P: '5', U: '' }).codes).toEqual(['unsupported_unit']);
  });

  it.each([
    ['45 %', 0.45],
    ['0,45', 0.45],
    [0.45, 0.45],
    [{ percent: 45 }, 0.45],
  ])('read %j as a share', (cell, value) => {
    expect(run(air('  relativeHumidity: R'), { ...row, R: cell }).entity?.['relativeHumidity']).toMatchObject({ value });
  });

  it('in percent by the mapping are shares too', () => {
    expect(run(air("  relativeHumidity: { column: R, unit: '%' }"), { ...row, R: '45' }).entity?.['relativeHumidity']).toMatchObject({
      value: 0.45,
    });
    expect(run(air("  relativeHumidity: { column: R, unit: '%' }"), { ...row, R: '45,5 %' }).entity?.['relativeHumidity']).toMatchObject({
      value: 0.455,
    });
  });

  it.each(['-', '', 'n/a', '..', ' – '])('%j is no value and no zero', (cell) => {
    const { entity, codes } = run(air('  pm10: P\n  no2: N'), { ...row, P: cell, N: '3' });
    expect(entity).not.toHaveProperty('pm10');
    expect(codes).toEqual([]);
  });

  it.each(['z', 'N'])('%j is refused unless the mapping says that it means no value', (cell) => {
    expect(run(air('  pm10: P\n  no2: N'), { ...row, P: cell, N: '3' }).codes).toEqual(['invalid_value']);
    expect(run(air('  pm10: P\n  no2: N', 'missing: [z, N]'), { ...row, P: cell, N: '3' }).codes).toEqual([]);
    expect(run(air('  pm10: { column: P, missing: [z, N] }\n  no2: N'), { ...row, P: cell, N: '3' }).codes).toEqual([]);
  });

  it.each(['#N/A', '#DIV/0!', '#REF!'])('the error %s of a formula is no value, be it of a text', (cell) => {
    expect(run(air('  pm10: P\n  name: M'), { ...row, P: '1', M: cell })).toMatchObject({ codes: ['invalid_value'], entity: { pm10: {} } });
  });

  it('with another unit in the cell are refused, with the same one not', () => {
    const yaml = air('  pm10: { column: P, unit: µg/m3 }');
    expect(run(yaml, { ...row, P: '5,5 µg/m³' }).entity?.['pm10']).toMatchObject({ value: 5.5 });
    expect(run(yaml, { ...row, P: '5,5 mg/m³' })).toMatchObject({ codes: ['unsupported_unit'] });
  });

  it('are joined, taken first, matched, looked up, split and constant', () => {
    const yaml = `format: csv
type: OffStreetParking
id: ['{K}']
location: { column: K, of: { P1: [14.02, 46] } }
lookups:
  vrste: { javno: public, zasebno: private }
attributes:
  name: { text: 'Parkirišče {A} {B}' }
  description: { first: [D, E] }
  totalSpotNumber: { column: N, match: '(\\d+) mest' }
  category: { column: V, split: ',', lookup: vrste, otherwise: other }
  allowedVehicleType: { value: [car] }
  address: { members: { streetAddress: A, addressCountry: { value: SI } } }`;
    const { entity, codes } = run(yaml, { K: 'P1', A: 'Mestni', B: 'trg', D: '', E: 'opis', N: 'ca. 40 mest', V: 'javno, barvno' });
    expect(codes).toEqual([]);
    expect(entity).toMatchObject({
      name: { value: 'Parkirišče Mestni trg' },
      description: { value: 'opis' },
      totalSpotNumber: { value: 40 },
      category: { value: ['public', 'other'] },
      allowedVehicleType: { value: ['car'] },
      address: { value: { streetAddress: 'Mestni', addressCountry: 'SI' } },
    });
    expect(run(yaml, { K: 'P2', A: 'x', B: 'y' }).codes).toContain('missing_location');
  });

  it('become whole where the model wants it, as the mapping says', () => {
    const water = (round: string): string =>
      `format: { kind: csv, decimal: ',' }\ntime: { column: T, format: iso }\ntype: WaterConsumptionObserved\nid: ['{K}']\nattributes:\n  waterConsumption: { column: S, unit: m3${round} }`;
    const read = (round: string, S: string) => run(water(round), { ...row, S });
    expect(read('', '12,345').entity?.['waterConsumption']).toMatchObject({ value: 12345, unitCode: 'LTR' });
    expect(read('', '12,3456').codes).toEqual(['invalid_value']);
    expect(read(', round: down', '12,3459').entity?.['waterConsumption']).toMatchObject({ value: 12345 });
    expect(read(', round: nearest', '12,3459').entity?.['waterConsumption']).toMatchObject({ value: 12346 });
    expect(read('', '1.234').entity?.['waterConsumption']).toMatchObject({ value: 1_234_000 });
  });
});

describe('places', () => {
  const at = (location: string): string =>
    `format: { kind: csv, decimal: ',' }\ntype: OffStreetParking\nid: ['{K}']\nlocation: ${location}\nattributes: { name: K }`;
  const place = (location: string, cells: Row) => {
    const { entity, codes } = run(at(location), { K: 'a', ...cells });
    return entity === undefined ? codes : (entity['location'] as { value: { coordinates: unknown } }).value.coordinates;
  };
  it('come out of degrees and of both national grids', () => {
    expect(place('{ latitude: Lat, longitude: Lon }', { Lat: '46,0023', Lon: '14,0291' })).toEqual([14.0291, 46.0023]);
    expect(place('{ latitude: Lat, longitude: Lon }', { Lat: '46.002', Lon: '14.029' })).toEqual([14.029, 46.002]);
    expect(place('{ east: E, north: N, crs: EPSG:3912 }', { E: '467.134', N: '102.722,0' })).toEqual([
      expect.closeTo(14.57037, 4),
      expect.closeTo(46.06786, 4),
    ]);
    expect(place('{ east: E, north: N, crs: EPSG:3794 }', { E: '424258', N: '96187' })).toEqual([
      expect.closeTo(14.02, 1),
      expect.closeTo(46, 1),
    ]);
  });
  it.each([
    ['swapped', { Lat: '14,0291', Lon: '46,0023' }, ['invalid_location']],
    ['half', { Lat: '46,0023', Lon: '' }, ['missing_location']],
    ['elsewhere', { Lat: '0', Lon: '0' }, ['invalid_location']],
    ['metres', { Lat: '96187', Lon: '424258' }, ['invalid_location']],
    ['words', { Lat: 'x', Lon: '14,1' }, ['invalid_value', 'missing_attribute']],
  ])('refuses %s coordinates', (_what, cells, codes) => {
    const result = place('{ latitude: Lat, longitude: Lon }', cells) as string[];
    for (const code of codes) expect(result).toContain(code);
  });
});

describe('rows', () => {
  it('without key or moment are refused by the line that the spreadsheet shows', () => {
    const yaml = air('  pm10: P');
    expect(run(yaml, { T: row.T, P: '1', K: ' ', '@line': 7 })).toMatchObject({
      codes: ['missing_field'],
      messages: [expect.stringMatching(/^line 7: K/)],
    });
    expect(run(yaml, { K: 'a', P: '1', T: '' })).toMatchObject({ codes: ['missing_field'] });
    expect(run(yaml, { K: 'a', P: '', T: row.T })).toMatchObject({ codes: ['no_measurement'] });
    expect(run(yaml, { K: 'a', P: '12 x', T: row.T })).toMatchObject({ codes: ['unsupported_unit'] });
    expect(run(yaml, { '@fault': 'line 3 of f has 9 cells' })).toMatchObject({ codes: ['malformed_payload'] });
  });

  it('that are not wanted are told from those that are', () => {
    const { isWanted } = tableOf(air('  pm10: P', 'where: [{ column: K, not: [Skupaj] }, { column: P, filled: true }]'));
    expect(isWanted?.({ K: 'a', P: '1' })).toBe(true);
    expect(isWanted?.({ K: 'Skupaj', P: '1' })).toBe(false);
    expect(isWanted?.({ K: 'a', P: '-' })).toBe(false);
  });

  it('may give a value a moment of its own', () => {
    const { entity } = run(air("  pm10: { column: P, observedAt: { column: T2, format: 'd. M. yyyy' } }"), {
      ...row,
      P: '1',
      T2: '1. 2. 2026',
    });
    expect(entity?.['pm10']).toMatchObject({ observedAt: '2026-01-31T23:00:00.000Z' });
  });
});

it('tells every fault of a mapping with its line', () => {
  expect(
    faultsOf(air('  pm10: { column: P, unit: bar }\n  PM25: P\n  no2: { column: N, value: 1 }\n  co: { column: C, lookup: none }')),
  ).toEqual([
    expect.stringMatching(/^t\.yaml:\d+: attributes\.pm10\.unit "bar" cannot be converted to µg\/m³/),
    expect.stringMatching(/^t\.yaml:\d+: attributes\.PM25 is no attribute of AirQualityObserved; did you mean "pm25"/),
    expect.stringMatching(/^t\.yaml:\d+: attributes\.no2 needs exactly one of/),
    expect.stringMatching(/^t\.yaml:\d+: attributes\.co\.lookup names the lookup "none"/),
  ]);
  expect(faultsOf(air('  pm10: P').replace('AirQualityObserved', 'AirQuality'))).toEqual([
    expect.stringContaining('no type that Klavže knows'),
  ]);
  expect(faultsOf(air('  pm10: P').replace("'{K}'", "'k'"))).toEqual([expect.stringContaining('names no {column}')]);
  expect(faultsOf(air('  pm10: P').replace('format: iso', 'format: dd.mm.yyyy'))).toEqual([
    expect.stringMatching(/time format .* no month/),
  ]);
  expect(faultsOf(air('  pm10: P').replace('time:', 'zeit:')).join()).toMatch(/t\.yaml:4: zeit is not a known key/);
  expect(faultsOf(air('  pm10: P').replace(/time:.*\n/, ''))).toEqual([expect.stringContaining('is measured and needs a moment')]);
});
