import type Database from 'better-sqlite3';

/** Whether SQLite says that the file itself is damaged (not that the disk is full or away). */
export function isDamage(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB');
}

/** What was copied out of a table, and how much of it could not be. */
export interface Copied {
  readonly saved: number;
  readonly unreadable: number;
}

/** Numbers from … to, both of them. */
export interface Range {
  from: number;
  to: number;
}

export type Row = Readonly<Record<string, unknown>>;

/** Gives every row that can be read; says how many numbers could not be. */
export function readNumbered(from: Database.Database, table: string, key: string, take: (row: Row) => unknown): number {
  return readRanges(from, table, key, take).reduce((sum, range) => sum + range.to - range.from + 1, 0);
}

/** The same, in runs of 256 numbers; where a run is damaged, number by number. Gives the numbers that could not be looked up. */
export function readRanges(from: Database.Database, table: string, key: string, take: (row: Row) => unknown): Range[] {
  const read = attempt(() => from.prepare<[number, number], Row>(`SELECT * FROM ${table} NOT INDEXED WHERE ${key} BETWEEN ? AND ?`));
  // By the number itself: looking for the next row would run into the damage behind a good one.
  const single = attempt(() => from.prepare<[number], Row>(`SELECT * FROM ${table} NOT INDEXED WHERE ${key} = ?`));
  if (read === undefined || single === undefined) return [];
  const bounds = boundsOf(from, table, key);
  const { lowest } = bounds;
  if (lowest === null && bounds.highest === null) return [];
  const last = lastOf(from, table, key, bounds) ?? 0;
  const first = lowest ?? firstGuess(last, (one) => attempt(() => single.all(one)) !== undefined);
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
  const [guessed] = failed;
  if (lowest === undefined && guessed !== undefined && guessed.to < last) guessed.from = Math.max(guessed.from, guessed.to - onePage + 1);
  return failed;
}

/** Numbers before the first good one that are looked at one by one. */
const lookBack = 200_000;
/** How many numbers a page holds, about. */
export const onePage = 256;

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

/** Null where the table is empty, undefined where it cannot be said. */
function boundsOf(from: Database.Database, table: string, key: string) {
  const of = (side: 'min' | 'max') =>
    attempt(() => from.prepare<[], number | null>(`SELECT ${side}(${key}) FROM ${table} NOT INDEXED`).pluck().get() ?? null);
  return { lowest: of('min'), highest: of('max') };
}

/**
 * The last number that was given out, or that of the last row; undefined where neither can be read. A number of noise may be as large as it
 * likes, and nobody has the time to count up to it: of two that are far from each other the larger one is noise, but where the rows begin
 * beyond the smaller one.
 */
export function lastOf(from: Database.Database, table: string, key: string, bounds = boundsOf(from, table, key)): number | undefined {
  const { lowest, highest } = bounds;
  const given = attempt(() => from.prepare<[], unknown>(givenBy(table)).pluck().get());
  if (!Number.isSafeInteger(given)) return highest ?? undefined;
  if (typeof highest !== 'number' || (lowest ?? 0) > (given as number)) return highest ?? (given as number);
  return Math.abs(highest - (given as number)) > lookBack ? Math.min(highest, given as number) : Math.max(highest, given as number);
}

function givenBy(table: string): string {
  if (table === 'segments' || table === 'settled') return "SELECT value FROM counters WHERE name = 'last'";
  return `SELECT seq FROM sqlite_sequence WHERE name = '${table}'`;
}

/** Undefined where the file is damaged or what is read makes no sense. */
export function attempt<T>(step: () => T): T | undefined {
  try {
    return step();
  } catch (error) {
    if (isDamage(error) || error instanceof SyntaxError || (error as { code?: string }).code?.startsWith('SQLITE_')) return undefined;
    throw error;
  }
}
