import { existsSync, renameSync } from 'node:fs';
import Database from 'better-sqlite3';

import type { Instant } from '../plugin.ts';
import type { OutboxFile } from './sqlite-file.ts';

export interface Salvage {
  /** Where the damaged file now lies. */
  readonly setAside: string;
  /** Rows saved from it, by table. */
  readonly saved: Readonly<Record<string, number>>;
  /** Row numbers that should hold a row but could not be read. Zero also when the file says nothing of itself any more. */
  readonly unreadable: number;
}

const numbered = { publications: 'seq', dead_letters: 'id' } as const;
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
      for (const [table, key] of Object.entries(numbered)) {
        const copied = copyNumbered(from, target.db, table, key);
        saved[table] = copied.saved;
        unreadable += copied.unreadable;
      }
      for (const table of keyed) saved[table] = copyKeyed(from, target.db, table);
      target.db.exec("UPDATE counters SET value = (SELECT count(*) FROM publications) WHERE name = 'queued'");
    })();
  } catch (error) {
    if (!isDamage(error)) throw error;
  } finally {
    source?.close();
  }
  return { setAside: aside, saved, unreadable };
}

/** Reads in runs of 256 row numbers; where a run is damaged, row by row. */
function copyNumbered(from: Database.Database, to: Database.Database, table: string, key: string) {
  const bounds = attempt(() => from.prepare(`SELECT min(${key}) AS first, max(${key}) AS last FROM ${table} NOT INDEXED`).get()) as
    { first: number | null; last: number | null } | undefined;
  const issued = attempt(() => from.prepare('SELECT seq FROM sqlite_sequence WHERE name = ?').pluck().get(table)) as number | undefined;
  const last = Math.max(bounds?.last ?? 0, issued ?? 0);
  const read = attempt(() => from.prepare(`SELECT * FROM ${table} NOT INDEXED WHERE ${key} BETWEEN ? AND ?`));
  let saved = 0;
  let unreadable = 0;
  if (read === undefined) return { saved, unreadable };
  const insert = inserter(to, table);
  for (let first = bounds?.first ?? 1; first <= last; first += 256) {
    const run = attempt(() => read.all(first, first + 255));
    for (const row of run ?? []) saved += insert(row);
    for (let one = first; run === undefined && one <= Math.min(first + 255, last); one++) {
      const rows = attempt(() => read.all(one, one));
      if (rows === undefined) unreadable++;
      for (const row of rows ?? []) saved += insert(row);
    }
  }
  return { saved, unreadable };
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
  return (row) => (isReadable(row as Record<string, unknown>) ? statement.run({ removal: 0, ...(row as object) }).changes : 0);
}

/** A page that was overwritten may give rows of noise: what should be JSON must be JSON. */
function isReadable(row: Record<string, unknown>): boolean {
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
