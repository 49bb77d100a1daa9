import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

import { ConfigError } from '../../../core/errors.ts';
import { packageRoot } from '../../../core/paths.ts';
import type { Uplink } from '../../../core/plugin.ts';
import { loadDevices, type DeviceRegistry } from '../../../core/service/devices.ts';
import { loadAgents } from '../../../core/service/plugins.ts';

const good = `devices:
  - id: nikova-most
    alsoKnownAs: [24E124713B000001]
    family: river-level
    location: [14.0262, 46.0031]
`;

function uplinkOf(deviceId: string, alsoKnownAs?: string[]): Uplink {
  const uplink: Uplink = { deviceId, receivedAt: '2026-03-02T08:15:00.000Z', defaultDecoder: 'json', body: { kind: 'text', text: '' } };
  return alsoKnownAs === undefined ? uplink : { ...uplink, alsoKnownAs };
}

function faultsOf(text: string, plugins?: Parameters<typeof loadDevices>[2]): readonly string[] {
  try {
    loadDevices(text, 'devices.yaml', plugins);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

describe('loadDevices', () => {
  it('finds a device by its id and its other names, without regard to case', () => {
    const registry: DeviceRegistry = loadDevices(good, 'devices.yaml');
    expect(registry.size).toBe(1);
    expect(registry.find('NIKOVA-MOST')?.id).toBe('nikova-most');
    expect(registry.device(uplinkOf('24e124713b000001'))?.id).toBe('nikova-most');
    expect(registry.device(uplinkOf('eui-1', ['24E124713b000001']))?.id).toBe('nikova-most');
    expect(registry.device(uplinkOf('eui-1'))).toBeUndefined();
    expect(registry.find('constructor')).toBeUndefined();
  });

  it('reads JSON, an empty file and the example that is shipped, whose plug-ins exist', async () => {
    expect(loadDevices('{"devices":[{"id":"a","family":"f","location":[14,46]}]}', 'd.json').size).toBe(1);
    expect(loadDevices('', 'd.yaml').size).toBe(0);
    const example = readFileSync(join(packageRoot, 'devices.example.yaml'), 'utf8');
    expect(loadDevices(example, 'devices.example.yaml', await loadAgents()).size).toBe(9);
  });

  it('names every fault at once, with line, field, what stands there and what was expected', () => {
    const faults = faultsOf(`devices:
  - id: a b
    family: river-level
    location: [14.03]
  - id: c
    famly: air-quality
    location: [14.03, 460]
`);
    expect(faults).toHaveLength(5);
    expect(faults.join('\n')).toMatch(/devices\.yaml:2: devices\.0\.id must match pattern .* found "a b"/);
    expect(faults.join('\n')).toMatch(/devices\.yaml:4: devices\.0\.location must NOT have fewer than 2 items/);
    expect(faults.join('\n')).toMatch(/devices\.yaml:6: devices\.1\.famly is not a known key/);
    expect(faults.join('\n')).toMatch(/devices\.1\.family is missing/);
    expect(faults.join('\n')).toMatch(/devices\.yaml:7: devices\.1\.location\.1 must be <= 90, found 460/);
  });

  it('takes zones of clocks by their names, and no others', () => {
    const text = (zone: string) => `devices:\n  - { id: d, family: weather, location: [14, 46], timezone: ${zone} }\n`;
    expect(loadDevices(text('UTC'), 'devices.yaml').find('d')?.timezone).toBe('UTC');
    expect(faultsOf(text('Idrija'))).toEqual([
      'devices.yaml:2: devices.0.timezone "Idrija" is no time zone; expected an IANA name such as Europe/Ljubljana or UTC',
    ]);
  });

  it('refuses an id that is given twice, also as another name in other case', () => {
    expect(faultsOf(`${good}  - { id: b, alsoKnownAs: [24e124713b000001], family: f, location: [14, 46] }\n`)).toEqual([
      'devices.yaml:6: devices.1.alsoKnownAs "24e124713b000001" already names the device "nikova-most"; every id must be unique',
    ]);
  });

  it('notices latitude before longitude, and plug-ins that do not exist', () => {
    expect(faultsOf(good.replace('[14.0262, 46.0031]', '[46.0031, 14.0262]'))[0]).toMatch(
      /devices\.yaml:5: .*expected \[longitude, latitude\]/,
    );
    const plugins = { families: new Map([['air-quality', 1]]), decoders: new Map() };
    expect(faultsOf(good, plugins)).toEqual(['devices.yaml:4: devices.0.family "river-level" does not exist; expected one of air-quality']);
  });

  it('refuses names with characters that brokers refuse', () => {
    expect(faultsOf(`${good}    name: { sl: 'Nikova (most)' }\n`)[0]).toMatch(/devices\.yaml:6: devices\.0\.name\.sl must match pattern/);
  });
});
