import cron from 'node-cron';
import type { Logger } from 'pino';

import { ConfigError } from '../errors.ts';
import type { Outbox } from '../outbox/outbox.ts';
import type { Knowledge, Passage } from '../pipeline.ts';
import type { Adapter, Instant } from '../plugin.ts';
import type { AdapterConfig } from '../service/config.ts';
import { missingCredentials } from './authorize.ts';
import type { Sink } from './dataset.ts';
import type { Ledger } from './ledger.ts';
import type { Told } from './notices.ts';
import { recordedRun, type Records } from './recorded.ts';
import type { RunReport } from './report.ts';
import { SourceClock, type Pace, type SourceStatus } from './source-clock.ts';

export interface ScheduleOptions {
  readonly adapters: readonly Adapter[];
  /** Per adapter: another URL, schedule or stations than its own. */
  readonly settings: Readonly<Record<string, AdapterConfig>>;
  readonly knowledge: Knowledge;
  readonly outbox: Pick<Outbox, 'append' | 'state'>;
  readonly clock: () => Instant;
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** Told of each row and whether the dataset could be had. */
  readonly metrics: { passed(plugin: string, passage: Passage): void; source(adapter: string, available: boolean): void };
  readonly pace?: Pace;
  /** Where runs, refused rows and what is known of the sources are kept. */
  readonly records: Records;
}

export interface Schedule {
  status(adapter: string): SourceStatus | undefined;
  /** No run starts any more; resolves when the running ones have ended. */
  stop(): Promise<void>;
}

/** Runs adapters at start and by their schedules. @throws {ConfigError} when a cron expression cannot be read. */
export function startSchedule(options: ScheduleOptions): Schedule {
  const { settings, logger, pace } = options;
  const adapters = options.adapters.filter((adapter) => hasCredentials(adapter, options));
  const schedules = new Map(adapters.map((adapter) => [adapter.name, settings[adapter.name]?.schedule ?? adapter.schedule]));
  const faults = [...schedules]
    .filter(([, schedule]) => !cron.validate(schedule))
    .map(([name, schedule]) => `adapters.${name}.schedule is "${schedule}"; expected a cron expression such as "5,35 * * * *"`);
  if (faults.length > 0) throw new ConfigError('a schedule cannot be read', faults);

  const clocks = new Map<string, SourceClock>();
  for (const adapter of adapters) {
    const schedule = schedules.get(adapter.name) ?? adapter.schedule;
    const { name, dataset, staleAfterHours } = adapter;
    const told = {
      get: () => toldOf(options.records.ledger, name),
      set: (value: Told) => options.records.ledger.setNote(toldKey(name), value),
    };
    const stale = staleAfterHours === undefined ? {} : { staleAfterHours };
    const source = {
      name,
      schedule,
      timezone: dataset.timezone,
      dataset,
      ...stale,
      clock: options.clock,
      told,
      run: () => run(adapter, options),
    };
    clocks.set(adapter.name, new SourceClock(source, logger, pace));
  }
  return {
    status: (adapter) => clocks.get(adapter)?.status(),
    stop: async () => {
      await Promise.all([...clocks.values()].map((clock) => clock.stop()));
    },
  };
}

/** An adapter whose publisher asks who we are waits, without a word every five minutes, until the configuration says it. */
function hasCredentials(adapter: Adapter, { settings, logger }: ScheduleOptions): boolean {
  const missing = missingCredentials(adapter, settings[adapter.name]);
  if (missing.length > 0) {
    logger.info(
      { adapter: adapter.name, missing: missing.map((key) => `adapters.${adapter.name}.${key}`) },
      'adapter not started: its publisher asks for credentials',
    );
  }
  return missing.length === 0;
}

/** What the operator was told of an adapter and holds still. */
export function toldOf(ledger: Ledger, adapter: string): Told | undefined {
  return ledger.note(toldKey(adapter)) as Told | undefined;
}

/** Where is kept what the operator was told of an adapter. */
function toldKey(adapter: string): string {
  return `told/${adapter}`;
}

async function run(adapter: Adapter, options: ScheduleOptions): Promise<RunReport> {
  const { settings, knowledge, outbox, clock, metrics } = options;
  const { url, stations, ...credentials } = settings[adapter.name] ?? {};
  const sink: Sink = {
    append(consignment) {
      metrics.passed(`adapters/${adapter.name}`, { readings: [], devices: [], ...consignment });
      return outbox.append(consignment);
    },
  };
  const report = await recordedRun(
    {
      adapter,
      knowledge,
      input: { kind: 'fetch', state: outbox.state, url, credentials },
      stations: stations ?? adapter.defaultStations,
      sink,
      clock,
    },
    options.records,
    'schedule',
  );
  metrics.source(adapter.name, report.outcome !== 'unavailable');
  return report;
}
