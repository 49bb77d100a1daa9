import Database from 'better-sqlite3';

import type { Instant } from '../plugin.ts';
import { shards } from './hash.ts';
import { migrate } from './schema.ts';

/** A row of `publications` as it lies in the file. */
export interface PublicationRow {
  readonly seq: number;
  readonly origin: string;
  readonly entity: string;
  readonly removal: 0 | 1;
}

/** A dead letter as it lies in the file. */
export interface DeadLetterRow {
  readonly id: number;
  readonly at: Instant;
  readonly plugin: string;
  readonly origin: string;
  readonly code: string;
  readonly rejection: string;
  readonly raw: Buffer;
  readonly replayed_at: Instant | null;
}

interface PeekRange {
  readonly after: number;
  readonly limit: number;
}

export type PeekStatement = Database.Statement<[PeekRange], PublicationRow>;

export type OutboxFile = ReturnType<typeof openFile>;

/** Opens the file at the newest schema version with every statement prepared. */
export function openFile(path: string, now: Instant) {
  const db = new Database(path, { timeout: 1_000 });
  try {
    db.pragma('journal_mode = WAL');
    db.pragma('wal_autocheckpoint = 1000');
    db.pragma('journal_size_limit = 8388608');
    migrate(db, now);
    return { db, ...statements(db) };
  } catch (error) {
    db.close();
    throw error;
  }
}

function statements(db: Database.Database) {
  return {
    insertPublication: db.prepare<[number, string, string, string, 0 | 1]>(
      'INSERT INTO publications (shard, at, origin, entity, removal) VALUES (?, ?, ?, ?, ?)',
    ),
    deletePublication: db.prepare<[number]>('DELETE FROM publications WHERE seq = ?'),
    oldest: db.prepare<[], string>('SELECT at FROM publications ORDER BY seq LIMIT 1').pluck(),
    insertLetter: db.prepare<[string, string, string, string, string, Uint8Array]>(
      'INSERT INTO dead_letters (at, plugin, origin, code, rejection, raw) VALUES (?, ?, ?, ?, ?, ?)',
    ),
    letter: db.prepare<[number], DeadLetterRow>('SELECT * FROM dead_letters WHERE id = ?'),
    letters: db.prepare<[{ code: string | null; plugin: string | null; limit: number; replayed: number }], DeadLetterRow>(
      `SELECT * FROM dead_letters WHERE (@code IS NULL OR code = @code) AND (@plugin IS NULL OR plugin = @plugin)
       AND (@replayed = 1 OR replayed_at IS NULL) ORDER BY id LIMIT @limit`,
    ),
    markReplayed: db.prepare<[Instant, number]>('UPDATE dead_letters SET replayed_at = ? WHERE id = ?'),
    countLetters: db.prepare<[], number>('SELECT count(*) FROM dead_letters WHERE replayed_at IS NULL').pluck(),
    marks: db.prepare<[string], string>('SELECT marks FROM watermarks WHERE id = ?').pluck(),
    forgetMarks: db.prepare<[string]>('DELETE FROM watermarks WHERE id = ?'),
    setMarks: db.prepare<[string, string]>('INSERT OR REPLACE INTO watermarks VALUES (?, ?)'),
    getState: db.prepare<[string], string>('SELECT value FROM state WHERE key = ?').pluck(),
    setState: db.prepare<[string, string]>('INSERT OR REPLACE INTO state VALUES (?, ?)'),
    queued: db.prepare<[], number>("SELECT value FROM counters WHERE name = 'queued'").pluck(),
    addQueued: db.prepare<[number]>("UPDATE counters SET value = value + ? WHERE name = 'queued'"),
  };
}

/** The oldest publications of several shards: each shard's by its index, then the oldest of those. */
export function preparePeek(db: Database.Database, lane: number, lanes: number): PeekStatement {
  const branches: string[] = [];
  for (let shard = lane; shard < shards; shard += lanes) {
    branches.push(`SELECT * FROM (SELECT seq FROM publications WHERE shard = ${shard} AND seq > @after ORDER BY seq LIMIT @limit)`);
  }
  return db.prepare<[PeekRange], PublicationRow>(
    `SELECT seq, origin, entity, removal FROM publications WHERE seq IN (SELECT seq FROM (${branches.join(' UNION ALL ')}) ORDER BY seq LIMIT @limit) ORDER BY seq`,
  );
}
