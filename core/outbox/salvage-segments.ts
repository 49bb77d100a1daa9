import type Database from 'better-sqlite3';

import { attempt, lastOf, onePage, readNumbered, readRanges, type Copied, type Range, type Row } from './damaged.ts';
import { placeOf, type Numbered } from './numbered.ts';
import { bitsIn, isSegment, parseRow, segmentSize } from './segments.ts';
import type { OutboxFile } from './sqlite-file.ts';

interface Bits {
  readonly settled: number;
  readonly marked: number;
  readonly refused: number;
}
const noBits: Bits = { settled: 0, marked: 0, refused: 0 };

/**
 * Segments as they were. Lines that make no sense any more are settled, so that the others keep their numbers. They are looked up by number;
 * where a row of noise stands between them, which hides others from that search, all rows are gone through in the order in which they lie.
 */
export function copySegments(from: Database.Database, target: OutboxFile): Copied {
  const settled = new Map<number, Bits>();
  readNumbered(from, 'settled', 'first', (row) => {
    if (areBits(row)) settled.set(row.first, row);
  });
  const given = lastOf(from, 'segments', 'first') ?? Infinity;
  let saved = 0;
  let torn = 0;
  const found: Numbered[] = [];
  const copy = (row: Row): void => {
    if (!isSegment(row) || row.first > given) return;
    const { first, count, at, body } = row;
    const place = placeOf(found, first);
    if ((found[place]?.first ?? Infinity) < first + count) return;
    const { settled: bits, marked, refused } = settled.get(first) ?? noBits;
    let bad = 0;
    for (const [line, one] of parseRow(body, row).entries()) if (one === undefined) bad |= 1 << line;
    target.insertSegment.run(first, count, at, body);
    target.setSettled.run(first, bits | bad, marked | bad, refused | bad);
    torn += bitsIn(bad & ~bits);
    saved += count - bitsIn(bits | bad);
    found.splice(place, 0, { first, count });
  };
  const failed = readRanges(from, 'segments', 'first', copy);
  const { hidden, end } = copyHidden(from, given, copy);
  const last = Math.max(end, target.last.get() ?? 0, Number.isFinite(given) ? given : 0);
  target.setLast.run(last);
  let unreadable = torn;
  const lost = merged(failed.map((range) => publicationsIn(range, found, last)));
  const missing = hidden.flatMap(({ from: first, to }) => missingIn({ from: Math.max(1, first), to: Math.min(to, last) }, found, lost));
  for (const range of merged([...lost, ...missing])) {
    unreadable += range.to - range.from + 1;
    for (const [first, bits] of settled) unreadable -= settledIn(range, first, bits.settled);
  }
  return { saved, unreadable };
}

/**
 * Goes through all rows in the order in which they lie, from one end, and from the other when damage ends the way. Most files hold no noise
 * and are not read again. Gives the numbers among which something is hidden, and the last number that is seen.
 */
function copyHidden(from: Database.Database, given: number, copy: (row: Row) => void) {
  const hidden: Range[] = [];
  let end = 0;
  const rows = (columns: string, order: string) =>
    from.prepare<[], Row>(`SELECT ${columns} FROM segments NOT INDEXED ORDER BY first ${order}`).iterate();
  /** The last good row on the way; undefined when the way came to its end. */
  const walk = (order: 'ASC' | 'DESC'): number | undefined => {
    let before = order === 'ASC' ? 0 : given;
    let isNoise = false;
    const isWhole = attempt(() => {
      for (const row of rows("first, count, at, '' AS body", order)) {
        if (!isSegment(row) || row.first > given || row.first > before !== (order === 'ASC')) {
          isNoise = true;
          continue;
        }
        if (isNoise) hidden.push({ from: Math.min(before, row.first), to: Math.max(before, row.first) });
        isNoise = false;
        before = row.first;
        end = Math.max(end, endOf(row));
      }
      return true;
    });
    if (isNoise) hidden.push(order === 'ASC' ? { from: before, to: given } : { from: 1, to: before });
    if (isWhole === true && hidden.length === 0) return undefined;
    // A row may be there whose lines cannot be read.
    let read = order === 'ASC' ? 0 : given;
    const isRead = attempt(() => {
      for (const row of rows('*', order)) {
        copy(row);
        if (isSegment(row)) read = row.first;
      }
      return true;
    });
    if (isWhole === true && isRead === true) return undefined;
    if (isRead === true) return before;
    return order === 'ASC' ? Math.min(before, read) : Math.max(before, read);
  };
  const broken = walk('ASC');
  if (broken !== undefined) {
    const next = walk('DESC') ?? given;
    // Of a damaged first page it is not known where its numbers begin.
    hidden.push({ from: broken === 0 ? next - onePage : broken, to: next });
  }
  return { hidden, end };
}

/** The numbers that were neither found nor failed. */
function missingIn(range: Range, found: readonly Numbered[], failed: readonly Range[]): Range[] {
  const covered = merged([...found.map((one) => ({ from: one.first, to: endOf(one) })), ...failed]);
  const missing: Range[] = [];
  let next = range.from;
  for (const { from, to } of covered) {
    if (from > next) missing.push({ from: next, to: Math.min(from - 1, range.to) });
    next = Math.max(next, to + 1);
  }
  return [...missing, { from: next, to: range.to }].filter(({ from, to }) => from <= to);
}

/** The number of its last publication. */
function endOf(one: Numbered | undefined): number {
  return one === undefined ? 0 : one.first + one.count - 1;
}

/** A segment is looked up by its first number; those after it belong to it as far as the next one. */
function publicationsIn({ from, to }: Range, found: readonly Numbered[], last: number): Range {
  const place = placeOf(found, from);
  const before = endOf((found[place]?.first ?? Infinity) < from ? found[place] : found[place - 1]);
  const next = found.find(({ first }) => first > to)?.first ?? Infinity;
  return { from: Math.max(from, before + 1), to: Math.min(to + segmentSize - 1, next - 1, last) };
}

/** Ranges in order, those that overlap as one. */
function merged(ranges: readonly Range[]): readonly Range[] {
  const whole: Range[] = [];
  for (const { from, to } of ranges.toSorted((one, other) => one.from - other.from)) {
    const before = whole.at(-1);
    if (before !== undefined && from <= before.to) before.to = Math.max(before.to, to);
    else if (to >= from) whole.push({ from, to });
  }
  return whole;
}

/** How many publications of a segment that are settled have numbers within a range. */
function settledIn({ from, to }: Range, first: number, settled: number): number {
  if (first > to || first + segmentSize <= from) return 0;
  let within = 0;
  for (let place = Math.max(0, from - first); place < segmentSize && first + place <= to; place++) within += (settled >>> place) & 1;
  return within;
}

/** Noise must not say of a publication that it is settled. */
function areBits(row: Row): row is Row & Bits & { readonly first: number } {
  const { first, settled, marked, refused = settled } = row as Readonly<Record<string, unknown>>;
  if (!Number.isSafeInteger(first)) return false;
  if (![settled, marked, refused].every((bits) => Number.isInteger(bits) && Math.abs(bits as number) <= 0xffffffff)) return false;
  return (((marked as number) | (refused as number)) & ~(settled as number)) === 0;
}
