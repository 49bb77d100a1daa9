import Database from 'better-sqlite3';

/** What of an entity was taken into the queue last. */
export interface Taken {
  /** Of the change at our broker, milliseconds. */
  readonly stamp: number;
  readonly digest: string;
}

export interface LedgerEntry {
  readonly id: string;
  readonly type: string;
  /** Left out: values were taken, but no state that others are compared with. */
  readonly taken?: Taken | undefined;
  readonly keys: readonly string[];
  /** The entity was deleted, at the moment of `taken`. */
  readonly gone?: boolean;
}

/**
 * What was taken into a partner's queue, so that the same is not taken twice. Before the queue it is written that a state comes, after it that the
 * state is there: what was neither delivered nor told in between is taken once more, nothing is left out, and nothing older goes after it.
 */
export interface Ledger {
  get(id: string): Taken | undefined;
  /** Whether a value was taken already (`history: full`). */
  has(key: string): boolean;
  /** States that are about to be taken. If that is not known to have happened, the same states are not taken for repeated. */
  announce(entries: readonly LedgerEntry[]): void;
  /** They were announced and are on disk now. */
  put(entries: readonly LedgerEntry[]): void;
  /** When an entity was deleted, milliseconds at our broker; 0: not known to be, or long ago, or there again. */
  goneAt(id: string): number;
  /** Ids of a type that were shared and are not known to be deleted. */
  ids(type: string): string[];
  /** Forgets values and deletions that were taken before that moment of our own clock. */
  prune(beforeMs: number): void;
  close(): void;
}

export function openLedger(path: string, now: () => number = Date.now): Ledger {
  const db = new Database(path, { timeout: 5_000 });
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = NORMAL');
  db.exec(`CREATE TABLE IF NOT EXISTS shared (id TEXT PRIMARY KEY, type TEXT NOT NULL, stamp INTEGER NOT NULL, digest TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS values_taken (key TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS gone (id TEXT PRIMARY KEY, stamp INTEGER NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;`);
  const sql = {
    get: db.prepare<[string], Taken>('SELECT stamp, digest FROM shared WHERE id = ?'),
    /** Nothing where a later state was announced meanwhile. */
    put: db.prepare<[string, string, number]>('UPDATE shared SET digest = ? WHERE id = ? AND stamp = ?'),
    announce: db.prepare<[string, string, number]>("INSERT OR REPLACE INTO shared VALUES (?, ?, ?, '')"),
    forget: db.prepare<[string, number]>('DELETE FROM shared WHERE id = ? AND stamp = ?'),
    goneAt: db.prepare<[string], number>('SELECT stamp FROM gone WHERE id = ?').pluck(),
    bury: db.prepare<[string, number, number]>('INSERT OR REPLACE INTO gone VALUES (?, ?, ?)'),
    raise: db.prepare<[string]>('DELETE FROM gone WHERE id = ?'),
    ids: db.prepare<[string], string>('SELECT id FROM shared WHERE type = ?').pluck(),
    has: db.prepare<[string], number>('SELECT 1 FROM values_taken WHERE key = ?').pluck(),
    take: db.prepare<[string, number]>('INSERT OR IGNORE INTO values_taken VALUES (?, ?)'),
    prune: db.prepare<[number]>('DELETE FROM values_taken WHERE at < ?'),
    pruneGone: db.prepare<[number]>('DELETE FROM gone WHERE at < ?'),
  };
  const put: Ledger['put'] = db.transaction((entries: readonly LedgerEntry[]) => {
    const at = now();
    for (const { id, taken, keys, gone } of entries) {
      if (taken !== undefined && gone === true) {
        sql.forget.run(id, taken.stamp);
        sql.bury.run(id, taken.stamp, at);
      } else if (taken !== undefined) {
        sql.put.run(taken.digest, id, taken.stamp);
        sql.raise.run(id);
      }
      for (const key of keys) sql.take.run(key, at);
    }
  });
  const announce: Ledger['announce'] = db.transaction((entries: readonly LedgerEntry[]) => {
    for (const { id, type, taken } of entries) if (taken !== undefined) sql.announce.run(id, type, taken.stamp);
  });
  return {
    get: (id) => sql.get.get(id),
    has: (key) => sql.has.get(key) !== undefined,
    put,
    announce,
    goneAt: (id) => sql.goneAt.get(id) ?? 0,
    ids: (type) => sql.ids.all(type),
    prune(beforeMs) {
      sql.prune.run(beforeMs);
      sql.pruneGone.run(beforeMs);
    },
    close: () => void db.close(),
  };
}
