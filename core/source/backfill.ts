import { setTimeout as sleep } from 'node:timers/promises';
import { Temporal } from '@js-temporal/polyfill';

import { RetryableError } from '../errors.ts';
import type { Adapter, Instant } from '../plugin.ts';
import { err, ok, type Result } from '../result.ts';
import { addressesOf, asksWith, type Address } from './addresses.ts';
import { runAdapter, type AdapterRun } from './dataset.ts';
import type { Ledger } from './ledger.ts';
import { summary, type RunReport } from './report.ts';

/** Days in the dataset's time zone, both counted in. */
export interface Days {
  readonly from: string;
  readonly to: string;
}

/** What is asked for in one request. */
export interface Piece {
  readonly address: Address;
  /** Only measurements of this time are published. */
  readonly period: { readonly from: Instant; readonly to: Instant };
}

export interface Plan {
  /** Oldest first. */
  readonly pieces: readonly Piece[];
  /** What cannot be had of what was asked for, in words. */
  readonly remark?: string;
}

/** The requests of a backfill, or why there is nothing to be had. */
export function planBackfill(
  adapter: Adapter,
  days: Days,
  stations: 'all' | readonly string[],
  url: string | undefined,
  now: Instant,
): Result<Plan, string> {
  const { history, dataset, name } = adapter;
  if (history === undefined) return err(`${name} has no history: its source gives the present state only`);
  const [from, to] = [dayOf(days.from), dayOf(days.to)];
  if (from === undefined || to === undefined)
    return err(`--from and --to are days such as 2026-05-01; found "${days.from}" and "${days.to}"`);
  if (Temporal.PlainDate.compare(from, to) > 0) return err(`--from ${days.from} lies after --to ${days.to}`);
  const today = Temporal.Instant.from(now).toZonedDateTimeISO(dataset.timezone).toPlainDate();
  const last = Temporal.PlainDate.compare(to, today) > 0 ? today : to;
  const oldest = history.keptDays === undefined ? from : later(from, today.subtract({ days: history.keptDays }));
  if (Temporal.PlainDate.compare(oldest, last) > 0) {
    return err(
      Temporal.PlainDate.compare(from, today) > 0
        ? `${days.from} lies in the future`
        : `the publisher of ${name} keeps ${history.keptDays} days: nothing before ${oldest.toString()} is to be had`,
    );
  }
  const template = url ?? history.url;
  const isDated = asksWith('{from}', template, adapter);
  const longest = isDated ? (history.longestDays ?? 1) : last.since(oldest).days + 1;
  const pieces: Piece[] = [];
  for (let first = oldest; Temporal.PlainDate.compare(first, last) <= 0; first = first.add({ days: longest })) {
    const end = earlier(first.add({ days: longest }), last.add({ days: 1 }));
    const addresses = addressesOf(template, stations, adapter, now, { from: first.toString(), to: end.toString() });
    if (!addresses.ok) return addresses;
    const period = { from: midnight(first, dataset.timezone), to: midnight(end, dataset.timezone) };
    pieces.push(...addresses.value.map((address) => ({ address, period })));
  }
  const remark =
    Temporal.PlainDate.compare(oldest, from) > 0
      ? `the publisher keeps ${history.keptDays} days: nothing before ${oldest.toString()} is asked for`
      : undefined;
  return ok({ pieces, ...(remark !== undefined && { remark }) });
}

export interface BackfillOptions {
  readonly run: Omit<AdapterRun, 'input' | 'memory' | 'period' | 'addresses'> & {
    readonly input: AdapterRun['input'] & { readonly kind: 'fetch' };
  };
  readonly pieces: readonly Piece[];
  /** Names the job: the same days and stations go on where they were left. */
  readonly job: string;
  /** Where the pieces that are done are kept; left out (a dry run): all are asked for. */
  readonly ledger?: Ledger;
  /** Between two requests. */
  readonly pauseMs?: number;
  readonly onPiece?: (report: RunReport, done: number) => void;
}

const longestWaitMs = 5 * 60 * 1000;
const attempts = 3;

/**
 * Asks for one piece after the other, oldest first, and publishes through the normal outbox: a value older than the one in the broker goes to
 * its history. Pieces that are done are remembered, so that it goes on there after an interruption.
 * @throws {RetryableError} when the publisher does not answer three times.
 */
export async function backfill(options: BackfillOptions): Promise<RunReport> {
  const { run, pieces, job, ledger, pauseMs = 1_000 } = options;
  const key = `backfill/${run.adapter.name}/${job}`;
  const done = new Set((ledger?.note(key) as string[] | undefined) ?? []);
  const adapter = { ...run.adapter, format: run.adapter.history?.format ?? run.adapter.format };
  const reports: RunReport[] = [];
  for (const [index, piece] of pieces.entries()) {
    const id = `${piece.period.from} ${piece.address.key}`;
    if (done.has(id)) continue;
    if (reports.length > 0) await sleep(pauseMs);
    const report = await askFor(piece, { ...run, adapter }, pauseMs);
    reports.push(report);
    options.onPiece?.(report, index + 1);
    done.add(id);
    ledger?.setNote(key, [...done]);
  }
  // Asked for again, it begins anew: nothing is doubled by that.
  ledger?.setNote(key, []);
  return reports.length === 0
    ? { adapter: run.adapter.name, from: job, outcome: 'unchanged', received: 0, filtered: 0, entities: 0, rejections: 0 }
    : summary(reports);
}

async function askFor({ address, period }: Piece, run: BackfillOptions['run'], pauseMs: number): Promise<RunReport> {
  for (let attempt = 1; ; attempt += 1) {
    const report = await runAdapter({ ...run, addresses: [address], period });
    if (report.outcome !== 'unavailable') return report;
    if (attempt === attempts || (report.retryAfterMs ?? 0) > longestWaitMs) {
      throw new RetryableError(`${address.url} is unavailable: ${report.reason}; the same command goes on from there`, report.retryAfterMs);
    }
    await sleep(Math.max(report.retryAfterMs ?? 0, pauseMs * 2 ** attempt));
  }
}

function dayOf(text: string): Temporal.PlainDate | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return undefined;
  try {
    return Temporal.PlainDate.from(text, { overflow: 'reject' });
  } catch {
    return undefined;
  }
}

function midnight(day: Temporal.PlainDate, timezone: string): Instant {
  return day.toZonedDateTime(timezone).toInstant().toString({ fractionalSecondDigits: 3 });
}

function later(one: Temporal.PlainDate, other: Temporal.PlainDate): Temporal.PlainDate {
  return Temporal.PlainDate.compare(one, other) >= 0 ? one : other;
}

function earlier(one: Temporal.PlainDate, other: Temporal.PlainDate): Temporal.PlainDate {
  return Temporal.PlainDate.compare(one, other) <= 0 ? one : other;
}
