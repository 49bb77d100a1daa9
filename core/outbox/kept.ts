import type { Queued } from './outbox.ts';
import { Recent, recentStates } from './recent.ts';
import type { Segment } from './segments.ts';

/** Characters of rows that stay in the file only to be remembered. */
export const mostKept = 2_000_000;

/**
 * Rows of which everything is settled. The newest of them stay in the file for a while, so that it is known what the broker has taken, also
 * after a crash. Nothing of them is held in memory until somebody asks.
 */
export class KeptSegments {
  private readonly segments: Segment[] = [];
  private count = 0;
  private size = 0;
  private readonly recent = new Recent();
  /** Segments with publications that were settled and not learned, and those that were. */
  private readonly fresh = new Set<Segment>();
  private readonly learned = new WeakMap<Segment, number>();

  /** `read` gives the publications of a segment. */
  constructor(private readonly read: (segment: Segment) => readonly (Queued | undefined)[]) {}

  /** Something of it was settled. */
  touched(segment: Segment): void {
    this.fresh.add(segment);
  }

  wasTaken(queued: Queued): boolean {
    for (const segment of this.fresh) this.learn(segment);
    this.fresh.clear();
    return this.recent.has(queued);
  }

  /** All of it is settled and written. */
  keep(segment: Segment): void {
    this.segments.push(segment);
    this.count += segment.count;
    this.size += segment.size;
  }

  /** How many of the oldest must go before `more` come. */
  excess(more: Iterable<Segment>): readonly Segment[] {
    let { count, size } = this;
    for (const segment of more) {
      count += segment.count;
      size += segment.size;
    }
    let gone = 0;
    for (const segment of this.segments) {
      if (size <= mostKept && count - segment.count < recentStates) break;
      count -= segment.count;
      size -= segment.size;
      gone++;
    }
    return this.segments.slice(0, gone);
  }

  all(): readonly Segment[] {
    return this.segments;
  }

  /** The first so many are no longer in the file. */
  drop(many: number): void {
    for (const segment of this.segments.splice(0, many)) {
      this.count -= segment.count;
      this.size -= segment.size;
      this.fresh.delete(segment);
    }
  }

  /** It is not kept and no longer in the file. */
  forget(segment: Segment): void {
    this.fresh.delete(segment);
  }

  private learn(segment: Segment): void {
    const before = this.learned.get(segment) ?? 0;
    const bits = segment.settled & ~segment.refused;
    if (bits === before) return;
    for (const [place, queued] of this.read(segment).entries()) {
      if (queued !== undefined && (bits & ~before & (1 << place)) !== 0) this.recent.add(queued);
    }
    this.learned.set(segment, bits);
  }
}
