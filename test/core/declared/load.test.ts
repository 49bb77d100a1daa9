import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

import { ConfigError } from '../../../core/errors.ts';
import { checkExamples } from '../../../core/service/declared-check.ts';
import { loadDeclared } from '../../../core/service/declared.ts';
import { loadAgents } from '../../../core/service/plugins.ts';
import { come, frame, inFolder, writeDecoder } from './write.ts';

const good = 'frames: [{ fPort: 2, fields: [{ type: u16, unit: mV, quantity: batteryVoltage }] }]\n';

async function faultsOf(yaml: string, codec?: string): Promise<readonly string[]> {
  return inFolder(async (folder) => {
    try {
      await loadDeclared(writeDecoder(folder, 'test-t1', yaml, codec));
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return (error.faults.length > 0 ? error.faults : [error.message]).map((fault) => fault.replaceAll(folder, ''));
    }
    return [];
  });
}

describe('a description with a fault is refused with its line and what was expected', () => {
  it.each([
    ['frames: [{ fields: [{ type: u17, quantity: noise }] }]', ':6: frames.0.fields.0.type must be one of u8, i8,'],
    [
      'frames:\n  - fields:\n      - { type: u8, quantity: airTemp }',
      ':8: frames.0.fields.0.quantity "airTemp" is not in schemas/quantities.json',
    ],
    ['frames: [{ fields: [{ type: u8, quantity: distance, unit: hPa }] }]', 'unit "hPa" does not convert to m, the unit of distance'],
    ['frames: [{ fields: [{ type: u8 }] }]', 'frames.0.fields.0 is no field: expected a quantity with its type, or skip, or fields'],
    ['frames: [{ fields: [{ quantity: distance }] }]', 'frames.0.fields.0 has no type'],
    ['frames: [{ fields: [{ type: u8, quantity: distance, every: 60 }] }]', 'every belongs to a group'],
    ['frames: [{ fields: [{ type: u8, quantity: distance, range: [2, 1] }] }]', 'range is empty'],
    ['frames: [{ fields: [{ type: u8, quantity: distance, bits: [3, 1] }] }]', 'bits are in the wrong order'],
    ['frames: [{ when: { at: 1 }, event: boot }]', 'frames.0.when has neither is nor not'],
    ['frames: [{ fPort: 2 }]', 'frames.0 says nothing'],
    ['frames: [{ channels: { headerBytes: 2, list: { "01": { event: boot } } } }]', 'is no header of 2 bytes'],
    ['json: { values: [{ path: a, quantity: airTemperature, unti: °C }] }', 'json.values.0.unti is not a known key'],
    ['json: { values: [{ path: "$", quantity: airTemperature }] }', 'json.values.0.path is empty'],
    ['littleEndian: true', 'name describes nothing'],
    ['codec: other.js', 'which does not exist'],
    ['frames: [', 'cannot be read'],
  ])('%s', async (yaml, fault) => {
    const faults = await faultsOf(yaml);
    expect(faults.join('\n')).toContain('decoder.yaml');
    expect([...faults, 'test-t1/decoder.yaml cannot be read'].join('\n')).toContain(fault);
    expect(faults.length).toBeGreaterThan(0);
  });

  it('names the file and the line of a codec that cannot be loaded', async () => {
    expect(await faultsOf('', 'function decodeUplink(i) {\n  return {\n}')).toEqual([
      expect.stringMatching(/^\/test-t1: codec\.js cannot be loaded: SyntaxError: .* \(line \d\)/),
    ]);
  });
});

describe('a folder of the operator’s own', () => {
  it('is read beside what comes with Klavže; a broken decoder does not stop the others', async () => {
    await inFolder(async (folder) => {
      writeDecoder(folder, 'test-t1', good);
      writeDecoder(folder, 'test-t2', 'frames: [{ fPort: 2 }]');
      writeDecoder(folder, 'test-t3', '', 'function decodeUplink(');
      writeDecoder(folder, 'dragino-ldds75', good);
      writeDecoder(folder, '_draft', 'not yet');
      mkdirSync(join(folder, 'no-decoder'));
      writeFileSync(
        join(folder, 'test-t4.json'),
        JSON.stringify({
          name: 'test-t4',
          title: { sl: 'nekaj', en: 'something' },
          vendor: 'T',
          models: ['T4'],
          datasheet: 'this test',
          json: { values: [{ path: 't', quantity: 'airTemperature' }] },
        }),
      );
      const { decoders, faults } = await loadAgents(undefined, folder);
      expect(faults.map((fault) => fault.replaceAll(folder, ''))).toEqual([
        '/dragino-ldds75/decoder.yaml: there is another decoder "dragino-ldds75"; give this one another name',
        '/test-t2/decoder.yaml:6: frames.0 says nothing: expected fields, channels or event',
        expect.stringContaining('/test-t3: codec.js cannot be loaded'),
      ]);
      expect(decoders.get('dragino-ldds75')?.device.vendor).toBe('Dragino');
      expect(decoders.get('test-t4')?.device.models).toEqual(['T4']);
      const [working, broken] = [decoders.get('test-t1'), decoders.get('test-t2')];
      if (working === undefined || broken === undefined) throw new Error('not loaded');
      expect(come(working, frame('0bba', 2))).toEqual({ batteryVoltage: 3.002 });
      expect(come(broken, frame('0bba', 2))).toEqual({ refused: ['unknown_model'] });
    });
  });

  it('may be missing', async () => {
    expect((await loadAgents(undefined, '/no/such/folder')).faults).toEqual([]);
  });
});

it('examples are held against what comes out, every difference in words', async () => {
  const yaml = `${good}
examples:
  - { description: right, fPort: 2, hex: '0b ba', expected: { readings: { batteryVoltage: 3.002 } } }
  - { description: wrong, fPort: 2, hex: '0bba', expected: { readings: { batteryVoltage: 3, distance: 1 }, event: boot } }
  - { description: refused, fPort: 3, hex: '0bba', expected: { rejections: [unknown_frame] } }
  - { description: not refused, fPort: 2, hex: '0bba', expected: { rejections: [{ code: invalid_value }] } }
  - { description: refused otherwise, fPort: 3, hex: '0bba', expected: { readings: [{ quantity: batteryVoltage, value: 3.002, observedAt: 2026-03-02T08:15:00Z }] } }
`;
  await inFolder(async (folder) => {
    const reports = checkExamples(await loadDeclared(writeDecoder(folder, 'test-t1', yaml)));
    expect(reports.map(({ example, differences }) => [example, ...differences])).toEqual([
      ['right'],
      [
        'wrong',
        'batteryVoltage of 2026-03-02T08:15:00.000Z is 3.002; expected 3',
        'distance of 2026-03-02T08:15:00.000Z was not read; expected 1',
        'the event is none; expected boot',
      ],
      ['refused'],
      ['not refused', 'batteryVoltage of 2026-03-02T08:15:00.000Z 3.002 was read, which is not expected', 'not refused as invalid_value'],
      [
        'refused otherwise',
        'batteryVoltage of 2026-03-02T08:15:00.000Z was not read; expected 3.002',
        'refused as unknown_frame, which is not expected: application port 3 is none of this device; expected 2',
      ],
    ]);
  });
});
