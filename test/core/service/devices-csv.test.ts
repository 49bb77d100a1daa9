import { describe, expect, it } from '@jest/globals';

import { ConfigError } from '../../../core/errors.ts';
import { loadDevices } from '../../../core/service/devices.ts';

function faultsOf(text: string): readonly string[] {
  try {
    loadDevices(text, 'devices.csv');
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

describe('a registry as CSV', () => {
  it('says the same as YAML, with semicolons and decimal commas, BOM and all', () => {
    const csv = `\uFEFFid;alsoKnownAs;family;longitude;latitude;name.sl;datum;expectedInterval;calibration;installedAt
nikova-most;24E124713B000001 eui-1;river-level;14,0262;46,0031;"Nikova, most";4,35;PT15M;distance*1,01-0,02@2026-05-01/2027-05-01 pH+0,1;2026-05-01
`;
    const yaml = `devices:
  - id: nikova-most
    alsoKnownAs: ['24E124713B000001', eui-1]
    family: river-level
    location: [14.0262, 46.0031]
    name: { sl: 'Nikova, most' }
    datum: 4.35
    expectedInterval: 900
    installedAt: '2026-05-01'
    calibration:
      - { quantity: distance, factor: 1.01, offset: -0.02, validFrom: '2026-05-01', validTo: '2027-05-01' }
      - { quantity: pH, offset: 0.1 }
`;
    const devices = loadDevices(csv, 'devices.csv').devices;
    expect(devices).toEqual(loadDevices(yaml, 'devices.yaml').devices);
    expect(devices[0]).toMatchObject({ installedAt: '2026-04-30T22:00:00.000Z', expectedInterval: 900 });
  });

  it('names line and column of what it cannot read', () => {
    const text = `id,family,longitude,latitude,colour
a,air-quality,"14,03",46.0,red
`;
    expect(faultsOf(text)).toEqual([
      expect.stringMatching(/^devices\.csv:1:5: the column "colour" is not known/),
      expect.stringMatching(/^devices\.csv:2:3: longitude is "14,03"; expected a number with a decimal point/),
    ]);
  });

  it('holds every device against the schema and the other devices', () => {
    const text = `id;family;longitude;latitude;access
a;air-quality;14.03;46;open
A;air-quality;46.0;14.03;secret
`;
    expect(faultsOf(text)).toEqual([
      expect.stringMatching(/^devices\.csv:3:5: devices\.1\.access must be one of open, partner, internal, found "secret"/),
    ]);
    expect(faultsOf(text.replace('secret', 'internal'))).toEqual([
      expect.stringMatching(/^devices\.csv:3:1: devices\.1\.id "a" already names the device "a"/),
      expect.stringMatching(/^devices\.csv:3:3: devices\.1\.location \[46, 14\.03\] is \[latitude, longitude\]/),
    ]);
  });

  it('refuses lines of another width and days that do not exist', () => {
    expect(faultsOf('id;family;longitude;latitude\na;air-quality;14\n')[0]).toMatch(/^devices\.csv:2:1: /);
    expect(faultsOf('id;family;longitude;latitude;installedAt\na;air-quality;14;46;2026-02-30\n')[0]).toMatch(
      /^devices\.csv:2:5: devices\.0\.installedAt 2026-02-30 is not in the calendar/,
    );
  });
});
