import type { Instant } from '../plugin.ts';
import type { Measurement } from './fields.ts';

/** Values of one message, gathered by the moment at which each was measured. */
export class Moments {
  private readonly moments = new Map<Instant, Record<string, number>[]>();

  /** A second, different value of the same quantity (another channel) is a record of its own, so that both are read. */
  add(quantity: string, value: number, at: Instant): void {
    const records = this.moments.get(at) ?? [];
    this.moments.set(at, records);
    const record = records.find((known) => known[quantity] === undefined || known[quantity] === value);
    if (record === undefined) records.push({ [quantity]: value });
    else record[quantity] = value;
  }

  /** Oldest first. */
  records(): Measurement[] {
    return [...this.moments]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([observedAt, records]) => records.map((values) => ({ observedAt, values })));
  }
}
