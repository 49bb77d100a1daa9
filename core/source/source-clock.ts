import cron, { type ScheduledTask } from 'node-cron';
import type { Logger } from 'pino';

import { FatalError } from '../errors.ts';
import type { Instant } from '../plugin.ts';
import { noticesOf, type Told } from './notices.ts';
import type { RunReport } from './report.ts';

/** An adapter that is to be run again and again. */
export interface ScheduledSource {
  readonly name: string;
  /** Cron expression in `timezone`. */
  readonly schedule: string;
  readonly timezone: string;
  /** One run; see `runAdapter`. */
  run(): Promise<RunReport>;
  /** Where to look when something is wrong, for the words to the operator. */
  readonly dataset: { readonly landingPage: string };
  readonly staleAfterHours?: number;
  readonly clock: () => Instant;
  /** What the operator was told before a restart, and a place to keep it; left out: it is forgotten with the process. */
  readonly told?: { get(): Told | undefined; set(told: Told): void };
}

export interface Pace {
  /** The first runs are spread over this time, so that a restart does not ask every publisher at once. */
  readonly startWithinMs?: number;
  /** A scheduled run comes within this time after its minute, at most a tenth of the period: not everybody at the same second. */
  readonly jitterWithinMs?: number;
  /** The first retry comes within this time, each further one within twice the time, up to the schedule's period. */
  readonly retryWithinMs?: number;
  readonly random?: () => number;
}

export interface SourceStatus {
  /** Undefined before the first run has ended. */
  readonly available: boolean | undefined;
  readonly runs: number;
  /** Runs in a row that found the dataset unavailable. */
  readonly failures: number;
  readonly last?: RunReport;
}

/** A publisher that asks for more patience than this is asked again all the same. */
const longestWaitMs = 24 * 60 * 60 * 1000;
/** Timers may fire this much early. */
const timerSlackMs = 5;

/** Runs a source at start and by its schedule, one run at a time, and tries politely again while its dataset is unavailable. */
export class SourceClock {
  private readonly task: ScheduledTask;
  private readonly random: () => number;
  private readonly periodMs: number;
  private readonly jitterMs: number;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private isStopped = false;
  private available: boolean | undefined;
  private told: Told;
  private runs = 0;
  private failures = 0;
  private last: RunReport | undefined;
  /** The publisher asked for patience until then (monotonic milliseconds). */
  private notBefore = 0;

  constructor(
    private readonly source: ScheduledSource,
    private readonly log: Pick<Logger, 'info' | 'warn' | 'error'>,
    private readonly pace: Pace = {},
  ) {
    this.random = pace.random ?? Math.random;
    this.task = cron.createTask(source.schedule, () => this.tickIn(this.random() * this.jitterMs), {
      timezone: source.timezone,
      suppressMissedWarning: true,
    });
    const [next, following] = this.task.getNextRuns(2).map((date) => date.getTime());
    this.periodMs = (following ?? 0) - (next ?? 0);
    this.jitterMs = Math.min(pace.jitterWithinMs ?? 10_000, this.periodMs / 10);
    this.told = source.told?.get() ?? {};
    const askedMs = this.told.notBefore === undefined ? 0 : Date.parse(this.told.notBefore) - Date.parse(source.clock());
    const waitMs = Math.min(Math.max(0, askedMs), longestWaitMs);
    this.notBefore = performance.now() + waitMs - timerSlackMs;
    void this.task.start();
    this.tickIn(waitMs + this.random() * (pace.startWithinMs ?? 5_000));
  }

  status(): SourceStatus {
    const { available, runs, failures, last } = this;
    return { available, runs, failures, last };
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.task.destroy();
    await this.running;
  }

  private tickIn(ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.tick(), ms);
  }

  /** Starts a run, unless one is under way or the publisher asked for patience. */
  private tick(): void {
    if (this.isStopped || this.running !== undefined || performance.now() < this.notBefore) return;
    clearTimeout(this.timer);
    this.running = this.run().finally(() => {
      this.running = undefined;
    });
  }

  private async run(): Promise<void> {
    this.runs += 1;
    try {
      this.settle(await this.source.run());
    } catch (error) {
      const adapter = this.source.name;
      this.log.error({ adapter, error: String(error) }, 'adapter run failed');
      if (error instanceof FatalError) {
        this.isStopped = true;
        await this.task.destroy();
      } else {
        this.retry(0);
      }
    }
  }

  private settle(report: RunReport): void {
    this.last = report;
    const { adapter, from, received, entities, rejections } = report;
    const { told, notices } = noticesOf(this.told, report, this.source, this.source.clock());
    for (const { level, message, facts } of notices) this.log[level](facts, message);
    this.told = told;
    this.source.told?.set(told);
    this.available = report.outcome !== 'unavailable';
    if (report.outcome === 'unavailable') {
      this.retry(report.retryAfterMs ?? 0);
      return;
    }
    this.failures = 0;
    if (report.outcome === 'published') this.log.info({ adapter, from, received, entities, rejections }, 'dataset read');
  }

  /** Full jitter: many instances that lost the same publisher do not come back together. */
  private retry(askedMs: number): void {
    const atLeastMs = Math.min(askedMs, longestWaitMs);
    const withinMs = Math.min(this.periodMs, (this.pace.retryWithinMs ?? 30_000) * 2 ** Math.min(this.failures, 20));
    this.failures += 1;
    this.notBefore = performance.now() + atLeastMs - timerSlackMs;
    this.tickIn(atLeastMs + this.random() * withinMs);
  }
}
