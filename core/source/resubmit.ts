import type { DeadLetterStore, Publication } from '../outbox/outbox.ts';
import { passRow, type Knowledge } from '../pipeline.ts';
import type { Adapter, Instant } from '../plugin.ts';
import type { Sink } from './dataset.ts';
import type { RejectedRow } from './rejects.ts';
import { nothing, type RunReport } from './report.ts';

export interface Resubmission {
  readonly report: RunReport;
  /** Rows that are refused again, each with today's reason. */
  readonly refused: readonly RejectedRow[];
  /** Lines without a row: of personal data, or of a file that was refused as a whole. */
  readonly skipped: number;
}

export interface ResubmitOptions {
  readonly adapter: Adapter;
  readonly knowledge: Knowledge;
  readonly sink: Sink;
  readonly clock: () => Instant;
  /** Letters of rows that are accepted now are marked as replayed; left out: a dry run. */
  readonly letters?: DeadLetterStore;
}

/** Runs refused rows, corrected or not, through today's adapter. What is refused again leaves no second dead letter. */
export async function resubmit(rows: readonly RejectedRow[], name: string, options: ResubmitOptions): Promise<Resubmission> {
  const { adapter, knowledge, sink, letters, clock } = options;
  const refused: RejectedRow[] = [];
  const healed: RejectedRow[] = [];
  const codes: Partial<Record<string, number>> = {};
  let skipped = 0;
  let entities = 0;
  let rejections = 0;
  for (const [index, rejected] of rows.entries()) {
    if (rejected.raw === undefined) {
      skipped += 1;
      continue;
    }
    const at = typeof rejected.at === 'string' && !Number.isNaN(Date.parse(rejected.at)) ? rejected.at : clock();
    // A rule that needs the neighbours refuses rather than decides without them.
    const file = { header: rejected.header ?? {}, rows: [], fetchedAt: at };
    const passage = passRow(rejected.raw, rejected.row ?? index + 1, file, rejected.from ?? name, adapter, knowledge);
    const publications: readonly Publication[] = passage.publications;
    if (publications.length > 0) await sink.append({ publications, deadLetters: [] });
    entities += publications.length;
    rejections += passage.deadLetters.length;
    for (const { rejection } of passage.deadLetters) codes[rejection.code] = (codes[rejection.code] ?? 0) + 1;
    const [first, ...others] = passage.deadLetters.map(({ rejection }) => ({ code: rejection.code, reason: rejection.message }));
    const { more: _, ...rest } = rejected;
    if (first === undefined) healed.push(rejected);
    else refused.push({ ...rest, ...first, ...(others.length > 0 && { more: others }) });
  }
  if (letters !== undefined) settle(healed, adapter, letters, clock());
  const report: RunReport = {
    ...nothing(adapter, name, 'published'),
    received: rows.length - skipped,
    entities,
    rejections,
    ...(Object.keys(codes).length > 0 && { codes }),
  };
  return { report, refused, skipped };
}

function settle(healed: readonly RejectedRow[], { name }: Adapter, letters: DeadLetterStore, now: Instant): void {
  if (healed.length === 0) return;
  const key = (from: string, row: number | undefined, at: string): string => JSON.stringify([from, row, at]);
  const wanted = new Set(healed.map(({ from, row, at }) => key(from, row, at)));
  const ids = letters
    .list({ plugin: `adapters/${name}` })
    .filter(({ origin }) => wanted.has(key(origin.from, origin.row, origin.receivedAt)))
    .map(({ id }) => id);
  if (ids.length > 0) letters.markReplayed(ids, now);
}
