import { expect, it } from '@jest/globals';

import { openCommandLedger } from '../../../core/command/ledger.ts';
import type { StateStore } from '../../../core/outbox/outbox.ts';

it('remembers where devices were heard and what was sent, over a restart, without writing at every message', () => {
  const values = new Map<string, unknown>();
  let writes = 0;
  const state: StateStore = {
    get: (key) => structuredClone(values.get(key)),
    set(key, value) {
      writes += 1;
      values.set(key, structuredClone(value));
    },
  };
  const ledger = openCommandLedger(state);
  for (let i = 0; i < 10; i++) {
    ledger.heard('tasmota', 'tele/ura/SENSOR', ['ura']);
    ledger.heard('tasmota', 'tele/ura/STATE', ['ura']);
  }
  expect(writes).toBe(2);
  expect(ledger.lastHeard('ura')).toEqual(['tasmota', 'tele/ura/STATE']);
  expect(ledger.lastHeard('toString')).toBeUndefined();
  for (let i = 0; i < 1_002; i++) ledger.sent(`reference-${i}`, 'interval');

  const again = openCommandLedger(state);
  expect(again.lastHeard('ura')?.[0]).toBe('tasmota');
  expect(again.commandOf('reference-1001')).toBe('interval');
  expect(again.commandOf('reference-0')).toBeUndefined();
});
