import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { deviceIdFault } from '../../../core/decode/device-id.ts';
import { readFields } from '../../../core/decode/fields.ts';
import { deviceInstant } from '../../../core/decode/instant.ts';
import { fromBase64, readJson } from '../../../core/decode/payload.ts';
import { bestRadio } from '../../../core/decode/radio.ts';
import { convert } from '../../../core/decode/units.ts';
import { meaningOf, vocabularyUnits } from '../../../core/decode/vocabulary.ts';
import { loadQuantities } from '../../../core/service/load-models.ts';

const at = '2026-03-02T08:15:00.000Z';

describe('deviceInstant', () => {
  it.each([
    ['2026-03-02T08:14:30Z', '2026-03-02T08:14:30.000Z'],
    ['2026-03-02T08:14:30.123456789Z', '2026-03-02T08:14:30.123Z'],
    ['2026-03-02T09:14:30+01:00', '2026-03-02T08:14:30.000Z'],
    ['2026-03-02 09:14:30.5+0100', '2026-03-02T08:14:30.500Z'],
    ['2026-03-02T03:14-05', '2026-03-02T08:14:00.000Z'],
    [1772439270, '2026-03-02T08:14:30.000Z'],
    [1772439270.25, '2026-03-02T08:14:30.250Z'],
    [1772439270123, '2026-03-02T08:14:30.123Z'],
    ['1772439270', '2026-03-02T08:14:30.000Z'],
  ])('%s is %s', (value, expected) => {
    expect(deviceInstant(value)).toBe(expected);
  });

  it.each([
    '2026-03-02T08:14:30',
    '2026-02-30T08:14:30Z',
    '2026-03-02T24:30:00Z',
    '2026-03-02',
    '1970-01-01T00:03:00Z',
    '1111-11-11T11:11:11Z',
    'yesterday',
    '',
    0,
    12,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    1e300,
    null,
    undefined,
    {},
  ])('%p is no moment', (value) => {
    expect(deviceInstant(value)).toBeUndefined();
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.anything(), (value) => typeof deviceInstant(value) !== 'number'));
  });
});

describe('vocabulary', () => {
  it('knows every quantity of schemas/quantities.json in its unit, and no other', () => {
    const units = [...loadQuantities()].map(([name, { unit }]) => [name, unit]);
    expect([...vocabularyUnits].sort()).toEqual(units.sort());
    for (const [quantity, unit] of vocabularyUnits) {
      expect(convert(1, unit, unit)).toBe(1);
      expect(meaningOf(quantity, 'own')).toMatchObject({ quantity, given: unit });
    }
  });

  it.each([
    ['PM2.5', 'pm25'],
    ['pm2_5', 'pm25'],
    ['pm1_0', 'pm1'],
    ['pm_10', 'pm10'],
    ['PM10', 'pm10'],
    ['temperature_3', 'airTemperature'],
    ['Relative Humidity', 'relativeHumidity'],
  ])('%s is %s', (name, quantity) => {
    expect(meaningOf(name, 'network')?.quantity).toBe(quantity);
  });

  it.each(['P1', 'P2', 'no3', 'co3', 't1', 'h2', 'toString', '__proto__', '', 'x'.repeat(100)])('%s is nothing', (name) => {
    expect(meaningOf(name, 'own')).toBeUndefined();
  });
});

