import type { Logger } from 'pino';

import { mayHeal } from './disk.ts';
import type { MarkBook } from './mark-book.ts';
import type { Queued, Settlement } from './outbox.ts';
import { KeptSegments } from './kept.ts';
import { isDone, parseRow, type Segment, type SegmentIndex } from './segments.ts';
import type { SqliteStore } from './sqlite-store.ts';
import { keyOf } from './watermarks.ts';

export interface FollowUpOptions {
  readonly store: SqliteStore;
  readonly marks: MarkBook;
  /** Whether the disk has room for rows that are only remembered. */
  hasRoom(): boolean;
  index(): SegmentIndex;
  readonly logger: Logger;
}

/**
 * Brings into the file what the broker has taken. Which publications are settled goes along with the next commit, or by itself after
 * `restMs`; watermarks are written every `sweepMs`, and only then the rows may go whose publications they follow from. So whatever the
 * moment at which the process ends, the file says of each publication either that it waits or that its watermark holds. The newest rows of
 * which everything is settled stay for a while: by them a state that comes again after a crash is known.
 */
export interface FollowUp {
  settled(accepted: readonly Queued[], refused: Settlement['refused']): void;
  /** Within the transaction that writes their dead letters: what was refused is settled. `settled` must follow. */
  writeRefused(settlement: Settlement): void;
  /** Within a transaction: what is to be written. */
  write(): void;
  /** That transaction has come through. */
  written(): void;
  /** Whether the broker has taken the very same state lately. */
  wasTaken(queued: Queued): boolean;
  /** The disk is full: the oldest rows that are only remembered go. */
  forgetKept(): void;
  /** A segment read at start: the watermarks of what was settled of it may not be written yet. */
  recover(segment: Segment): void;
  clear(): void;
  close(): void;
}

const restMs = 20;
const sweepMs = 500;
const mostDone = 4_000;
/** Rows that are removed in one transaction when a larger one did not find its place on the disk. */
const mostAtOnce = 64;

