import { placeOf } from '../numbered.ts';

/** One message of the stream and what is left of it. Its publications have the numbers `first` to `first + count - 1` in the copy. */
export interface Kept {
  readonly seq: number;
  readonly first: number;
  readonly count: number;
  left: number;
  settled: Set<number> | undefined;
  /** Where its acknowledgement goes; undefined until the consumer has handed it out. */
  reply: string | undefined;
}

/** Which messages of the stream are done: all their publications are settled. Pure. */
export class Tracker {
  private readonly bySeq = new Map<number, Kept>();
  /** In the order of `first`; those that are acknowledged are swept out from time to time. */
  private order: Kept[] = [];
  private gone = 0;
  private next = 1;
  /** Done, and not acknowledged yet. */
  readonly done = new Set<Kept>();

  /** Messages that wait. */
  get size(): number {
    return this.bySeq.size;
  }

  add(seq: number, count: number, reply: string | undefined): Kept {
    const kept: Kept = { seq, first: this.next, count, left: count, settled: undefined, reply };
    this.next += count;
    this.bySeq.set(seq, kept);
    if (count > 0) this.order.push(kept);
    return kept;
  }

  at(seq: number): Kept | undefined {
    return this.bySeq.get(seq);
  }

  /** The message that a publication came with. */
  find(number: number): Kept | undefined {
    const kept = this.order[placeOf(this.order, number)];
    return kept !== undefined && number >= kept.first ? kept : undefined;
  }

  /** A publication is settled; once more changes nothing. */
  settle(kept: Kept, number: number): void {
    kept.settled ??= new Set();
    if (kept.left === 0 || kept.settled.has(number)) return;
    kept.settled.add(number);
    if (--kept.left > 0) return;
    kept.settled = undefined;
    this.done.add(kept);
  }

  isDone(kept: Kept): boolean {
    return kept.left === 0;
  }

  /** It is gone from the stream. */
  acknowledged(kept: Kept): void {
    this.done.delete(kept);
    if (!this.bySeq.delete(kept.seq) || kept.count === 0) return;
    this.gone++;
    if (this.gone < 1_000 || this.gone * 2 < this.order.length) return;
    this.order = this.order.filter(({ seq }) => this.bySeq.has(seq));
    this.gone = 0;
  }
}
