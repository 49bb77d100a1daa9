import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { Registry } from 'prom-client';

import type { Outbox } from '../../../core/outbox/outbox.ts';
import { watchDevices } from '../../../core/service/device-watch.ts';
import { createLogger } from '../../../core/service/log.ts';

it('looks on and ends in order while its sightings cannot be kept, for the disk is full', async () => {
  let sets = 0;
  const full = () => {
    sets += 1;
    throw Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' });
  };
  const outbox = { writable: true, state: { get: () => undefined, set: full } } as unknown as Outbox;
  const clock = () => new Date().toISOString();
  const watch = watchDevices({
    outbox,
    clock,
    logger: createLogger('silent'),
    metrics: new Registry(),
    families: new Map(),
    devices: () => [],
    everyMs: 1,
  });
  // What a timer throws would end the process.
  for (let tries = 0; sets < 2 && tries < 500; tries++) await sleep(5);
  expect(sets).toBeGreaterThanOrEqual(2);
  const before = sets;
  watch.stop();
  expect(sets).toBe(before + 1);
});

it('hides no other fault', () => {
  const set = () => {
    throw new TypeError('a value that is no JSON');
  };
  const watch = watchDevices({
    outbox: { writable: true, state: { get: () => undefined, set } } as unknown as Outbox,
    clock: () => new Date().toISOString(),
    logger: createLogger('silent'),
    metrics: new Registry(),
    families: new Map(),
    devices: () => [],
    everyMs: 60_000,
  });
  expect(() => watch.stop()).toThrow(TypeError);
});