describe('readFields', () => {
  const values = (fields: Record<string, unknown>, dialect: 'own' | 'network' = 'own') => readFields(fields, at, dialect).values[0]?.values;
  const codes = (fields: Record<string, unknown>) => readFields(fields, at, 'own').rejections.map(({ code }) => code);

  it.each([
    ['30.11 °C', 'airTemperature', 30.11],
    ['86,2 °F', 'airTemperature', 30.1111111111],
    ['303.26K', 'airTemperature', 30.11],
    [' -3,5 ', 'airTemperature', -3.5],
    ['1e1', 'airTemperature', 10],
    ['71 %', 'relativeHumidity', 0.71],
    ['0.71', 'relativeHumidity', 0.71],
    ['300 µg/m³', 'co', 0.3],
    ['36 km/h', 'windSpeed', 10],
    ['161 uS/cm', 'conductivity', 0.0161],
    ['245 cm', 'distance', 2.45],
  ])('%p as %s is %p', (value, quantity, expected) => {
    expect(values({ [quantity]: value })).toEqual({ [quantity]: expected });
  });

  it.each(['12:30', '1.2/3.4', '0x1F', '1 2', 'NaN', 'Infinity', '1e309', '--1', true, {}, ['1'], [1]])('%p is no temperature', (value) => {
    expect(readFields({ temperature: value }, at, 'own')).toMatchObject({ values: [], rejections: [{}] });
  });

  it('reads a unit beside the value, also as a UN/CEFACT code', () => {
    expect(values({ temperature: { value: 4.5, unitCode: 'CEL' }, co: { value: 300, unitCode: 'GQ' } })).toEqual({
      airTemperature: 4.5,
      co: 0.3,
    });
    expect(codes({ pm10: { value: 1, unitCode: 'CEL' } })).toEqual(['unsupported_unit']);
  });

  it.each([...loadQuantities()].map(([quantity, { unitCode }]) => [quantity, unitCode] as const))(
    'reads %s in its unit code %s',
    (quantity, unitCode) => {
      const { values, rejections } = readFields({ [quantity]: { value: 1, unitCode } }, at, 'own');
      expect([values[0]?.values[quantity], rejections]).toEqual([1, []]);
    },
  );

  it.each([
    ['airTemperature', 'FAH', 68, 20],
    ['airTemperature', 'degree Fahrenheit', 68, 20],
    ['airTemperature', 'Degree Celsius', 20, 20],
    ['airTemperature', 'KEL', 293.15, 20],
    ['atmosphericPressure', 'inHg', 29.92, 1013.20748119],
    ['activeEnergyImport', 'J', 3_600_000, 1],
    ['activeEnergyImport', 'Wh', 1500, 1.5],
    ['batteryVoltage', 'mV', 3045, 3.045],
    ['pm25', 'kg/m3', 1.2e-8, 12],
    ['waterVolume', 'MTQ', 1.5, 1500],
    ['waterFlow', 'l/min', 2, 120],
    ['LAeq', 'Bspl', 5.5, 55],
    ['doorOpen', 'C62', 1, 1],
  ] as const)('converts %s from %s', (quantity, unit, value, expected) => {
    expect(readFields({ [quantity]: { value, unit } }, at, 'own').values[0]?.values[quantity]).toBeCloseTo(expected, 8);
  });

  it.each([
    ['airTemperature', 'C62'],
    ['airTemperature', 'degree'],
    ['activePower', 'mw'],
    ['no2', 'ppb'],
  ])('refuses %s in %s, which is no unit of it', (quantity, unit) => {
    const { values, rejections } = readFields({ [quantity]: { value: 1, unit } }, at, 'own');
    expect([values, rejections.map(({ code }) => code)]).toEqual([[], ['unsupported_unit']]);
  });

  it('reads time and unit from the metadata of NGSI-v2', () => {
    const metadata = { TimeInstant: { type: 'DateTime', value: '2026-03-02T08:14:00Z' }, unitCode: { type: 'Text', value: 'FAH' } };
    expect(readFields({ t: { type: 'Number', value: 68, metadata } }, at, 'own').values).toEqual([
      { observedAt: '2026-03-02T08:14:00.000Z', values: { airTemperature: 20 } },
    ]);
  });

  it('reads a switch as 0 or 1 where the name means a state', () => {
    expect(values({ occupied: true, leakAlarm: false, burstAlarm: 1 })).toEqual({ occupied: 1, leakAlarm: 0, burstAlarm: 1 });
  });

  it('tells pressure by its size, and refuses what is no air', () => {
    expect(values({ pressure: 968 })).toEqual({ atmosphericPressure: 968 });
    expect(values({ pressure: 96800 })).toEqual({ atmosphericPressure: 968 });
    expect(values({ pressure: 96.8 })).toEqual({ atmosphericPressure: 968 });
    expect(codes({ pressure: 3 })).toEqual(['unsupported_unit']);
  });

  it('reads the same name by who chose it', () => {
    expect(values({ distance: 2.45 })).toEqual({ distance: 2.45 });
    expect(values({ distance: 2450 }, 'network')).toEqual({ distance: 2.45 });
  });

  it('passes over texts, switches, positions and counters under unknown names, and refuses numbers once', () => {
    expect(readFields({ status: 'OK', on: true, gps: '46.0/14.0', seq: 4, when: '2026-03-02', no2raw: 3 }, at, 'own')).toEqual({
      values: [],
      rejections: [],
    });
    const { rejections } = readFields({ x: 1, y: '2 V', bme280: { temperature: 21 }, limits: { note: 'none' } }, at, 'own');
    expect(rejections).toHaveLength(1);
    expect(rejections[0]?.message).toMatch(/"x", "y", "bme280"$/);
  });

  it('takes the same value under two names, and neither of two different ones', () => {
    expect(values({ temp: 4.5, temperature: 4.5 })).toEqual({ airTemperature: 4.5 });
    expect(readFields({ temperature_1: 4.5, temperature_2: 5 }, at, 'own')).toMatchObject({
      values: [],
      rejections: [{ code: 'invalid_value' }],
    });
  });
});

