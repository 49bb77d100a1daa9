import Database from 'better-sqlite3';

import { ConfigError } from '../errors.ts';
import type { Instant } from '../plugin.ts';
import { segmentSize } from './segments.ts';

/** Each entry takes the file one version further; an entry that was released is never changed. */
const migrations: readonly (string | ((db: Database.Database) => void))[] = [
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
  (db) => {
    db.exec(
      `CREATE TABLE segments (first INTEGER PRIMARY KEY, count INTEGER NOT NULL, at TEXT NOT NULL, body TEXT NOT NULL);
       CREATE TABLE settled (first INTEGER PRIMARY KEY, settled INTEGER NOT NULL, marked INTEGER NOT NULL);
       INSERT INTO counters VALUES ('last', 0);`,
    );
    const some = db.prepare<[number], PublicationRow & { readonly seq: number }>(
      'SELECT seq, at, origin, entity, removal FROM publications WHERE seq > ? ORDER BY seq LIMIT 3200',
    );
    for (let rows = some.all(0); rows.length > 0; rows = some.all(rows.at(-1)?.seq ?? Infinity)) takeRows(db, rows);
    db.exec("DROP TABLE publications; DELETE FROM counters WHERE name = 'queued';");
  },
  // Of what older versions settled it is not known whether the broker took it.
  'ALTER TABLE settled ADD COLUMN refused INTEGER NOT NULL DEFAULT 0; UPDATE settled SET refused = settled;',
];

/** A row as files before version 3 have it: one for each publication. */
export interface PublicationRow {
  readonly at: Instant;
  readonly origin: string;
  readonly entity: string;
  readonly removal?: number;
}

/** Appends rows of an older file as segments. */
export function takeRows(db: Database.Database, rows: readonly PublicationRow[]): void {
  const insert = db.prepare('INSERT INTO segments VALUES (?, ?, ?, ?)');
  let last = db.prepare("SELECT value FROM counters WHERE name = 'last'").pluck().get() as number;
  for (let from = 0; from < rows.length; from += segmentSize) {
    const part = rows.slice(from, from + segmentSize);
    const lines = part.map(({ origin, entity, removal }) => `${removal === 1 ? '-' : '+'}${origin}\t${entity}`);
    insert.run(last + 1, lines.length, part[0]?.at, lines.join('\n'));
    last += lines.length;
  }
  db.prepare("UPDATE counters SET value = ? WHERE name = 'last'").run(last);
}

/** Each version leaves a row. */
interface Applied {
  readonly version: number;
  readonly rows: number;
}

/** The schema version that this Klavže writes. */
export const newestSchema = migrations.length;

/** Brings the file to the newest version. @throws {ConfigError} when a newer Klavže wrote it: starting again would not help. */
export function migrate(db: Database.Database, now: Instant): void {
  db.exec('CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY, applied_at TEXT NOT NULL)');
  const apply = db.transaction(() => {
    const { version, rows } = db.prepare('SELECT coalesce(max(version), 0) AS version, count(*) AS rows FROM migrations').get() as Applied;
    if (version !== rows) throw new Database.SqliteError(`${db.name}: its list of versions makes no sense`, 'SQLITE_CORRUPT');
    if (version > migrations.length) {
      throw new ConfigError(
        `${db.name} was written by a newer Klavže (form ${version}, this one reads up to ${migrations.length}): install the newer one again, ` +
          'or restore the backup that was made before the upgrade (docs/operate.md#going-back)',
      );
    }
    for (const [index, step] of migrations.entries()) {
      if (index < version) continue;
      if (typeof step === 'string') db.exec(step);
      else step(db);
      db.prepare('INSERT INTO migrations VALUES (?, ?)').run(index + 1, now);
    }
  });
  apply.immediate();
}
