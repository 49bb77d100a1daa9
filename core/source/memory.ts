import { momentOf } from '../outbox/watermarks.ts';
import type { Origin } from '../outbox/outbox.ts';
import type { Adapter, Instant, Row } from '../plugin.ts';
import type { Rejection } from '../rejection.ts';
import { ok, type Result } from '../result.ts';
import { columnsOf, hasDrifted, learn, type Columns, type Drift } from './drift.ts';
import type { PassedRow } from './duplicates.ts';
import type { KnownEntity, Ledger } from './ledger.ts';
import { compareSnapshot, type Comparison } from './vanished.ts';

/** What a run compares with earlier ones. A dry run has none. */
export interface RunMemory {
  readonly ledger: Ledger;
  /** Folder for the refused rows of this adapter; left out: they are kept as dead letters only. */
  readonly rejects?: string;
  /** `no`: the input is a part, so that nothing can be said of rows that are not in it. */
  readonly isComplete: 'yes' | 'no';
  /** What to do with a snapshot of which more than half is gone, where rows that are gone are marked or deleted. */
  readonly onShrink: 'refuse' | 'accept';
}

/** Of a file by hand, where the dataset has several addresses: nobody knows which of them it stands for. */
export const unknownAddress = '(file)';

/** Columns of a file against those of earlier ones at the same address. Undefined when nothing changed. */
export function driftOf(
  { ledger }: RunMemory,
  adapter: Adapter,
  address: string,
  rows: readonly Row[],
  now: Instant,
): { readonly drift: Drift | undefined; remember(): void } {
  const key = columnsKey(adapter.name, address);
  const { columns, drift } = learn(ledger.note(key) as Columns | undefined, columnsOf(rows), now);
  return { drift: hasDrifted(drift) ? drift : undefined, remember: () => ledger.setNote(key, columns) };
}

/** Where the columns of an address are kept in the ledger. */
export function columnsKey(adapter: string, address: string): string {
  return `columns/${adapter}/${address}`;
}

/**
 * What is gone from the source. `all` are the rows of the file, `passed` those that were wanted and went through the line. Undefined
 * when the input is a part, or a row has no key: then nobody knows what is missing.
 */
export function goneFrom(
  { ledger, isComplete, onShrink }: RunMemory,
  adapter: Adapter,
  address: string,
  all: readonly Row[],
  passed: readonly PassedRow[],
  wanted: ReadonlySet<string> | undefined,
  origin: Origin,
): Result<Comparison | undefined, Rejection> {
  if (isComplete === 'no' || address === unknownAddress) return ok(undefined);
  const snapshot = new Map<string, KnownEntity[]>();
  for (const row of all) {
    const key = adapter.key(row);
    if (key === undefined) return ok(undefined);
    if (!snapshot.has(key)) snapshot.set(key, []);
  }
  for (const { key = '', passage } of passed) {
    const entities = snapshot.get(key) ?? [];
    for (const { entity } of passage.publications) {
      if (entities.some(([id]) => id === entity.id)) continue;
      const { source } = entity;
      const address = typeof source === 'object' && source.type === 'Property' && typeof source.value === 'string' ? [source.value] : [];
      entities.push([entity.id, entity.type, ...(adapter.vanished === 'mark' ? address : [])] as unknown as KnownEntity);
    }
  }
  const isWanted = (key: string): boolean => wanted === undefined || wanted.has(key);
  return compareSnapshot(adapter, ledger.rows(adapter.name, address), snapshot, isWanted, origin, onShrink);
}

/** The newest moment that rows were measured at. */
export function newestOf(passed: readonly PassedRow[]): Instant | undefined {
  let newest: Instant | undefined;
  for (const { entity } of passed.flatMap(({ passage }) => passage.publications)) {
    const moment = momentOf(entity);
    if (moment !== undefined && (newest === undefined || moment > newest)) newest = moment;
  }
  return newest;
}
