import type Database from 'better-sqlite3';

import { FatalError } from '../errors.ts';
import type { Instant } from '../plugin.ts';

/** Each entry takes the file one version further; an entry that was released is never changed. */
const migrations: readonly string[] = [
  `CREATE TABLE publications (
     seq INTEGER PRIMARY KEY AUTOINCREMENT,
     shard INTEGER NOT NULL,
     at TEXT NOT NULL,
     origin TEXT NOT NULL,
     entity TEXT NOT NULL
   );
   CREATE INDEX publications_by_shard ON publications (shard);
   CREATE TABLE dead_letters (
     id INTEGER PRIMARY KEY AUTOINCREMENT,
     at TEXT NOT NULL,
     plugin TEXT NOT NULL,
     origin TEXT NOT NULL,
     code TEXT NOT NULL,
     rejection TEXT NOT NULL,
     raw BLOB NOT NULL,
     replayed_at TEXT
   );
   CREATE INDEX dead_letters_open ON dead_letters (code, plugin) WHERE replayed_at IS NULL;
   CREATE TABLE watermarks (id TEXT PRIMARY KEY, marks TEXT NOT NULL) WITHOUT ROWID;
   CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
   CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
   INSERT INTO counters VALUES ('queued', 0);`,
  'ALTER TABLE publications ADD COLUMN removal INTEGER NOT NULL DEFAULT 0;',
];

/** Brings the file to the newest version. @throws {FatalError} when a newer Klavže wrote it. */
export function migrate(db: Database.Database, now: Instant): void {
  db.exec('CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY, applied_at TEXT NOT NULL)');
  const apply = db.transaction(() => {
    const version = db.prepare('SELECT coalesce(max(version), 0) FROM migrations').pluck().get() as number;
    if (version > migrations.length) {
      throw new FatalError(
        `${db.name} was written by a newer Klavže (schema ${version}, this one knows ${migrations.length}); update Klavže`,
      );
    }
    for (const [index, sql] of migrations.entries()) {
      if (index < version) continue;
      db.exec(sql);
      db.prepare('INSERT INTO migrations VALUES (?, ?)').run(index + 1, now);
    }
  });
  apply.immediate();
}
