import type { Logger } from 'pino';

import type { MarkBook } from './mark-book.ts';
import type { Queued, Settlement } from './outbox.ts';
import { isDone, type Segment, type SegmentIndex } from './segments.ts';
import type { SqliteStore } from './sqlite-store.ts';
import { idOf } from './watermarks.ts';

export interface FollowUpOptions {
  readonly store: SqliteStore;
  readonly marks: MarkBook;
  index(): SegmentIndex;
  readonly logger: Logger;
}

/**
 * Brings into the file what the broker has taken. Which publications are settled goes along with the next commit, or by itself after
 * `restMs`; watermarks are written every `sweepMs`, and only then the rows go whose publications they follow from. So whatever the moment
 * at which the process ends, the file says of each publication either that it waits or that its watermark holds.
 */
export interface FollowUp {
  settled(accepted: readonly Queued[], refused: Settlement['refused']): void;
  /** Within the transaction that writes their dead letters: what was refused is settled. `settled` must follow. */
  writeRefused(settlement: Settlement): void;
  /** Within a transaction: what is to be written. */
  write(): void;
  /** That transaction has come through. */
  written(): void;
  /** A segment read at start: the watermarks of what was settled of it may not be written yet. */
  recover(segment: Segment): void;
  clear(): void;
  close(): void;
}

const restMs = 20;
const sweepMs = 500;
const mostDone = 4_000;

export function createFollowUp({ store, marks, index, logger }: FollowUpOptions): FollowUp {
  const changed = new Set<Segment>();
  const done = new Set<Segment>();
  /** Settled in part, with watermarks that are not written yet. */
  const partial = new Set<Segment>();
  let sweeping = false;
  let lastSweep = 0;
  let timer: NodeJS.Timeout | undefined;
  let failed = false;

  /** The segment of a publication that was not settled before. */
  function settle(seq: number): Segment | undefined {
    const segment = index().find(seq);
    if (segment === undefined) return undefined;
    const bit = 1 << (seq - segment.first);
    if ((segment.settled & bit) !== 0) return undefined;
    segment.settled |= bit;
    index().waiting--;
    changed.add(segment);
    return segment;
  }

  function mark(queued: Queued): void {
    if (queued.removal === true) marks.removed(idOf(queued));
    else marks.accepted(queued);
  }

  function due(): boolean {
    return performance.now() - lastSweep >= sweepMs || done.size >= mostDone;
  }

  function write(): void {
    sweeping = (marks.hasChanges || done.size > 0) && due();
    const { file } = store;
    if (sweeping) {
      for (const [id, text] of marks.changes()) {
        if (text === undefined) file.forgetMarks.run(id);
        else file.setMarks.run(id, text);
      }
      for (const { first } of done) {
        file.deleteSegment.run(first);
        file.deleteSettled.run(first);
      }
      for (const { first, settled } of partial) file.setSettled.run(first, settled, settled);
    }
    for (const segment of changed) {
      if (sweeping && isDone(segment)) {
        file.deleteSegment.run(segment.first);
        file.deleteSettled.run(segment.first);
      } else file.setSettled.run(segment.first, segment.settled, sweeping ? segment.settled : segment.marked);
    }
  }

  function written(): void {
    const gone = new Set(sweeping ? done : []);
    for (const segment of changed) {
      partial.delete(segment);
      if (sweeping) segment.marked = segment.settled;
      if (isDone(segment)) (sweeping ? gone : done).add(segment);
      else if (segment.marked !== segment.settled) partial.add(segment);
    }
    changed.clear();
    if (!sweeping) return;
    for (const segment of partial) segment.marked = segment.settled;
    partial.clear();
    done.clear();
    marks.written();
    index().drop(gone);
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
        failed = false;
      } catch (error) {
        if (!failed) logger.error({ err: error }, 'the outbox cannot record what was delivered; trying again');
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
        const segment = settle(queued.seq);
        if (segment === undefined) continue;
        // Nothing of it holds at the broker: no watermark follows from it.
        segment.marked |= 1 << (queued.seq - segment.first);
        if (isDone(segment)) index().release(segment);
      }
      later();
    },
    writeRefused({ accepted, refused }) {
      const taken = new Set(accepted.map(({ seq }) => seq));
      const bits = new Map<Segment, { settled: number; marked: number }>();
      for (const { queued } of refused) {
        const segment = index().find(queued.seq);
        if (segment === undefined) continue;
        const bit = 1 << (queued.seq - segment.first);
        const own = bits.get(segment) ?? { settled: segment.settled, marked: segment.marked };
        bits.set(segment, { settled: own.settled | bit, marked: taken.has(queued.seq) ? own.marked : own.marked | bit });
      }
      for (const [{ first }, { settled, marked }] of bits) store.file.setSettled.run(first, settled, marked);
    },
    write,
    written,
    recover(segment) {
      const unmarked = segment.settled & ~segment.marked;
      if (unmarked === 0 && !isDone(segment)) return;
      if (unmarked !== 0) {
        for (const [place, queued] of index().entriesOf(segment).entries()) {
          if (queued !== undefined && (unmarked & (1 << place)) !== 0) mark(queued);
        }
      }
      (isDone(segment) ? done : changed).add(segment);
      later();
    },
    clear() {
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
