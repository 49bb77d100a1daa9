import { describe, expect, it } from '@jest/globals';

import { allowedValue, commandFault, written } from '../../../core/command/payload.ts';
import type { DeviceCommand } from '../../../core/plugin.ts';

function hexOf(command: DeviceCommand, value: unknown): string {
  const result = written(command, value);
  return result.ok ? Buffer.from(result.value.bytes ?? []).toString('hex') : result.error;
}

describe('what may be sent', () => {
  const interval: DeviceCommand = { name: 'interval', minimum: 60, maximum: 3600 };
  it.each([
    [interval, 600, 600],
    [interval, ' 600 ', 600],
    [{ name: 'relay', values: ['on', 'off'] }, 'on', 'on'],
    [{ name: 'relay', values: [true, false] }, 'true', true],
    [{ name: 'relay', values: [0, 1] }, '1', 1],
    [{ name: 'relay', hex: { on: '01', off: '00' } }, 'off', 'off'],
    [{ name: 'reboot' }, 'whatever', undefined],
  ] as const)('%j takes %j', (command, given, value) => {
    expect(allowedValue(command, given)).toEqual({ ok: true, value });
  });

  it.each([
    [interval, 30],
    [interval, 3601],
    [interval, '6e2'],
    [interval, [600]],
    [interval, NaN],
    [{ name: 'relay', values: ['on'] }, 'ON'],
    [{ name: 'relay', hex: { on: '01' } }, '__proto__'],
  ] as const)('%j refuses %j', (command, given) => {
    const result = allowedValue(command, given);
    expect(result.ok ? '' : result.error).toContain('allowed is');
  });
});

describe('how it is written', () => {
  it.each([
    ['ff03{value:uint16le}', 600, 'ff035802'],
    ['ff 03 {value:uint16be}', 600, 'ff030258'],
    ['{value:int8}', -1, 'ff'],
    ['{value:int16le}', -2, 'feff'],
    ['{value:uint32}', 4294967295, 'ffffffff'],
    ['{value:uint8}', 256, 'interval is 256, which is no uint8'],
    ['{value:uint8}', 1.5, 'interval is 1.5, which is no uint8'],
    ['{value:int16}', 32768, 'interval is 32768, which is no int16'],
  ])('%s with %d is %s', (hex, value, expected) => {
    expect(hexOf({ name: 'interval', hex }, value)).toBe(expected);
  });

  it('fills JSON in the type of the value, and text', () => {
    expect(written({ name: 'on', json: { method: 'Switch.Set', params: { id: 0, on: '{value}', note: 'to {value}' } } }, true)).toEqual({
      ok: true,
      value: { json: { method: 'Switch.Set', params: { id: 0, on: true, note: 'to true' } } },
    });
    expect(written({ name: 'on', text: 'set={value}' }, 5)).toEqual({ ok: true, value: { text: 'set=5' } });
    expect(hexOf({ name: 'relay', hex: { on: '0101', off: '0100' } }, 'off')).toBe('0100');
  });
});

describe('what is wrong with a command of the registry', () => {
  it.each([
    [{ name: 'a', hex: '01', text: 'x' }, 'more than one'],
    [{ name: 'a', minimum: 1 }, 'one of minimum and maximum'],
    [{ name: 'a', minimum: 2, maximum: 1 }, 'above the maximum'],
    [{ name: 'a', hex: '01{value:uint8}' }, 'uses {value}'],
    [{ name: 'a', json: { x: '{value}' } }, 'uses {value}'],
    [{ name: 'a', minimum: 0, maximum: 1, hex: '0' }, 'pairs of digits'],
    [{ name: 'a', minimum: 0, maximum: 1, hex: '{value:uint24}' }, 'pairs of digits'],
    [{ name: 'a', values: [1], hex: '{value}' }, 'pairs of digits'],
    [{ name: 'a', hex: { on: 'zz' } }, 'pairs of digits'],
  ] as const)('%j: %s', (command, fault) => {
    expect(commandFault(command)).toContain(fault);
  });

  it('takes what is right', () => {
    for (const command of [
      { name: 'a' },
      { name: 'a', hex: 'ff 10 ff' },
      { name: 'a', minimum: 0, maximum: 9, hex: '{value:uint8}' },
      { name: 'a', hex: { on: '01' } },
    ]) {
      expect(commandFault(command)).toBeUndefined();
    }
  });
});
