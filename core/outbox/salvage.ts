import { existsSync, renameSync } from 'node:fs';
import Database from 'better-sqlite3';

import type { Instant } from '../plugin.ts';
import { takeRows, type PublicationRow } from './schema.ts';
import { bitsIn, parseLine, segmentSize } from './segments.ts';
import type { OutboxFile } from './sqlite-file.ts';

export interface Salvage {
  /** Where the damaged file now lies. */
  readonly setAside: string;
  /** Rows saved from it, by table. */
  readonly saved: Readonly<Record<string, number>>;
  /** Row numbers that should hold a row but could not be read. Zero also when the file says nothing of itself any more. */
  readonly unreadable: number;
}

const keyed = ['watermarks', 'state'] as const;

/** Whether SQLite says that the file itself is damaged (not that the disk is full or away). */
export function isDamage(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB');
}

/** Whether SQLite finds the file whole. Reads all of it. */
export function isWhole(file: OutboxFile): boolean {
  try {
    return file.db.pragma('quick_check(1)', { simple: true }) === 'ok';
  } catch (error) {
    if (isDamage(error)) return false;
    throw error;
  }
}

/** Renames the damaged file with its companions. */
export function setAside(path: string, now: Instant): string {
  const aside = `${path}.damaged-${now.replace(/[:.]/g, '-')}`;
  for (const suffix of ['', '-wal', '-shm']) {
    if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
  }
  return aside;
}

/** Copies every row that can still be read from the damaged file into the new one. */
export function salvage(aside: string, target: OutboxFile): Salvage {
  const saved: Record<string, number> = {};
  let unreadable = 0;
  let source: Database.Database | undefined;
  try {
    source = new Database(aside);
    const from = source;
    target.db.transaction(() => {
      const older = copyRows(from, target);
      const newer = copySegments(from, target);
      const insert = inserter(target.db, 'dead_letters');
      saved['publications'] = older.saved + newer.saved;
      saved['dead_letters'] = 0;
      unreadable = older.unreadable + newer.unreadable;
      unreadable += readNumbered(from, 'dead_letters', 'id', (row) => (saved['dead_letters'] = (saved['dead_letters'] ?? 0) + insert(row)));
      for (const table of keyed) saved[table] = copyKeyed(from, target.db, table);
    })();
  } catch (error) {
    if (!isDamage(error)) throw error;
  } finally {
    source?.close();
  }
  return { setAside: aside, saved, unreadable };
}

/** Publications of a file before version 3. */
function copyRows(from: Database.Database, target: OutboxFile): Copied {
  let some: PublicationRow[] = [];
  let saved = 0;
  const take = (): void => {
    takeRows(target.db, some);
    saved += some.length;
    some = [];
  };
  const unreadable = readNumbered(from, 'publications', 'seq', (row) => {
    if (isReadable(row)) some.push(row as unknown as PublicationRow);
    if (some.length >= segmentSize) take();
  });
  take();
  return { saved, unreadable };
}

/** Segments as they were. Lines that make no sense any more are settled, so that the others keep their numbers. */
function copySegments(from: Database.Database, target: OutboxFile): Copied {
  const settled = new Map<unknown, Row>();
  readNumbered(from, 'settled', 'first', (row) => settled.set(row['first'], row));
  let saved = 0;
  let torn = 0;
  let last = 0;
  const unreadable = readNumbered(from, 'segments', 'first', (row) => {
    const { first, count, at, body } = row as unknown as { first: number; count: number; at: Instant; body: string };
    if (count < 1 || count > segmentSize) return;
    const { settled: bits = 0, marked = 0, refused = bits } = (settled.get(first) ?? {}) as Partial<Record<string, number>>;
    const lines = body.split('\n');
    let bad = 0;
    for (let place = 0; place < count; place++) if (parseLine(lines[place] ?? '', first) === undefined) bad |= 1 << place;
    target.insertSegment.run(first, count, at, body);
    target.setSettled.run(first, bits | bad, marked | bad, refused | bad);
    torn += bitsIn(bad & ~bits);
    saved += count - bitsIn(bits | bad);
    last = Math.max(last, first + count - 1);
  });
  target.setLast.run(Math.max(last, target.last.get() ?? 0, attempt(() => issued(from, 'segments')) ?? 0));
  return { saved, unreadable: unreadable + torn };
}

