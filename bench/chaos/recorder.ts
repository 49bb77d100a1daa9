/** Notes what reaches the broker and in which order. Knows nothing of HTTP. */
import { messageOf, published, type Truth } from './truth.ts';

export interface Arrivals {
  /** Messages whose value the broker has taken. */
  readonly distinct: number;
  /** Values that it took more than once. */
  readonly duplicated: number;
  /** Values that were given to its present state after a newer one of the same entity, and not before. */
  readonly outOfOrder: number;
  /** What must not happen, in words. */
  readonly faults: readonly string[];
}

/** Arrivals of one tenant. */
export class Recorder {
  private readonly counts = new Map<number, number>();
  private readonly newest = new Map<number, number>();
  private readonly faults = new Set<string>();
  private duplicated = 0;
  private outOfOrder = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly truth: Truth) {}

  /** The broker has taken a value: into its present `state`, or into its `history` alone. */
  arrived(entity: string, observedAt: string, value: unknown, into: 'state' | 'history'): void {
    const n = messageOf(this.truth, entity, observedAt);
    if (n === undefined) return;
    const { device, pm10 } = published(this.truth, n);
    if (value !== pm10) this.fault(`${entity} ${observedAt}: ${String(value)} arrived instead of ${pm10}`);
    const before = this.counts.get(n) ?? 0;
    this.counts.set(n, before + 1);
    if (before > 0) this.duplicated++;
    const newest = this.newest.get(device) ?? -1;
    if (into === 'state' && before === 0 && n < newest) {
      this.outOfOrder++;
      this.fault(`${entity}: ${observedAt} was given to the present state after a newer value`);
    }
    if (into === 'state' && n > newest) this.newest.set(device, n);
    if (before === 0) for (const go of this.waiting.splice(0)) go();
  }

  /** At most ten kinds of words are kept. */
  fault(words: string): void {
    if (this.faults.size < 10) this.faults.add(words);
  }

  has(n: number): boolean {
    return this.counts.has(n);
  }

  /** Resolves with the next value that was not there before. */
  next(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  arrivals(): Arrivals {
    return { distinct: this.counts.size, duplicated: this.duplicated, outOfOrder: this.outOfOrder, faults: [...this.faults] };
  }
}
