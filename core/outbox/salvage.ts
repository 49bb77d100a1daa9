import { existsSync, renameSync } from 'node:fs';
import Database from 'better-sqlite3';

import type { Instant } from '../plugin.ts';
import { attempt, isDamage, readNumbered, type Copied, type Row } from './damaged.ts';
import { copySegments } from './salvage-segments.ts';
import { takeRows, type PublicationRow } from './schema.ts';
import { segmentSize } from './segments.ts';
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
