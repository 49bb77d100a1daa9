import cron from 'node-cron';

import type { Adapter, Instant } from '../plugin.ts';
import type { AdapterConfig } from '../service/config.ts';
import { missingCredentials } from './authorize.ts';
import { missingOf, type Columns } from './drift.ts';
import type { Ledger, RunEntry } from './ledger.ts';
import { columnsKey } from './memory.ts';
import { advice } from './notices.ts';
import { rejectsFiles, rejectsFolder } from './rejects.ts';
import { secondsAfter } from './time.ts';

/** How an adapter is doing, for `klavze adapter status`. */
export interface AdapterStatus {
  readonly adapter: string;
  readonly state: 'fine' | 'unavailable' | 'refused' | 'failed' | 'stale' | 'never run' | 'needs credentials' | 'off';
  /** What to do about it, where it is not fine. */
  readonly advice?: string;
  /** When the last run ended, what it was and what it came to. */
  readonly lastRun?: Instant;
  readonly outcome?: RunEntry['report']['outcome'];
  readonly reason?: string;
  /** Counts of the last run that took rows in. */
  readonly received?: number;
  readonly entities?: number;
  readonly rejections?: number;
  /** Newest measurement so far. */
  readonly newest?: Instant;
  /** Next run by the schedule, while `klavze up` runs. */
  readonly next?: Instant;
  /** Columns that were in the dataset and are not any more. */
  readonly missingColumns: readonly string[];
  /** Files with refused rows that were not resubmitted. */
  readonly openRejects: number;
}

/** The status of an adapter out of what is kept of its runs. */
export function statusOf(
  adapter: Adapter,
  settings: AdapterConfig | undefined,
  ledger: Ledger,
  dataDir: string,
  now: Instant,
): AdapterStatus {
  const entries = ledger.runs(adapter.name).filter(({ trigger }) => trigger !== 'backfill' && trigger !== 'resubmit');
  const [last] = entries;
  const taken = entries.find(({ report }) => report.outcome === 'published' || report.outcome === 'refused');
  const newest = newestOf(entries);
  const state = stateOf(adapter, settings, last, taken, newest, now);
  const next = settings?.enabled === false ? undefined : nextRun(settings?.schedule ?? adapter.schedule, adapter.dataset.timezone);
  const prefix = columnsKey(adapter.name, '');
  const missing = ledger.notes(prefix).flatMap(([, columns]) => missingOf(columns as Columns));
  const words = adviceOf(adapter, state);
  return {
    adapter: adapter.name,
    state,
    ...(words !== undefined && { advice: words }),
    ...(last !== undefined && { lastRun: last.endedAt, outcome: last.report.outcome }),
    ...(last?.report.reason !== undefined && { reason: last.report.reason }),
    ...(taken !== undefined && {
      received: taken.report.received,
      entities: taken.report.entities,
      rejections: taken.report.rejections,
    }),
    ...(newest !== undefined && { newest }),
    ...(next !== undefined && { next }),
    missingColumns: [...new Set(missing)],
    openRejects: rejectsFiles(rejectsFolder(dataDir, adapter.name), 'open').length,
  };
}

function stateOf(
  adapter: Adapter,
  settings: AdapterConfig | undefined,
  last: RunEntry | undefined,
  taken: RunEntry | undefined,
  newest: Instant | undefined,
  now: Instant,
): AdapterStatus['state'] {
  if (settings?.enabled === false) return 'off';
  if (last === undefined) return missingCredentials(adapter, settings).length > 0 ? 'needs credentials' : 'never run';
  if (last.report.outcome === 'unavailable' || last.report.outcome === 'failed') return last.report.outcome;
  if (taken?.report.outcome === 'refused') return 'refused';
  const { staleAfterHours } = adapter;
  const isStale = staleAfterHours !== undefined && newest !== undefined && newest < secondsAfter(now, -staleAfterHours * 3600);
  return isStale ? 'stale' : 'fine';
}

function adviceOf(adapter: Adapter, state: AdapterStatus['state']): string | undefined {
  switch (state) {
    case 'unavailable':
      return advice.unavailable(adapter);
    case 'refused':
      return advice.refused(adapter);
    case 'stale':
      return advice.stale(adapter, adapter.staleAfterHours ?? 0);
    case 'failed':
      return 'see the log; the next run tries again, nothing was remembered as read';
    case 'needs credentials':
      return `its publisher asks who we are: adapters/${adapter.name}/README.md says which settings it needs`;
    default:
      return undefined;
  }
}

function newestOf(entries: readonly RunEntry[]): Instant | undefined {
  return entries
    .flatMap(({ report }) => report.newest ?? [])
    .sort()
    .at(-1);
}

/** When a cron expression comes due next; undefined when it cannot be read or never does. */
export function nextRun(schedule: string, timezone: string): Instant | undefined {
  if (!cron.validate(schedule)) return undefined;
  const task = cron.createTask(schedule, () => undefined, { timezone });
  const next = task.getNextRuns(1)[0]?.toISOString();
  void task.destroy();
  return next;
}
