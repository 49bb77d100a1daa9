import { afterEach, describe, expect, it } from '@jest/globals';

import { FatalError } from '../../../core/errors.ts';
import { createMemoryOutbox } from '../../../core/outbox/memory.ts';
import type { Adapter } from '../../../core/plugin.ts';
import { loadKnowledge } from '../../../core/service/knowledge.ts';
import type { RunReport } from '../../../core/source/dataset.ts';
import { startSchedule, type ScheduleOptions } from '../../../core/source/schedule.ts';
import { SourceClock, type Pace } from '../../../core/source/source-clock.ts';
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

function startClock(run: () => Promise<RunReport>, pace: Pace = {}, schedule = '0 0 1 1 *') {
  const log = createLog();
  const source = { name: 'x', schedule, timezone: 'Europe/Ljubljana', run };
  const clock = new SourceClock(source, log, { startWithinMs: 0, retryWithinMs: 1, ...pace });
  closing.push(() => clock.stop());
  return { clock, log };
}

async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + 5_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error('it did not happen within 5 s');
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

describe('startSchedule', () => {
  async function options(url: string): Promise<ScheduleOptions & { seen: string[] }> {
    const knowledge = await loadKnowledge();
    const clock = (): string => '2030-01-01T00:00:00.000Z';
    const outbox = createMemoryOutbox(clock);
    closing.push(() => outbox.close());
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