interface Copied {
  readonly saved: number;
  readonly unreadable: number;
}

type Row = Readonly<Record<string, unknown>>;

/** Gives every row that can be read, in runs of 256 numbers; where a run is damaged, number by number. Says how many could not be read. */
function readNumbered(from: Database.Database, table: string, key: string, take: (row: Row) => unknown): number {
  let unreadable = 0;
  const read = attempt(() => from.prepare<[number, number], Row>(`SELECT * FROM ${table} NOT INDEXED WHERE ${key} BETWEEN ? AND ?`));
  // By the number itself: looking for the next row would run into the damage behind a good one.
  const single = attempt(() => from.prepare<[number], Row>(`SELECT * FROM ${table} NOT INDEXED WHERE ${key} = ?`));
  if (read === undefined || single === undefined) return 0;
  const bounds = attempt(() => from.prepare(`SELECT min(${key}) AS first, max(${key}) AS last FROM ${table} NOT INDEXED`).get()) as
    { first: number | null; last: number | null } | undefined;
  const last = Math.max(bounds?.last ?? 0, attempt(() => issued(from, table)) ?? 0);
  const size = attempt(() => from.prepare<[number], number>(`SELECT count FROM ${table} WHERE ${key} = ?`).pluck());
  for (let first = bounds?.first ?? 1; first <= last; first += 256) {
    const run = attempt(() => read.all(first, first + 255));
    run?.forEach(take);
    for (let one = first; run === undefined && one <= Math.min(first + 255, last); one++) {
      const found = attempt(() => single.all(one));
      if (found === undefined) unreadable += attempt(() => size?.get(one)) ?? 1;
      else found.forEach(take);
    }
  }
  return unreadable;
}

/** The last number that was given out. */
function issued(from: Database.Database, table: string): number {
  const statement =
    table === 'segments' ? "SELECT value FROM counters WHERE name = 'last'" : `SELECT seq FROM sqlite_sequence WHERE name = '${table}'`;
  return (from.prepare(statement).pluck().get() as number | undefined) ?? 0;
}

/** Reads as far as the damage, from both ends. */
function copyKeyed(from: Database.Database, to: Database.Database, table: string): number {
  const insert = inserter(to, table);
  let saved = 0;
  for (const direction of ['ASC', 'DESC']) {
    attempt(() => {
      for (const row of from.prepare(`SELECT * FROM ${table} ORDER BY 1 ${direction}`).iterate()) saved += insert(row);
    });
  }
  return saved;
}

/** Inserts a row as it was; says 0 for one that is there already or makes no sense. */
function inserter(to: Database.Database, table: string): (row: unknown) => number {
  const columns = to.prepare(`SELECT name FROM pragma_table_info('${table}')`).pluck().all() as string[];
  const statement = to.prepare(`INSERT OR IGNORE INTO ${table} VALUES (${columns.map((column) => `@${column}`).join(', ')})`);
  return (row) => (isReadable(row as Row) ? statement.run(row).changes : 0);
}

/** A page that was overwritten may give rows of noise: what should be JSON must be JSON. */
function isReadable(row: Row): boolean {
  return ['origin', 'entity', 'rejection', 'marks', 'value'].every(
    (column) => !(column in row) || attempt(() => JSON.parse(row[column] as string) as unknown) !== undefined,
  );
}

function attempt<T>(step: () => T): T | undefined {
  try {
    return step();
  } catch (error) {
    if (isDamage(error) || error instanceof SyntaxError || (error as { code?: string }).code?.startsWith('SQLITE_')) return undefined;
    throw error;
  }
}
