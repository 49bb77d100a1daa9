import Database from 'better-sqlite3';

import type { Instant } from '../plugin.ts';
import { migrate } from './schema.ts';

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

/** A segment without its lines. */
export interface SegmentRow {
  readonly first: number;
  readonly count: number;
  readonly at: Instant;
  readonly settled: number | null;
  readonly marked: number | null;
  readonly refused: number | null;
}

export type OutboxFile = ReturnType<typeof openFile>;

/**
 * A row of many publications lies on several pages: of larger ones there are fewer to write. Of a single publication they are written for
 * little, and one that is damaged costs more. A file keeps the size that it was made with.
 */
const pageBytes = 8_192;
/**
 * So long the write-ahead log may become. When it goes into the file every page goes once, however often it was written meanwhile, and
 * the thread waits for the disk.
 */
const logBytes = 64 * 1024 * 1024;
/** Pages that are held in memory. Rows are written once and seldom read: what is asked for again and again are a few pages of indexes. */
const cacheBytes = 4 * 1024 * 1024;

/** Opens the file at the newest schema version with every statement prepared. */
export function openFile(path: string, now: Instant) {
  const db = new Database(path, { timeout: 1_000 });
  try {
    db.pragma(`page_size = ${pageBytes}`);
    db.pragma('journal_mode = WAL');
    db.pragma(`cache_size = -${cacheBytes / 1024}`);
    db.pragma(`wal_autocheckpoint = ${Math.floor(logBytes / Number(db.pragma('page_size', { simple: true })))}`);
    db.pragma(`journal_size_limit = ${logBytes + logBytes / 4}`);
    migrate(db, now);
    return { db, ...statements(db) };
  } catch (error) {
    db.close();
    throw error;
  }
}

function statements(db: Database.Database) {
  return {
    begin: db.prepare('BEGIN IMMEDIATE'),
    commit: db.prepare('COMMIT'),
    rollback: db.prepare('ROLLBACK'),
    /** Changes when another connection has written. */
    version: db.prepare<[], number>('PRAGMA data_version').pluck(),
    freePages: db.prepare<[], number>('PRAGMA freelist_count').pluck(),
    pageSize: db.prepare<[], number>('PRAGMA page_size').pluck(),
    last: db.prepare<[], number>("SELECT value FROM counters WHERE name = 'last'").pluck(),
    setLast: db.prepare<[number]>("UPDATE counters SET value = ? WHERE name = 'last'"),
    insertSegment: db.prepare<[number, number, Instant, string]>('INSERT INTO segments VALUES (?, ?, ?, ?)'),
    segments: db.prepare<[number], SegmentRow>(
      'SELECT first, count, at, settled, marked, refused FROM segments LEFT JOIN settled USING (first) WHERE first > ? ORDER BY first',
    ),
    body: db.prepare<[number], string>('SELECT body FROM segments WHERE first = ?').pluck(),
    size: db.prepare<[number], number>('SELECT length(body) FROM segments WHERE first = ?').pluck(),
    setSettled: db.prepare<[number, number, number, number]>('INSERT OR REPLACE INTO settled VALUES (?, ?, ?, ?)'),
    deleteSegment: db.prepare<[number]>('DELETE FROM segments WHERE first = ?'),
    deleteSettled: db.prepare<[number]>('DELETE FROM settled WHERE first = ?'),
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
  };
}
