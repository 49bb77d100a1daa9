import Database from 'better-sqlite3';

/** What of an entity was taken into the queue last. */
export interface Taken {
  /** Of the change at our broker, milliseconds. */
  readonly stamp: number;
  readonly digest: string;
}

/**
 * What was taken into a partner's queue, so that the same is not taken twice. It is written after the queue: what is lost of it in a power
 * failure is taken once more, nothing is left out.
 */
export interface Ledger {
  get(id: string): Taken | undefined;
  /** Whether a value was taken already (`history: full`). */
  has(key: string): boolean;
  /** `gone`: the entity was deleted. */
  put(
    entries: readonly {
      readonly id: string;
      readonly type: string;
      readonly taken: Taken;
      readonly keys: readonly string[];
      readonly gone?: boolean;
    }[],
  ): void;
  /** Ids of a type that were shared and are not known to be deleted. */
  ids(type: string): string[];
  /** Forgets values that were taken before that moment. */
  prune(beforeMs: number): void;
  close(): void;
}

export function openLedger(path: string, now: () => number = Date.now): Ledger {
  const db = new Database(path, { timeout: 5_000 });
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = NORMAL');
  db.exec(`CREATE TABLE IF NOT EXISTS shared (id TEXT PRIMARY KEY, type TEXT NOT NULL, stamp INTEGER NOT NULL, digest TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS values_taken (key TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;`);
  const sql = {
    get: db.prepare<[string], Taken>('SELECT stamp, digest FROM shared WHERE id = ?'),
    put: db.prepare<[string, string, number, string]>('INSERT OR REPLACE INTO shared VALUES (?, ?, ?, ?)'),
    forget: db.prepare<[string]>('DELETE FROM shared WHERE id = ?'),
    ids: db.prepare<[string], string>('SELECT id FROM shared WHERE type = ?').pluck(),
    has: db.prepare<[string], number>('SELECT 1 FROM values_taken WHERE key = ?').pluck(),
    take: db.prepare<[string, number]>('INSERT OR IGNORE INTO values_taken VALUES (?, ?)'),
    prune: db.prepare<[number]>('DELETE FROM values_taken WHERE at < ?'),
  };
  const put: Ledger['put'] = db.transaction((entries: Parameters<Ledger['put']>[0]) => {
    const at = now();
    for (const { id, type, taken, keys, gone } of entries) {
      if (gone === true) sql.forget.run(id);
      else sql.put.run(id, type, taken.stamp, taken.digest);
      for (const key of keys) sql.take.run(key, at);
    }
  });
  return {
    get: (id) => sql.get.get(id),
    has: (key) => sql.has.get(key) !== undefined,
    put,
    ids: (type) => sql.ids.all(type),
    prune: (beforeMs) => void sql.prune.run(beforeMs),
    close: () => void db.close(),
  };
}
