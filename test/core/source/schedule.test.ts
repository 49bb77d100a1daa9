import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';

import { FatalError } from '../../../core/errors.ts';
import { createMemoryOutbox } from '../../../core/outbox/memory.ts';
import type { Adapter } from '../../../core/plugin.ts';
import { loadKnowledge } from '../../../core/service/knowledge.ts';
import type { RunReport } from '../../../core/source/dataset.ts';
import { openLedger } from '../../../core/source/ledger.ts';
import { startSchedule, type ScheduleOptions } from '../../../core/source/schedule.ts';
import type { Told } from '../../../core/source/notices.ts';
import { SourceClock, type Pace, type ScheduledSource } from '../../../core/source/source-clock.ts';
import { body, Publisher } from './http-publisher.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const counts = { adapter: 'x', from: 'http://x', received: 0, filtered: 0, entities: 0, rejections: 0 };
const published: RunReport = { ...counts, outcome: 'published' };
const unavailable: RunReport = { ...counts, outcome: 'unavailable', reason: 'HTTP 503' };

function createLog() {
  const lines: string[] = [];
  const keep =
    (level: string) =>
    (_: unknown, message?: string): void =>
      void lines.push(`${level} ${message}`);
  return { lines, info: keep('info'), warn: keep('warn'), error: keep('error') };
}

function startClock(run: () => Promise<RunReport>, pace: Pace = {}, schedule = '0 0 1 1 *', told?: ScheduledSource['told']) {
  const log = createLog();
  const source = {
    name: 'x',
    schedule,
    timezone: 'Europe/Ljubljana',
    run,
    dataset: { landingPage: 'http://x' },
    clock: () => new Date().toISOString(),
    ...(told !== undefined && { told }),
  };
  const clock = new SourceClock(source, log, { startWithinMs: 0, retryWithinMs: 1, ...pace });
  closing.push(() => clock.stop());
  return { clock, log };
}

