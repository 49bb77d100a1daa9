/** Scenarios in which what is sent, or the clock, is at fault. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

import type { Scenario } from './run.ts';
import { fileOf, type Stage } from './stage.ts';
import { deviceId } from './truth.ts';

const shuffle: Scenario = {
  name: 'shuffle',
  about: 'blocks of 400 messages in random order, 10 % of them twice',
  rounds: 1,
  seconds: 15,
  order(numbers) {
    const mixed = [...numbers, ...numbers.filter(() => Math.random() < 0.1)];
    for (let last = mixed.length - 1; last > 0; last--) {
      const other = Math.floor(Math.random() * (last + 1));
      [mixed[last], mixed[other]] = [mixed[other] as number, mixed[last] as number];
    }
    return mixed;
  },
  act: (run) => run.seconds(),
};

/** Each can be told from all others, so that each must be found in the dead letters. */
const poisons: readonly ((n: number) => Buffer)[] = [
  (n) => Buffer.from(`{"pm10": ${n}.`),
  (n) => Buffer.concat([Buffer.from([0xff, 0x00, n & 255, n >> 8]), randomBytes(60)]),
  (n) => Buffer.from(`no measurement ${n}`),
  (n) => Buffer.from(`${'{"a":'.repeat(5_000)}${n}${'}'.repeat(5_000)}`),
  (n) => Buffer.from(`{"pm10":NaN,"n":${n}}`),
  (n) => Buffer.from(`{"pm10":${n}}`, 'utf16le'),
  (n) => Buffer.from(`"${n}${'x'.repeat(900_000)}`),
  (n) => Buffer.from(`[${n}]`),
  (n) => Buffer.from(`{"pm10":"a lot, ${n}"}`),
  (n) => Buffer.from(`{"pm10":12.5,"TimeInstant":"2026-02-30T00:00:00.${String(n % 1000).padStart(3, '0')}Z"}`),
];

const poison: Scenario = {
  name: 'poison',
  about: '1 % of the messages are garbage: cut JSON, binary, text, nested 5,000 deep, NaN, UTF-16, 900 kB, no object, no number, no date',
  rounds: 1,
  seconds: 20,
  async act(run) {
    const end = performance.now() + run.options.seconds * 1_000;
    for (let n = 0; performance.now() < end;) {
      for (; n < run.stream.count / 99 && performance.now() < end; n++) {
        const payload = poisons[n % poisons.length]?.(n) ?? Buffer.alloc(0);
        await run.stream.raw(`/json/key/${deviceId(run.stage.truth, n % run.stage.truth.devices)}/attrs`, payload);
        run.poison.push(payload);
      }
      await sleep(50);
    }
  },
};

const clockFile = (stage: Stage): string => join(stage.folder, 'clock');
const hour = 3_600_000;
const jumps = [hour, -60_000, 24 * hour, -hour];

const clockJump: Scenario = {
  name: 'clock-jump',
  about: 'the clock of klavze jumps (+1 h, −1 min, +1 day, −1 h) while the broker is away, and back; the measurements are minutes old',
  ageMs: hour / 2,
  rounds: jumps.length,
  seconds: 4,
  prepare(run) {
    writeFileSync(clockFile(run.stage), '0');
    return 0;
  },
  environment: (stage) => ({ NODE_OPTIONS: `--import ${pathToFileURL(fileOf('clock')).href}`, CHAOS_CLOCK: clockFile(stage) }),
  act: (run) =>
    run.rounds(async (place) => {
      await run.stage.proxy.down();
      await sleep(1_000);
      writeFileSync(clockFile(run.stage), String(jumps[place % jumps.length]));
      await run.seconds();
      await run.stage.proxy.up();
      await run.recovered();
      writeFileSync(clockFile(run.stage), '0');
      await sleep(1_000);
    }),
};

export const otherInput: readonly Scenario[] = [shuffle, poison, clockJump];
