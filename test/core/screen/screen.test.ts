import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { dateTime, measured, point, property, relationship } from '../../../core/entity/build.ts';
import type { Entity, Json } from '../../../core/entity/entity.ts';
import { isEmso, personalText } from '../../../core/screen/personal-text.ts';
import { fieldNameKey, screen } from '../../../core/screen/screen.ts';
import { loadModels, loadPersonalFields } from '../../../core/service/load-models.ts';

const personalFields = loadPersonalFields();

function entity(attributes: Record<string, unknown> = {}): Entity {
  return {
    id: 'urn:ngsi-ld:Device:041-123-456',
    type: 'Device',
    location: point(14.02, 46),
    controlledProperty: property(['airPollution']),
    refDevice: relationship('urn:ngsi-ld:Device:041-123-456'),
    dateObserved: dateTime('2026-05-01T09:00:00.000Z'),
    ...attributes,
  } as Entity;
}

/** The pointer of the refusal, or undefined when the entity goes on. */
function refusal(attributes: Record<string, unknown>): string | undefined {
  const { values, rejections } = screen(entity(attributes), personalFields);
  if (values.length === 1) return undefined;
  expect(rejections).toHaveLength(1);
  expect(rejections[0]).toMatchObject({ stage: 'screen', code: 'personal_data' });
  return rejections[0]?.pointer;
}

describe('names of fields', () => {
  it.each(
    [
      'ime',
      'Priimek',
      'EMŠO',
      'emso',
      'e-mail',
      'E_POŠTA',
      'ePosta',
      'davčna številka',
      'davcna_stevilka',
      'telefon',
      'Telefonska-Stevilka',
      'givenName',
      'family_name',
      'registrskaStevilka',
      'licensePlate',
      'rojstniDatum',
      'date-of-birth',
      'TRR',
      'phoneNumber',
      'stalno prebivališče',
    ].map((name) => [name]),
  )('%s is refused as attribute and at depth', (name) => {
    expect(refusal({ [name]: property('x') })).toBe(`/${name}`);
    expect(refusal({ configuration: property([{ parameter: 'a', [name]: 'x' }]) })).toBe(`/configuration/value/0/${name}`);
  });

  it('of every official attribute pass, save the tax number of an organisation and the telephone of an agency: they may be a person’s', () => {
    for (const model of loadModels().types.values()) {
      for (const [name, attribute] of Object.entries(model.attributes)) {
        expect([name, personalFields.has(fieldNameKey(name))]).toEqual([name, name === 'taxID' || name === 'phone']);
        for (const member of Object.keys(attribute.value.members ?? {})) {
          expect([member, personalFields.has(fieldNameKey(member))]).toEqual([member, false]);
        }
      }
    }
  });

  it('with a slash stand in the pointer as RFC 6901 has them', () => {
    expect(refusal({ configuration: property({ 'a/b~c': { emso: 'x' } }) })).toBe('/configuration/value/a~1b~0c/emso');
  });
});

/** The check digit of twelve digits by the rule, written independently of the code; undefined where none exists. */
function emsoOf(twelve: string): string | undefined {
  const [a, b, c, d, e, f, g, h, i, j, k, l] = [...twelve].map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const rest = 11 - ((7 * (a + g) + 6 * (b + h) + 5 * (c + i) + 4 * (d + j) + 3 * (e + k) + 2 * (f + l)) % 11);
  if (rest === 10) return undefined;
  return `${twelve}${rest === 11 ? 0 : rest}`;
}

