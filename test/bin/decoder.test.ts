import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { writeDecoder } from '../core/declared/write.ts';
import { jsonLines, klavze } from './klavze.ts';

const fields = 'frames: [{ fPort: 2, fields: [{ type: u16, unit: mV, quantity: batteryVoltage }] }]\n';
const example = (voltage: number): string =>
  `examples: [{ fPort: 2, hex: '0bba', expected: { readings: { batteryVoltage: ${voltage} } } }]\n`;

// Each test starts a process that loads all plug-ins from the sources.
jest.setTimeout(90_000);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'klavze-decoders-'));
  writeDecoder(folder, 'test-t1', fields + example(3.002));
  writeDecoder(folder, 'test-t2', fields + example(3));
  writeDecoder(folder, 'test-t3', '', 'function decodeUplink(i) { return { errors: "wrong port" } }');
  writeDecoder(folder, 'test-t4', 'frames: [{ fPort: 2 }]');
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('decoders of the operator’s own', () => {
  it('are checked by their examples, and what is wrong is said', async () => {
    const { code, stdout } = await klavze(['decoder', 'check', folder]);
    expect(code).toBe(78);
    expect(stdout).toContain('test-t1: example 1: ok\n');
    expect(stdout).toContain('  batteryVoltage of 2026-03-02T08:15:00.000Z is 3.002; expected 3\n');
    expect(stdout).toContain('test-t3: no examples');
    expect(stdout).toContain('test-t4/decoder.yaml:6: frames.0 says nothing');
  });

  it('read a frame by their name', async () => {
    const { code, stdout } = await klavze(['decoder', 'read', 'test-t3', '--hex', '0bba'], { KLAVZE_DECODERS_DIR: folder });
    expect(code).toBe(65);
    expect(stdout).toContain('"code":"refused_by_codec","message":"the codec codec.js says: wrong port"');
  });

  it('are used for messages', async () => {
    const message = JSON.stringify({ deviceInfo: { devEui: '24e124713b000099' }, fPort: 2, data: 'C7o=' });
    const topic = 'application/1/device/24e124713b000099/event/up';
    const words = ['agent', 'try', '--topic', topic, '--input', '-', '--family', 'indoor', '--decoder', 'test-t1', '--readings'];
    const { stdout } = await klavze(words, { KLAVZE_DECODERS_DIR: folder }, message);
    expect(jsonLines(stdout)[0]).toMatchObject({ reading: { quantity: 'batteryVoltage', value: 3.002, unit: 'V' } });
  });

  it('are listed, and a broken one is named', async () => {
    const { code, stdout, stderr } = await klavze(['agent', 'list'], { KLAVZE_DECODERS_DIR: folder });
    expect(code).toBe(0);
    expect(stdout).toContain('test-t1');
    expect(stderr).toContain('test-t4/decoder.yaml:6: frames.0 says nothing');
  });
});
