import { attributesOf, type Entity } from '../entity/entity.ts';
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
  /** Entities that are removed on the way: all of them goes in order, or the removal would take what went before it. */
  private readonly inOrder = new Set<string>();
  private seenUpTo = 0;
  /** The oldest one that was seen of which a newer state waits. */
  private older: Queued | undefined;

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
      if (queued.removal === true) this.removed(id);
      else if (seen.has(id)) this.older = queued;
      else if (!this.inOrder.has(id)) this.newest.set(id, queued);
      seen.add(id);
      return true;
    });
  }

  removed(id: string): void {
    this.inOrder.add(id);
    this.newest.delete(id);
  }

  /** Of these states, or of what was seen and is not under way, one that belongs to the past for sure once the newest went first. */
  superseded(states: Iterable<Queued>, isUnderWay: (id: string) => boolean): Queued | undefined {
    const isPast = (queued: Queued): boolean => {
      const newest = this.newest.get(idOf(queued));
      return newest !== undefined && isOlder(queued.entity, newest.entity);
    };
    for (const queued of states) if (isPast(queued)) return queued;
    const { older } = this;
    return older !== undefined && !isUnderWay(idOf(older)) && isPast(older) ? older : undefined;
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
    if (!this.newest.has(id) && !this.inOrder.has(id)) this.newest.set(id, queued);
  }
}

/** Each attribute has a moment before the one that the other state gives for it. */
function isOlder(entity: Entity, than: Entity): boolean {
  const others = new Map(attributesOf(than));
  return attributesOf(entity).every(
    ([name, { observedAt }]) => observedAt !== undefined && observedAt < (others.get(name)?.observedAt ?? ''),
  );
}