describe('payloads', () => {
  it('refuses what must not be parsed, each by its code', () => {
    const code = (payload: Uint8Array | string) => {
      const result = readJson(Buffer.from(payload));
      return result.ok ? undefined : result.error.code;
    };
    expect(code('')).toBe('empty_payload');
    expect(code(Buffer.alloc(1024 * 1024 + 1, 0x20))).toBe('too_large');
    expect(code(Uint8Array.from([0x22, 0xe8, 0x22]))).toBe('wrong_encoding');
    expect(code('['.repeat(10_000))).toBe('too_deep');
    expect(code('{"a":NaN}')).toBe('malformed_payload');
    expect(code(`"${'['.repeat(100)}\\"["`)).toBeUndefined();
    expect(code('\ufeff{"a":1}')).toBeUndefined();
  });

  it('reads base64 in its dialects and nothing else', () => {
    expect(fromBase64('AQI=')).toEqual(Uint8Array.from([1, 2]));
    expect(fromBase64('AQI')).toEqual(Uint8Array.from([1, 2]));
    expect(fromBase64('_-8')).toEqual(Uint8Array.from([255, 239]));
    for (const text of ['A', 'A*==', 'AQ I=', 1, null]) expect(fromBase64(text)).toBeUndefined();
  });

  it('allows device ids without wildcards, separators and control characters', () => {
    for (const id of ['idrija-17', '24E124713B000001', 'urn:ngsi-ld:Device:1', 'a@b.si'])
      expect(deviceIdFault(id, 'the topic')).toBeUndefined();
    for (const id of ['a+', '#', 'a/b', 'a\nb', ' a', '', '../x', 'č', 7, undefined])
      expect(deviceIdFault(id, 'the topic')?.code).toBe('id_not_allowed');
    expect(deviceIdFault('A1', 'the topic', 'a1', undefined)).toBeUndefined();
    expect(deviceIdFault('A1', 'the topic', 'a2')?.code).toBe('id_not_allowed');
    expect(deviceIdFault('A1', 'the topic', 1)?.code).toBe('id_not_allowed');
  });

  it('takes the gateway that heard best', () => {
    expect(bestRadio([{ rssi: -110, snr: 3 }, { rssi: -90 }, { snr: 9 }, null])).toEqual({ rssi: -90, snr: 0 });
    expect(bestRadio('x')).toBeUndefined();
  });
});
