import type { Adapter, Instant } from '../plugin.ts';
import { secondsAfter } from './time.ts';
import type { RunReport } from './report.ts';

/** What the operator was told of a source and has not heard the end of; plain JSON, kept over restarts. */
export interface Told {
  /** Since when the dataset is not to be had. */
  readonly unavailable?: Instant;
  /** Since when it is refused as a whole, and as what. */
  readonly refused?: { readonly since: Instant; readonly codes: string };
  /** Since when nothing new is in it. */
  readonly stale?: Instant;
  /** Moment of the newest measurement so far. */
  readonly newest?: Instant;
  /** The publisher asked not to be asked before. */
  readonly notBefore?: Instant;
}

/** A line for the log: what happened, and what to do about it. */
export interface Notice {
  readonly level: 'info' | 'warn';
  readonly message: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

type Source = Pick<Adapter, 'name' | 'staleAfterHours'> & { readonly dataset: Pick<Adapter['dataset'], 'landingPage'> };

/** What a run gives to tell: a source that dies, changes its form, stands still or comes back is told once each. */
export function noticesOf(before: Told, report: RunReport, source: Source, now: Instant): { told: Told; notices: Notice[] } {
  const notices: Notice[] = [];
  const add = (level: Notice['level'], message: string, facts: Record<string, unknown>): void =>
    void notices.push({ level, message, facts: { adapter: source.name, ...facts } });
  const { from, reason } = report;
  const { notBefore: _, ...rest } = before;
  let told: Told = rest;
  if (report.retryAfterMs !== undefined) told = { ...told, notBefore: secondsAfter(now, Math.ceil(report.retryAfterMs / 1000)) };
  if (report.outcome === 'unavailable') {
    if (told.unavailable === undefined) add('warn', 'dataset unavailable', { from, reason, advice: advice.unavailable(source) });
    told = { ...told, unavailable: told.unavailable ?? now };
  } else if (report.outcome !== 'failed' && told.unavailable !== undefined) {
    const { unavailable: since, ...others } = told;
    add('info', 'dataset recovered', { from, since });
    told = others;
  }
  if (report.outcome === 'refused') {
    const codes = Object.keys(report.codes ?? {}).join(' ');
    if (told.refused?.codes !== codes) add('warn', 'dataset refused', { from, reason, advice: advice.refused(source) });
    told = { ...told, refused: { since: told.refused?.since ?? now, codes } };
  }
  if (report.outcome === 'published' && told.refused !== undefined) {
    const { refused, ...others } = told;
    add('info', 'dataset accepted again', { from, since: refused.since });
    told = others;
  }
  if (report.drift !== undefined) {
    add('warn', 'columns of the dataset changed', { from, ...nonEmpty(report.drift), advice: advice.drift(source) });
  }
  const { vanished } = report;
  if (vanished !== undefined) add('info', 'rows of the dataset are gone or back', { from, ...vanished });
  return { told: standing(told, report, source, now, add), notices };
}

/** A publisher that answers, but with old measurements. */
function standing(
  before: Told,
  report: RunReport,
  source: Source,
  now: Instant,
  add: (level: Notice['level'], message: string, facts: Record<string, unknown>) => void,
): Told {
  const newest = [before.newest, report.newest]
    .filter((moment) => moment !== undefined)
    .sort()
    .at(-1);
  const told: Told = newest === undefined ? before : { ...before, newest };
  const { staleAfterHours } = source;
  if (staleAfterHours === undefined || newest === undefined || told.unavailable !== undefined) return told;
  const isStale = newest < secondsAfter(now, -staleAfterHours * 3600);
  if (isStale && told.stale === undefined) {
    add('warn', 'dataset has nothing new', { from: report.from, newest, advice: advice.stale(source, staleAfterHours) });
    return { ...told, stale: now };
  }
  if (isStale || told.stale === undefined) return told;
  const { stale: since, ...others } = told;
  add('info', 'dataset has new measurements again', { from: report.from, newest, since });
  return others;
}

/** What to do, in words. `klavze adapter status` shows the same. */
export const advice = {
  unavailable: ({ name, dataset }: Source): string =>
    `nothing now: Klavže goes on asking politely; if it lasts for days, look at ${dataset.landingPage} whether the dataset moved, and set adapters.${name}.url or adapters.${name}.enabled: false`,
  refused: ({ name }: Source): string =>
    `nothing of it was published, and what was published before stays; klavze dead-letters list --plugin adapters/${name} has the file and docs/rejections.md the code; the next good file is taken by itself`,
  drift: ({ name, dataset }: Source): string =>
    `a new column is not read until the adapter is taught it; of a missing one nothing is published; compare ${dataset.landingPage} and adapters/${name}/README.md`,
  stale: ({ dataset }: Source, hours: number): string =>
    `its newest measurement is older than ${hours} h although the publisher answers; look at ${dataset.landingPage}, or ask the publisher`,
} as const;

function nonEmpty(drift: NonNullable<RunReport['drift']>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(drift).filter(([, columns]) => (columns as string[]).length > 0));
}