async function until(condition: () => boolean, withinMs = 5_000): Promise<void> {
  const end = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`it did not happen within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('SourceClock', () => {
  it('runs at start and by the schedule', async () => {
    const { clock } = startClock(() => Promise.resolve(published), {}, '* * * * * *');
    await until(() => (clock.status().runs ?? 0) >= 2);
    expect(clock.status()).toMatchObject({ available: true, failures: 0, last: published });
  });

  it('says unavailable once and recovered once, and tries again in between', async () => {
    const reports = [unavailable, unavailable, unavailable, published, published];
    const { clock, log } = startClock(() => Promise.resolve(reports.shift() ?? published));
    await until(() => clock.status().available === true);
    expect(clock.status()).toMatchObject({ runs: 4, failures: 0 });
    expect(log.lines).toEqual(['warn dataset unavailable', 'info dataset recovered', 'info dataset read']);
  });

  it('waits longer each time with full jitter, at most the period, and as long as the publisher asks', async () => {
    const started = performance.now();
    const { clock } = startClock(() => Promise.resolve(unavailable), { retryWithinMs: 20, random: () => 1 });
    await until(() => clock.status().runs === 4);
    // 20 + 40 + 80 ms
    expect(performance.now() - started).toBeGreaterThan(130);
    await clock.stop();
    const patient = startClock(() => Promise.resolve({ ...unavailable, retryAfterMs: 300 }), {}, '* * * * * *');
    await until(() => patient.clock.status().runs === 1);
    const first = performance.now();
    await until(() => patient.clock.status().runs === 2);
    expect(performance.now() - first).toBeGreaterThan(250);
  });

  it('never runs twice at a time, and stop waits for the run under way', async () => {
    let running = 0;
    let most = 0;
    const run = async (): Promise<RunReport> => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      running -= 1;
      return published;
    };
    const { clock } = startClock(run, {}, '* * * * * *');
    await until(() => running === 1);
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    await clock.stop();
    expect({ running, most, runs: clock.status().runs }).toEqual({ running: 0, most: 1, runs: 1 });
  });

  it('goes on after a run that threw, but not after a fatal one', async () => {
    const faults = [new Error('disk'), new FatalError('broken')];
    const { clock, log } = startClock(() => Promise.reject(faults.shift() ?? new Error('too many')));
    await until(() => faults.length === 0 && log.lines.length === 2);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(clock.status().runs).toBe(2);
    expect(log.lines).toEqual(['error adapter run failed', 'error adapter run failed']);
  });
});

describe('what the operator is told', () => {
  const refused: RunReport = { ...counts, outcome: 'refused', reason: 'no XML', codes: { not_the_expected_format: 1 } };
  const unchanged: RunReport = { ...counts, outcome: 'unchanged' };

  it('is a refusal once, however often it comes, and once that it is over', async () => {
    const reports = [refused, unchanged, refused, { ...refused, codes: { truncated_file: 1 } }, published, published];
    const { clock, log } = startClock(() => Promise.resolve(reports.shift() ?? unchanged), { jitterWithinMs: 0 }, '* * * * * *');
    await until(() => reports.length === 0, 15_000);
    await clock.stop();
    expect(log.lines.filter((line) => line !== 'info dataset read')).toEqual([
      'warn dataset refused',
      'warn dataset refused',
      'info dataset accepted again',
    ]);
  });

  it('is not told again after a restart', async () => {
    let told: Told | undefined;
    const keeper = { get: () => told, set: (value: Told) => void (told = value) };
    const first = startClock(() => Promise.resolve(unavailable), {}, undefined, keeper);
    await until(() => first.clock.status().runs >= 2);
    await first.clock.stop();
    const second = startClock(() => Promise.resolve(unavailable), {}, undefined, keeper);
    await until(() => second.clock.status().runs >= 2);
    await second.clock.stop();
    const third = startClock(() => Promise.resolve(published), {}, undefined, keeper);
    await until(() => third.clock.status().runs === 1 && third.log.lines.length === 2);
    expect([first.log.lines, second.log.lines, third.log.lines]).toEqual([
      ['warn dataset unavailable'],
      [],
      ['info dataset recovered', 'info dataset read'],
    ]);
  });

  it('leaves a publisher in peace that asked for patience before a restart', async () => {
    const keeper = { get: (): Told => ({ notBefore: new Date(Date.now() + 60_000).toISOString() }), set: () => undefined };
    const { clock } = startClock(() => Promise.resolve(published), {}, '* * * * * *', keeper);
    await new Promise((resolve) => setTimeout(resolve, 1_300));
    expect(clock.status().runs).toBe(0);
  });
});

describe('startSchedule', () => {
  async function options(url: string): Promise<ScheduleOptions & { seen: string[] }> {
    const knowledge = await loadKnowledge();
    const clock = (): string => '2030-01-01T00:00:00.000Z';
    const outbox = createMemoryOutbox(clock);
    closing.push(() => outbox.close());
    const dataDir = mkdtempSync(join(tmpdir(), 'klavze-schedule-'));
    closing.push(() => Promise.resolve(rmSync(dataDir, { recursive: true })));
    const seen: string[] = [];
    const metrics = {
      passed: (plugin: string) => void seen.push(plugin),
      source: (adapter: string, available: boolean) => void seen.push(`${adapter} ${available}`),
    };
    const adapters = [knowledge.adapters.get('arso-air') as Adapter];
    return {
      adapters,
      settings: { 'arso-air': { url, stations: 'all' } },
      knowledge,
      outbox,
      clock,
      logger: createLog(),
      metrics,
      pace: { startWithinMs: 0, retryWithinMs: 10 },
      records: { ledger: openLedger({ path: ':memory:', clock }), dataDir },
      seen,
    };
  }

  it('fetches a configured dataset into the outbox', async () => {
    const row =
      '<postaja sifra="E424" wgs84_dolzina="13.9" wgs84_sirina="45.9"><merilno_mesto>Otlica</merilno_mesto>' +
      '<datum_do>2026-02-11 09:00</datum_do><o3>9</o3></postaja>';
    const publisher = await Publisher.start(body(`<arsopodatki>${row}</arsopodatki>`));
    closing.push(() => publisher.stop());
    const given = await options(publisher.url);
    const schedule = startSchedule(given);
    closing.push(() => schedule.stop());
    await until(() => schedule.status('arso-air')?.available === true);
    expect(given.seen).toEqual(['adapters/arso-air', 'arso-air true']);
    expect(schedule.status('arso-air')?.last).toMatchObject({ outcome: 'published', entities: 1 });
  });

  it('keeps trying while nobody answers', async () => {
    const given = await options('http://127.0.0.1:1/none.xml');
    const schedule = startSchedule(given);
    closing.push(() => schedule.stop());
    await until(() => (schedule.status('arso-air')?.failures ?? 0) >= 3);
    expect((given.logger as ReturnType<typeof createLog>).lines).toEqual(['warn dataset unavailable']);
  });

  it('names every schedule that cannot be read', async () => {
    const given = await options('http://127.0.0.1:1/');
    expect(() => startSchedule({ ...given, settings: { 'arso-air': { schedule: 'hourly' } } })).toThrow(/arso-air\.schedule is "hourly"/);
  });
});
