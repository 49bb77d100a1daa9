import { describe, expect, it } from '@jest/globals';

import { ConfigError } from '../../../core/errors.ts';
import { loadDevices } from '../../../core/service/devices.ts';
import { withDevice, withField } from '../../../core/service/devices-edit.ts';

const entry = { id: 'b', alsoKnownAs: ['70E2'], family: 'air-quality', location: [14.03, 46.01], name: { sl: 'Pri šoli, spodaj' } };

describe('editing the registry', () => {
  it('keeps comments and layout of YAML', () => {
    const text = '# prva vrstica\ndevices:\n  # šola\n  - id: a # stalna oznaka\n    family: air-quality\n    location: [14.03, 46.0]\n';
    const added = withDevice(text, 'devices.yaml', entry);
    expect(added.startsWith(text)).toBe(true);
    expect(loadDevices(added, 'devices.yaml').find('70e2')).toMatchObject({ id: 'b', location: [14.03, 46.01] });
    const retired = withField(added, 'devices.yaml', 'A', 'retiredAt', '2026-05-01');
    expect(retired).toContain('- id: a # stalna oznaka\n');
    expect(loadDevices(retired, 'devices.yaml').find('a')?.retiredAt).toBe('2026-04-30T22:00:00.000Z');
    expect(() => withField(text, 'devices.yaml', 'c', 'retiredAt', '2026-05-01')).toThrow(ConfigError);
  });

  it('starts an empty registry and writes JSON as JSON', () => {
    expect(loadDevices(withDevice('', 'devices.yaml', entry), 'devices.yaml').size).toBe(1);
    const json = withDevice('{"devices":[]}', 'devices.json', entry);
    expect((JSON.parse(json) as { devices: unknown[] }).devices).toEqual([entry]);
  });

  it('adds a line to CSV and sets a cell, and refuses a column that is not there', () => {
    const csv = 'id;alsoKnownAs;family;longitude;latitude;name.sl;retiredAt\na;;air-quality;14,03;46;"Šola; zgoraj";\n';
    const added = withDevice(csv, 'devices.csv', entry);
    expect(added).toBe(`${csv}b;70E2;air-quality;14,03;46,01;Pri šoli, spodaj;\n`);
    expect(withField(added, 'devices.csv', 'b', 'retiredAt', '2026-05-01')).toContain('spodaj;2026-05-01\n');
    expect(() => withField(added, 'devices.csv', 'a', 'retiredAt', '2026-05-01')).toThrow(/by hand/);
    expect(() => withDevice(csv, 'devices.csv', { ...entry, datum: 4 })).toThrow(/no column datum/);
    expect(loadDevices(withDevice('', 'devices.csv', { ...entry, datum: 4.5 }), 'devices.csv').find('b')).toMatchObject({ datum: 4.5 });
  });
});
