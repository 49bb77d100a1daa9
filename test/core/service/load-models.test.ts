import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { ConfigError } from '../../../core/errors.ts';
import { packageRoot } from '../../../core/paths.ts';
import { loadModels, loadPersonalFields, loadQuantities } from '../../../core/service/load-models.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'klavze-models-'));
  cpSync(join(packageRoot, 'smart-data-models'), folder, { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

type Editable = Record<string, never> & { attributes: Record<string, Record<string, unknown>> };

function edit(file: string, change: (json: Editable) => void): void {
  const path = join(folder, file);
  const json = JSON.parse(readFileSync(path, 'utf8')) as Editable;
  change(json);
  writeFileSync(path, JSON.stringify(json));
}

/** The faults of the ConfigError that the step throws. */
function faultsOf(step: () => unknown): readonly string[] {
  try {
    step();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).faults;
  }
  return [];
}

describe('loadModels', () => {
  it('reads the shipped descriptors', () => {
    const { types, subjects } = loadModels();
    expect([...types.keys()]).toEqual(
      expect.arrayContaining([
        'AirQualityObserved',
        'Device',
        'ParkingSpot',
        'ThreePhaseAcMeasurement',
        'WaterObserved',
        'WeatherObserved',
      ]),
    );
    expect([...subjects.keys()].sort()).toEqual([
      'building',
      'consumption',
      'dcat-ap',
      'device',
      'energy',
      'environment',
      'key-performance-indicator',
      'organization',
      'parking',
      'point-of-interest',
      'transportation',
      'urban-mobility',
      'water-consumption',
      'water-quality',
      'weather',
    ]);
    expect(types.get('WaterObserved')).toMatchObject({
      subject: 'environment',
      required: ['location', 'dateObserved'],
      attributes: { waterLevel: { unitCode: 'MTR', measured: true, quantity: 'waterLevel' }, name: { kind: 'Property' } },
    });
    // The official type has none of the common attributes but those that its descriptor names.
    expect(Object.keys(types.get('GtfsTrip')?.attributes ?? {})).toEqual(expect.arrayContaining(['name', 'hasRoute']));
    expect(types.get('GtfsTrip')?.attributes).not.toHaveProperty('location');
  });

  it.each<[string, string, (json: Editable) => void, RegExp]>([
    [
      'a wrong kind',
      'device/Device.json',
      (json) => void (json.attributes['rssi']!['kind'] = 'Thing'),
      /Device\.json: \/attributes\/rssi\/kind /,
    ],
    ['an unknown key', 'device/Device.json', (json) => void (json.attributes['rssi']!['units'] = 'dBm'), /\/attributes\/rssi .*"units"/],
    ['another type than the file', 'device/Device.json', (json) => void Object.assign(json, { type: 'Devise' }), /type is "Devise"/],
    ['a required name that is no attribute', 'device/Device.json', (json) => void Object.assign(json, { required: ['price'] }), /"price"/],
    ['another name than the folder', 'device/subject.json', (json) => void Object.assign(json, { name: 'devices' }), /name is "devices"/],
    [
      'a level of an attribute that is not there',
      'device/Device.json',
      (json) => void Object.assign(json, { access: { type: 'partner', open: ['price'] } }),
      /access\/open names "price"/,
    ],
    [
      'an attribute of two levels',
      'device/Device.json',
      (json) => void Object.assign(json, { access: { type: 'partner', open: ['rssi'], partner: ['rssi'] } }),
      /access names "rssi" under open and partner/,
    ],
    [
      'a term with two meanings in one context',
      'environment/WaterObserved.json',
      (json) => void (json.attributes['refDevice']!['iri'] = 'https://example.org/refDevice'),
      /attributes\/refDevice\/iri is https:\/\/example\.org\/refDevice, but another type/,
    ],
  ])('names %s', (_title, file, change, message) => {
    edit(file, change);
    expect(faultsOf(() => loadModels(folder))).toEqual([expect.stringMatching(message)]);
  });

  it('takes what no level names for internal, and what is common as common.json has it', () => {
    edit(
      'environment/WaterObserved.json',
      (json) => void Object.assign(json, { access: { type: 'open', open: ['flow'], internal: ['address'] } }),
    );
    const { access, attributes } = loadModels(folder).types.get('WaterObserved') ?? {};
    const of = (name: string) => attributes?.[name]?.access;
    expect([access, of('flow'), of('waterLevel'), of('location'), of('address'), of('owner')]).toEqual([
      'open',
      'open',
      'internal',
      'open',
      'internal',
      'internal',
    ]);
    edit('environment/WaterObserved.json', (json) => void delete (json as Record<string, unknown>)['access']);
    expect(loadModels(folder).types.get('WaterObserved')).toMatchObject({
      access: 'internal',
      attributes: { flow: { access: 'internal' } },
    });
  });

  it('names a file that is not JSON or missing, and several faults at once', () => {
    writeFileSync(join(folder, 'device', 'Device.json'), '{');
    rmSync(join(folder, 'weather', 'subject.json'));
    const faults = faultsOf(() => loadModels(folder));
    expect(faults).toEqual([
      expect.stringMatching(/Device\.json: not readable as JSON/),
      expect.stringMatching(/weather.subject\.json: does not exist/),
    ]);
  });

  it('refuses a folder without models', () => {
    expect(() => loadModels(join(folder, 'nowhere'))).toThrow(ConfigError);
  });
});

describe('loadQuantities', () => {
  it('reads the shipped quantities', () => {
    expect(loadQuantities().get('airTemperature')).toMatchObject({ unitCode: 'CEL', title: { sl: 'temperatura zraka' } });
  });

  it('names what is wrong', () => {
    const file = join(folder, 'quantities.json');
    const good = { unit: 'x', unitCode: 'C62', minimum: 0, maximum: 1, title: { sl: 'x', en: 'x' }, comment: 'x' };
    writeFileSync(file, JSON.stringify({ a: { ...good, minimum: 2 }, b: good }));
    expect(faultsOf(() => loadQuantities(file))).toEqual([expect.stringContaining('a/minimum is 2')]);
    writeFileSync(file, JSON.stringify({ a: { ...good, unitCode: 'minutes' } }));
    expect(faultsOf(() => loadQuantities(file))).toEqual([expect.stringContaining('/a/unitCode')]);
  });
});

describe('loadPersonalFields', () => {
  it('reads the shipped names in normal form', () => {
    const fields = loadPersonalFields();
    expect(fields.has('davcnastevilka')).toBe(true);
    expect(fields.has('familyname')).toBe(true);
    expect([...fields].every((name) => /^[a-z]+$/.test(name))).toBe(true);
  });

  it('names what is wrong', () => {
    const file = join(folder, 'personal.json');
    writeFileSync(file, JSON.stringify({ comment: '', fields: { name: 'ime' } }));
    expect(faultsOf(() => loadPersonalFields(file))).toEqual([expect.stringContaining('/fields/name')]);
  });
});
