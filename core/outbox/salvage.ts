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
  /** Publications that waited and dead letters that could not be read. Zero also when the file says nothing of itself any more. */
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
  const found: Range[] = [];
  const failed = readRanges(from, 'segments', 'first', (row) => {
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
    found.push({ from: first, to: first + count - 1 });
  });
  const last = Math.max(found.at(-1)?.to ?? 0, target.last.get() ?? 0, attempt(() => issued(from, 'segments')) ?? 0);
  target.setLast.run(last);
  let unreadable = torn;
  for (const range of failed) {
    const lost = publicationsIn(range, found, last);
    unreadable += lost.to - lost.from + 1;
    for (const [first, row] of settled) {
      if ((first as number) >= lost.from && (first as number) <= lost.to) unreadable -= bitsIn(row['settled'] as number);
    }
  }
  return { saved, unreadable };
}

/** Numbers from … to, both of them. */
interface Range {
  from: number;
  to: number;
}

/** A segment is looked up by its first number; those after it belong to it as far as the next one. */
function publicationsIn({ from, to }: Range, found: readonly Range[], last: number): Range {
  const before = found.findLast((range) => range.from < from)?.to ?? 0;
  const next = found.find((range) => range.from > to)?.from ?? Infinity;
  return { from: Math.max(from, before + 1), to: Math.min(to + segmentSize - 1, next - 1, last) };
}

interface Copied {
  readonly saved: number;
  readonly unreadable: number;
}

type Row = Readonly<Record<string, unknown>>;

/** Gives every row that can be read; says how many numbers could not be. */
function readNumbered(from: Database.Database, table: string, key: string, take: (row: Row) => unknown): number {
  return readRanges(from, table, key, take).reduce((sum, range) => sum + range.to - range.from + 1, 0);
}

/** The same, in runs of 256 numbers; where a run is damaged, number by number. Gives the numbers that could not be looked up. */
function readRanges(from: Database.Database, table: string, key: string, take: (row: Row) => unknown): Range[] {
  const read = attempt(() => from.prepare<[number, number], Row>(`SELECT * FROM ${table} NOT INDEXED WHERE ${key} BETWEEN ? AND ?`));
  // By the number itself: looking for the next row would run into the damage behind a good one.
  const single = attempt(() => from.prepare<[number], Row>(`SELECT * FROM ${table} NOT INDEXED WHERE ${key} = ?`));
  if (read === undefined || single === undefined) return [];
  const boundOf = (side: 'min' | 'max') =>
    attempt(() => from.prepare<[], number | null>(`SELECT ${side}(${key}) FROM ${table} NOT INDEXED`).pluck().get() ?? 0);
  const last = Math.max(boundOf('max') ?? 0, attempt(() => issued(from, table)) ?? 0);
  const known = boundOf('min');
  const first = known ?? firstGuess(last, (one) => attempt(() => single.all(one)) !== undefined);
  const failed: Range[] = [];
  for (let start = first; start <= last; start += 256) {
    const run = attempt(() => read.all(start, start + 255));
    run?.forEach(take);
    for (let one = start; run === undefined && one <= Math.min(start + 255, last); one++) {
      const rows = attempt(() => single.all(one));
      const before = failed.at(-1);
      if (rows !== undefined) rows.forEach(take);
      else if (before?.to === one - 1) before.to = one;
      else failed.push({ from: one, to: one });
    }
  }
  const [lowest] = failed;
  if (known === undefined && lowest !== undefined && lowest.to < last) lowest.from = Math.max(lowest.from, lowest.to - onePage + 1);
  return failed;
}

/** Numbers before the first good one that are looked at one by one, and how many of them a page holds at most. */
const lookBack = 200_000;
const onePage = 256;

/**
 * Where the page with the lowest numbers is damaged they are not known, and there may be millions that went long ago: begins not too far
 * before the first number that can be looked up.
 */
function firstGuess(last: number, isReadable: (one: number) => boolean): number {
  let [bad, good] = [0, last + 1];
  while (good - bad > 1) {
    const middle = Math.floor((bad + good) / 2);
    if (isReadable(middle)) good = middle;
    else bad = middle;
  }
  return Math.max(1, good - lookBack);
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