describe('texts', () => {
  // 1 January 2006, region 50: made from the rule, not from a person.
  const valid = ['010100650006', '010100650007'].map(emsoOf).find((digits) => digits !== undefined) ?? '';

  it.each([
    ['an e-mail address', 'ana.zgled+klavze@primer.example'],
    ['an e-mail address', 'Pišite na info@primer.example.'],
    ['a telephone number', '+386 41 123 456'],
    ['a telephone number', '+38641123456'],
    ['a telephone number', '00386 (0)5 374 39 10'],
    ['a telephone number', 'pokličite 041 123 456'],
    ['a telephone number', '031/123-456'],
    ['a telephone number', '(05) 374 39 10'],
    ['a licence plate', 'vozilo LJ AB-123 stoji'],
    ['a licence plate', 'GO 12-3AB'],
    ['a licence plate', 'KP1A-234'],
  ])('%s: %s', (kind, text) => {
    expect(personalText(text)).toBe(kind);
    expect(refusal({ description: property(text) })).toBe('/description/value');
    expect(refusal({ configuration: property([{ parameter: 'x', note: text }]) })).toBe('/configuration/value/0/note');
    expect(refusal({ owner: property(['obcina', text]) })).toBe('/owner/value/1');
  });

  it('an EMŠO, by its check digit', () => {
    expect(valid).toMatch(/^\d{13}$/);
    expect(personalText(`oseba ${valid}.`)).toBe('a personal identification number (EMŠO)');
    const wrong = `${valid.slice(0, 12)}${(Number(valid[12]) + 1) % 10}`;
    expect(personalText(wrong)).toBeUndefined();
    expect(personalText(`9${valid}`)).toBeUndefined();
  });

  it('the message does not repeat what must not be published', () => {
    const { rejections } = screen(entity({ description: property('+386 41 123 456') }), personalFields);
    expect(rejections[0]?.message).not.toContain('123');
  });

  it.each([
    '2026-05-01T09:00:00.000Z',
    'urn:ngsi-ld:Device:041-123-456',
    'https://primer.example/041 123 456',
    'urn:ngsi-ld:WeatherObserved:0101006500006',
    'E424',
    'LJ Bežigrad',
    'MB Titova',
    'CE bolnica',
    'NG Grčna',
    'SG 1',
    'PO-5',
    'IDRIJA_CISTI-NAP_',
    '24e124329e090021',
    'A81758FFFE051D02',
    '041123456',
    '20260501090000',
    '1714557600000',
    '3830012345678',
    '14.0291, 46.0112',
    '01-2026',
    '05 Mar 2024 14:20:00',
    'Podroteja',
    '5281 Spodnja Idrija',
    'EPSG:3794',
    '8350',
    'v1.02.3',
    'GO 2025',
    'Rožna ulica 12, 5280 Idrija',
    '192.168.100.200',
    '@context',
  ])('%s is nobody', (text) => {
    expect(personalText(text)).toBeUndefined();
    expect(refusal({ name: property(text), serialNumber: property(text) })).toBeUndefined();
  });

  it('never throws and ends soon on any JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const { values, rejections } = screen(entity({ configuration: property(value as Json) }), personalFields);
        expect(values.length + rejections.length).toBe(1);
      }),
    );
    const start = Date.now();
    for (const text of ['a'.repeat(200_000) + '@', '0'.repeat(200_000), '05 '.repeat(70_000), '@a.'.repeat(70_000), '+386 '.repeat(40_000)])
      personalText(text);
    expect(Date.now() - start).toBeLessThan(2_000);
  });
});

describe('isEmso', () => {
  it('agrees with the rule for any day, year, region and serial', () => {
    const day = fc.date({ min: new Date('1900-01-01'), max: new Date('2026-01-01'), noInvalidDate: true });
    fc.assert(
      fc.property(day, fc.integer({ min: 0, max: 99_999 }), (birth, serial) => {
        const [year, month, date] = birth.toISOString().slice(0, 10).split('-') as [string, string, string];
        const number = emsoOf(`${date}${month}${year.slice(1)}${String(serial).padStart(5, '0')}`);
        if (number !== undefined) expect(isEmso(number)).toBe(true);
      }),
    );
  });
});

describe('an entity of our own', () => {
  it('goes on as it is', () => {
    const own = entity({
      name: property('Idrijca, Podroteja'),
      address: property({
        streetAddress: 'Podroteja',
        streetNr: '12',
        addressLocality: 'Idrija',
        postalCode: '5280',
        addressCountry: 'SI',
      }),
      owner: property(['urn:ngsi-ld:Organization:obcina-idrija']),
      batteryLevel: measured(0.8, 'C62', '2026-05-01T09:00:00.000Z', 'suspect'),
    });
    expect(screen(own, personalFields).values[0]).toBe(own);
  });
});