export function createFollowUp({ store, marks, index, hasRoom, logger }: FollowUpOptions): FollowUp {
  const changed = new Set<Segment>();
  const done = new Set<Segment>();
  /** Settled in part, with watermarks that are not written yet. */
  const partial = new Set<Segment>();
  let kept = new KeptSegments(entriesOf);
  let leaving = 0;
  let keeping = true;
  let sweeping = false;
  let lastSweep = 0;
  let timer: NodeJS.Timeout | undefined;
  let failed = false;
  let emptied: Segment[] = [];

  function entriesOf(segment: Segment): readonly (Queued | undefined)[] {
    return segment.entries ?? parseRow(store.onFile(() => store.file.body.get(segment.first)) ?? '', segment);
  }

  /** The segment of a publication that was not settled before. */
  function settle(seq: number): Segment | undefined {
    const segment = index().find(seq);
    if (segment === undefined) return undefined;
    const bit = 1 << (seq - segment.first);
    if ((segment.settled & bit) !== 0) return undefined;
    segment.settled |= bit;
    index().waiting--;
    changed.add(segment);
    kept.touched(segment);
    return segment;
  }

  function mark(queued: Queued): void {
    if (queued.removal === true) marks.removed(keyOf(queued));
    else marks.accepted(queued);
  }

  function due(): boolean {
    return performance.now() - lastSweep >= sweepMs || done.size >= mostDone;
  }

  function write(): void {
    emptied = failed ? [...kept.all(), ...doneNow()].slice(0, mostAtOnce) : [];
    sweeping = emptied.length > 0 || ((marks.hasChanges || done.size > 0) && due());
    const { file } = store;
    if (sweeping) {
      for (const [id, text] of marks.changes()) {
        if (text === undefined) file.forgetMarks.run(id);
        else file.setMarks.run(id, text);
      }
    }
    if (emptied.length > 0) {
      for (const { first } of emptied) remove(first);
      return;
    }
    if (sweeping) {
      for (const { first, settled, refused } of done) file.setSettled.run(first, settled, settled, refused);
      for (const { first, settled, refused } of partial) file.setSettled.run(first, settled, settled, refused);
    }
    for (const { first, settled, marked, refused } of changed) file.setSettled.run(first, settled, sweeping ? settled : marked, refused);
    if (!sweeping) return;
    const now = doneNow();
    keeping = hasRoom();
    const leave = keeping ? kept.excess(now) : [...kept.all(), ...now];
    for (const { first } of leave) remove(first);
    leaving = keeping ? leave.length : kept.all().length;
  }

  function remove(first: number): void {
    store.file.deleteSegment.run(first);
    store.file.deleteSettled.run(first);
  }

  /** All of which everything is settled and not yet written. */
  function doneNow(): Segment[] {
    return [...done, ...[...changed].filter((segment) => isDone(segment))];
  }

  /** The disk was full: rows went, as few at a time as it takes, and the rest is written by and by. */
  function emptiedSome(): void {
    for (const set of [changed, done, partial]) for (const segment of emptied) set.delete(segment);
    for (const segment of emptied) kept.forget(segment);
    kept.drop(Math.min(kept.all().length, emptied.length));
    index().drop(new Set(emptied));
    marks.written();
  }

  function written(): void {
    if (emptied.length > 0) {
      emptiedSome();
      return;
    }
    const gone = new Set(sweeping ? doneNow() : []);
    for (const segment of changed) {
      partial.delete(segment);
      if (sweeping) segment.marked = segment.settled;
      if (isDone(segment)) {
        if (!sweeping) done.add(segment);
      } else if (segment.marked !== segment.settled) partial.add(segment);
    }
    changed.clear();
    if (!sweeping) return;
    for (const segment of partial) segment.marked = segment.settled;
    partial.clear();
    done.clear();
    marks.written();
    index().drop(gone);
    kept.drop(leaving);
    leaving = 0;
    for (const segment of [...gone].toSorted((one, other) => one.first - other.first)) {
      if (keeping) kept.keep(segment);
      else kept.forget(segment);
    }
    lastSweep = performance.now();
  }

  function later(): void {
    timer ??= setTimeout(rest, restMs).unref();
  }

  function rest(): void {
    timer = undefined;
    const isSweepDue = (marks.hasChanges || done.size > 0) && due();
    if (changed.size > 0 || isSweepDue) {
      try {
        store.transact(write);
        written();
        failed = emptied.length === mostAtOnce;
      } catch (error) {
        if (!failed && emptied.length < mostAtOnce)
          logger.error({ err: error }, 'the outbox cannot record what was delivered; trying again');
        failed = true;
      }
    }
    if (changed.size > 0 || done.size > 0 || marks.hasChanges) later();
  }

  return {
    settled(accepted, refused) {
      for (const queued of accepted) {
        const segment = settle(queued.seq);
        if (segment === undefined) continue;
        mark(queued);
        if (isDone(segment)) index().release(segment);
      }
      for (const { queued } of refused) {
        const isWhole = settle(queued.seq) !== undefined;
        const segment = index().find(queued.seq);
        if (segment === undefined) continue;
        const bit = 1 << (queued.seq - segment.first);
        segment.refused |= bit;
        // Nothing of it holds at the broker: no watermark follows from it.
        if (isWhole) segment.marked |= bit;
        if (isDone(segment)) index().release(segment);
      }
      later();
    },
    writeRefused({ accepted, refused }) {
      const taken = new Set(accepted.map(({ seq }) => seq));
      const bits = new Map<Segment, { settled: number; marked: number; refused: number }>();
      for (const { queued } of refused) {
        const segment = index().find(queued.seq);
        if (segment === undefined) continue;
        const bit = 1 << (queued.seq - segment.first);
        const own = bits.get(segment) ?? segment;
        const marked = taken.has(queued.seq) ? own.marked : own.marked | bit;
        bits.set(segment, { settled: own.settled | bit, marked, refused: own.refused | bit });
      }
      for (const [{ first }, { settled, marked, refused: not }] of bits) store.file.setSettled.run(first, settled, marked, not);
    },
    write,
    written,
    recover(segment) {
      if (segment.settled !== 0) kept.touched(segment);
      const unmarked = segment.settled & ~segment.marked;
      if (unmarked === 0 && isDone(segment)) {
        index().drop(new Set([segment]));
        segment.size = store.onFile(() => store.file.size.get(segment.first)) ?? 0;
        kept.keep(segment);
      }
      if (unmarked === 0) return;
      for (const [place, queued] of index().entriesOf(segment).entries()) {
        if (queued !== undefined && (unmarked & (1 << place)) !== 0) mark(queued);
      }
      (isDone(segment) ? done : changed).add(segment);
      later();
    },
    wasTaken: (queued) => kept.wasTaken(queued),
    forgetKept() {
      const oldest = kept.all().slice(0, mostAtOnce);
      if (oldest.length === 0) return;
      try {
        store.transact(() => oldest.forEach(({ first }) => remove(first)));
        kept.drop(oldest.length);
      } catch (error) {
        if (!mayHeal(error)) throw error;
      }
    },
    clear() {
      kept = new KeptSegments(entriesOf);
      changed.clear();
      done.clear();
      partial.clear();
    },
    close() {
      clearTimeout(timer);
      lastSweep = -Infinity;
      if (changed.size === 0 && done.size === 0 && !marks.hasChanges) return;
      try {
        store.transact(write);
        written();
      } catch (error) {
        logger.error({ err: error }, 'the outbox cannot record what was delivered; it will be delivered again');
      }
      clearTimeout(timer);
    },
  };
}
