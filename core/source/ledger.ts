import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import type { Logger } from 'pino';

import { isDamage } from '../outbox/damaged.ts';
import { setAside } from '../outbox/salvage.ts';
import type { Instant } from '../plugin.ts';
import type { RunReport } from './report.ts';

/** Who asked for a run. */
export type Trigger = 'schedule' | 'command' | 'inbox' | 'backfill' | 'resubmit';

/** One run as it is kept; runs in a row that found nothing to do, or the same fault, are one entry with `times`. */
export interface RunEntry {
  readonly at: Instant;
  readonly endedAt: Instant;
  readonly trigger: Trigger;
  readonly times: number;
  readonly report: RunReport;
}

/** What a row became. `source` is that of the entity, where it is needed to mark it. */
export type KnownEntity = readonly [id: string, type: string, source?: string];

/** A row of a source by its key: what it became, and since when it is gone. */
export interface KnownRow {
  readonly entities: readonly KnownEntity[];
  readonly gone?: Instant;
}

/** What adapters did and what they know of their sources. Lasts over restarts; several processes may have it open. */
export interface Ledger {
  record(run: Omit<RunEntry, 'times'>): void;
  /** Newest first. */
  runs(adapter: string, limit?: number): RunEntry[];
  /** Small values by key, JSON. */
  note(key: string): unknown;
  setNote(key: string, value: unknown): void;
  /** All whose key begins so. */
  notes(prefix: string): [key: string, value: unknown][];
  /** Rows of a source that were seen at an address of it (`''` where it has one). */
  rows(adapter: string, address: string): Map<string, KnownRow>;
  /** Writes what changed; undefined forgets a row. All of it or nothing. */
  changeRows(adapter: string, address: string, changes: ReadonlyMap<string, KnownRow | undefined>): void;
  close(): void;
}

export interface LedgerOptions {
  /** `:memory:` for tests. */
  readonly path: string;
  readonly clock: () => Instant;
  readonly logger?: Pick<Logger, 'error'>;
  /** Entries kept for each adapter. */
  readonly mostRuns?: number;
}

const schema = `
  CREATE TABLE IF NOT EXISTS runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT, adapter TEXT NOT NULL, at TEXT NOT NULL, ended_at TEXT NOT NULL,
    trigger TEXT NOT NULL, times INTEGER NOT NULL, report TEXT NOT NULL
  );
  CREATE INDEX IF NOT EXISTS runs_by_adapter ON runs (adapter, id);
  CREATE TABLE IF NOT EXISTS notes (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS rows (
    adapter TEXT NOT NULL, address TEXT NOT NULL, key TEXT NOT NULL, entities TEXT NOT NULL, gone TEXT,
    PRIMARY KEY (adapter, address, key)
  ) WITHOUT ROWID;
`;

/** The ledger in the data folder. */
export function ledgerFile(dataDir: string): string {
  return join(dataDir, 'adapters.db');
}

/** Opens the ledger; a damaged file is set aside and a new one begun, with a line in the log. */
export function openLedger({ path, clock, logger, mostRuns = 200 }: LedgerOptions): Ledger {
  if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true });
  let db: Database.Database;
  try {
    db = openFile(path);
  } catch (error) {
    if (!isDamage(error) || !existsSync(path)) throw error;
    const aside = setAside(path, clock());
    logger?.error({ file: path, setAside: aside }, 'the ledger of the adapters is damaged; it was set aside and a new one is begun');
    db = openFile(path);
  }
  return over(db, mostRuns);
}

function openFile(path: string): Database.Database {
  const db = new Database(path, { timeout: 5_000 });
  try {
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = NORMAL');
    db.exec(schema);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

interface RunRow {
  readonly id: number;
  readonly at: Instant;
  readonly ended_at: Instant;
  readonly trigger: Trigger;
  readonly times: number;
  readonly report: string;
}

function over(db: Database.Database, mostRuns: number): Ledger {
  const newest = db.prepare<[string, number], RunRow>('SELECT * FROM runs WHERE adapter = ? ORDER BY id DESC LIMIT ?');
  const insertRun = db.prepare('INSERT INTO runs (adapter, at, ended_at, trigger, times, report) VALUES (?, ?, ?, ?, 1, ?)');
  const again = db.prepare('UPDATE runs SET ended_at = ?, times = times + 1, report = ? WHERE id = ?');
  const prune = db.prepare(
    'DELETE FROM runs WHERE adapter = @adapter AND id <= (SELECT id FROM runs WHERE adapter = @adapter ORDER BY id DESC LIMIT 1 OFFSET @most)',
  );
  const note = db.prepare<[string], string>('SELECT value FROM notes WHERE key = ?').pluck();
  const notes = db.prepare<[string, string], { key: string; value: string }>('SELECT * FROM notes WHERE key >= ? AND key < ?');
  const setNote = db.prepare('INSERT OR REPLACE INTO notes VALUES (?, ?)');
  const rows = db.prepare<[string, string], { key: string; entities: string; gone: Instant | null }>(
    'SELECT key, entities, gone FROM rows WHERE adapter = ? AND address = ?',
  );
  const setRow = db.prepare('INSERT OR REPLACE INTO rows VALUES (?, ?, ?, ?, ?)');
  const deleteRow = db.prepare('DELETE FROM rows WHERE adapter = ? AND address = ? AND key = ?');

  const record = db.transaction(({ at, endedAt, trigger, report }: Omit<RunEntry, 'times'>) => {
    const [last] = newest.all(report.adapter, 1);
    if (last?.trigger === trigger && isRepeat(JSON.parse(last.report) as RunReport, report)) {
      again.run(endedAt, JSON.stringify(report), last.id);
      return;
    }
    insertRun.run(report.adapter, at, endedAt, trigger, JSON.stringify(report));
    prune.run({ adapter: report.adapter, most: mostRuns });
  });
  const changeRows = db.transaction((adapter: string, address: string, changes: ReadonlyMap<string, KnownRow | undefined>) => {
    for (const [key, row] of changes) {
      if (row === undefined) deleteRow.run(adapter, address, key);
      else setRow.run(adapter, address, key, JSON.stringify(row.entities), row.gone ?? null);
    }
  });

  return {
    record: (run) => void record.immediate(run),
    runs: (adapter, limit = -1) =>
      newest.all(adapter, limit).map(({ at, ended_at: endedAt, trigger, times, report }) => ({
        at,
        endedAt,
        trigger,
        times,
        report: JSON.parse(report) as RunReport,
      })),
    note: (key) => {
      const text = note.get(key);
      return text === undefined ? undefined : (JSON.parse(text) as unknown);
    },
    setNote: (key, value) => void setNote.run(key, JSON.stringify(value)),
    notes: (prefix) => notes.all(prefix, `${prefix}\uffff`).map(({ key, value }) => [key, JSON.parse(value) as unknown]),
    rows: (adapter, address) =>
      new Map(
        rows
          .all(adapter, address)
          .map(({ key, entities, gone }) => [
            key,
            { entities: JSON.parse(entities) as KnownRow['entities'], ...(gone !== null && { gone }) },
          ]),
      ),
    changeRows: (adapter, address, changes) => {
      if (changes.size > 0) changeRows.immediate(adapter, address, changes);
    },
    close: () => void db.close(),
  };
}

/** Nothing new, or the same fault as before. */
function isRepeat(before: RunReport, report: RunReport): boolean {
  return report.outcome !== 'published' && report.outcome === before.outcome && report.reason === before.reason;
}
