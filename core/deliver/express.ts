import type { Outbox, Queued } from '../outbox/outbox.ts';
import { idOf } from '../outbox/watermarks.ts';

/** Publications looked at from the newest back for the newest state of each entity: devices that report at all are among them. */
const lookBack = 20_000;

/**
 * While a long outage is drained: the newest state of each entity, which goes before everything that waits, so that the broker's present is
 * right at once. The older ones are then late and go to its history. Only for brokers that take values into a history.
 */
export class Express {
  private readonly newest = new Map<string, Queued>();
  /** On their way to the broker: whether it took them is not known yet. */
  private readonly underWay = new Set<string>();
  private seenUpTo = 0;

  /** `tenant`: of whose entities. */
  constructor(
    private readonly outbox: Outbox,
    private readonly tenant: string | undefined,
  ) {}

  get size(): number {
    return this.newest.size;
  }

  /** Looks for what is new; the first time for the newest of what waits. */
  look(): void {
    const seen = new Set<string>();
    const before = this.seenUpTo;
    let left = lookBack;
    this.outbox.newest?.((queued) => {
      if (queued.seq <= before || left-- === 0) return false;
      this.seenUpTo = Math.max(this.seenUpTo, queued.seq);
      if (queued.origin.tenant !== this.tenant) return true;
      const id = idOf(queued);
      if (!seen.has(id) && queued.removal !== true) this.newest.set(id, queued);
      seen.add(id);
      return true;
    });
  }

  *entries(): Iterable<readonly [id: string, queued: Queued]> {
    yield* this.newest;
  }

  /** Nothing goes first any more. */
  get isOver(): boolean {
    return this.newest.size === 0 && this.underWay.size === 0;
  }

  taken(id: string): void {
    this.newest.delete(id);
    this.underWay.add(id);
  }

  done(id: string): void {
    this.underWay.delete(id);
  }

  /** The broker has taken what went in its turn meanwhile, as far as this number. */
  settled(id: string, seq: number): void {
    if ((this.newest.get(id)?.seq ?? Infinity) <= seq) this.newest.delete(id);
  }

  /** Whether the broker took it is not known: it goes again before older ones, unless a newer one has come. */
  back(id: string, queued: Queued): void {
    this.underWay.delete(id);
    if (!this.newest.has(id)) this.newest.set(id, queued);
  }
}
