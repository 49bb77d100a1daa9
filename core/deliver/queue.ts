import type { Entity } from '../entity/entity.ts';
import type { Outbox, Queued } from '../outbox/outbox.ts';
import { idOf } from '../outbox/watermarks.ts';
import { Express } from './express.ts';
import { planParcel, type Parcel } from './parcel.ts';
import { Ready, type Line } from './ready.ts';
import { Retries } from './retries.ts';

export interface BatchLimits {
  /** Entities in one batch. */
  entities: number;
  /** Bytes of one batch. */
  bytes: number;
}

export interface Batch {
  readonly parcels: readonly Parcel[];
  readonly context: string;
}

export interface QueueOptions {
  readonly outbox: Outbox;
  /** Only what goes there; left out: what names no tenant. */
  readonly tenant?: string | undefined;
  /** Told of every publication for another tenant that is passed over. */
  readonly onOther?: ((tenant: string) => void) | undefined;
  readonly limits: BatchLimits;
  readonly coalesce: 'off' | 'newest';
  readonly contextOf: (entity: Pick<Entity, 'type'>) => string;
  /** Last change before an entity is sent; left out: none. */
  readonly prepare?: ((entity: Entity) => Entity) | undefined;
  readonly now: () => number;
}

/** Publications read ahead, in all and of one entity. */
const window = 4_000;
const lateWindow = 12_000;
const ofOneEntity = 1_000;
const removals = '-';

/**
 * Says what goes into the next batch: each entity once, one context, oldest first. An entity with a batch under way is in no other one,
 * so that its states arrive in order whatever happens to a request; all others go on.
 */
export class DeliveryQueue {
  private readonly lines = new Map<string, Line>();
  private readonly ready: Ready;
  private readonly retries: Retries;
  private readUpTo = 0;
  /** States read ahead. */
  held = 0;
  private express: Express | undefined;
  private readonly settledSeqs = new Set<number>();
  private isDraining = false;
  /** More is to be read at once: much for others was passed over. */
  isReading = false;

  constructor(private readonly options: QueueOptions) {
    this.retries = new Retries(options.now);
    this.ready = new Ready(options.now);
  }

  /** Reads ahead; whether something can be sent now. */
  fill(): boolean {
    this.retries.due();
    if (this.retries.returning.size > 0) this.readReturning();
    // Late states go many in a request: the more of an entity are read, the fewer requests.
    const most = this.express === undefined ? window : lateWindow;
    const { tenant, onOther } = this.options;
    this.isReading = true;
    for (let reads = 0; reads < 4 && this.held < most / 2; reads++) {
      const rows = this.options.outbox.peek(window, 0, 1, this.readUpTo);
      for (const row of rows) {
        this.readUpTo = row.seq;
        if (row.origin.tenant !== tenant) {
          if (row.origin.tenant !== undefined) onOther?.(row.origin.tenant);
        } else if (!this.retries.isBehind(idOf(row))) this.add(row);
      }
      if (rows.length === window) continue;
      this.isReading = false;
      if (this.held < this.options.limits.entities) this.isDraining = false;
      if (this.express?.isOver === true) this.express = undefined;
      break;
    }
    if (this.held >= most / 2) this.isReading = false;
    return this.ready.count > 0 || (this.express?.size ?? 0) > 0;
  }

  /** Only the newest states are sent, until what waits now is read and sent. */
  drain(): void {
    this.isDraining = true;
  }

  /**
   * Milliseconds until a batch should go: at once when it is full, or when much waits of few entities, so that waiting would not fill it;
   * else `lingerMs` after its first entity came.
   */
  rest(lingerMs: number): number {
    const most = this.options.limits.entities;
    const isBehind = this.held >= most && this.ready.count * 2 >= this.lines.size;
    if (this.ready.count >= most || isBehind || (this.express?.size ?? 0) > 0) return 0;
    return this.ready.since + lingerMs - this.options.now();
  }

  /** Newest states first, until all that waits now is read. */
  hurry(): void {
    if (this.express === undefined) {
      this.express = new Express(this.options.outbox, this.options.tenant);
      for (const { id, states } of this.lines.values()) if (states.some(({ removal }) => removal === true)) this.express.removed(id);
    }
    this.express.look();
  }

  /** All in its turn again. */
  calm(): void {
    this.express = undefined;
  }

  /** A state that waits, while a newer one of its entity waits too and will go first. */
  superseded(): Queued | undefined {
    const isUnderWay = (id: string): boolean => this.lines.get(id)?.underWay === true;
    const firsts = [...this.lines.values()].flatMap(({ states, underWay }) => (underWay ? [] : states.slice(0, 1)));
    return this.express?.superseded(firsts, isUnderWay);
  }

  /** Whether newest states go first. */
  get isHurrying(): boolean {
    return this.express !== undefined;
  }

  take(): Batch | undefined {
    return this.takeExpress() ?? this.takeReady();
  }

  private takeExpress(): Batch | undefined {
    const parcels: Parcel[] = [];
    let context: string | undefined;
    let bytes = 2;
    const { limits, contextOf } = this.options;
    for (const [id, queued] of this.express?.entries() ?? []) {
      const line = this.lines.get(id) ?? { id, states: [], underWay: false, isReady: false };
      const own = contextOf(queued.brief ?? queued.entity);
      if (line.underWay || this.retries.isBehind(id) || own !== (context ??= own)) continue;
      const parcel = planParcel(id, [queued], this.options);
      bytes += Buffer.byteLength(parcel.json ?? '') + 1;
      if (bytes > limits.bytes && parcels.length > 0) break;
      parcels.push({ ...parcel, express: true });
      line.underWay = true;
      this.lines.set(id, line);
      if (parcels.length >= limits.entities) break;
    }
    for (const { id } of parcels) this.express?.taken(id);
    return parcels.length === 0 ? undefined : { parcels, context: context ?? '' };
  }

  private takeReady(): Batch | undefined {
    const oldest = this.ready.oldest();
    if (oldest === undefined) return undefined;
    const { context, lines } = oldest;
    const { limits } = this.options;
    const parcels: Parcel[] = [];
    let bytes = 2;
    let taken = 0;
    for (const line of lines) {
      if (line.underWay) {
        // Its newest state is on the way already: it is offered again after that.
        line.isReady = false;
        taken++;
        continue;
      }
      const parcel = planParcel(line.id, line.states, this.isDraining ? { ...this.options, coalesce: 'newest' } : this.options);
      bytes += parcel.json === undefined ? 0 : Buffer.byteLength(parcel.json) + 1;
      if (bytes > limits.bytes && parcels.length > 0) break;
      parcels.push(parcel);
      line.underWay = true;
      line.isReady = false;
      taken++;
      if (parcels.length >= limits.entities) break;
    }
    this.ready.took(context, taken);
    return parcels.length === 0 ? undefined : { parcels, context: context === removals ? '' : context };
  }

  /** These are settled. Their entities may be sent again after `finish`. */
  settled(seqs: Iterable<number>): void {
    for (const seq of seqs) this.settledSeqs.add(seq);
  }

  delivered(id: string): void {
    this.retries.delivered(id);
  }

  /** Keeps one entity back while the others go on. `pause` gives the wait by how often it failed. */
  block(id: string, pause: (attempts: number) => number): void {
    const line = this.lines.get(id);
    const first = line?.states.find(({ seq }) => !this.settledSeqs.has(seq))?.seq ?? this.readUpTo + 1;
    this.retries.block(id, first - 1, pause);
  }

  /** The batch is no longer under way; what of it is not settled comes again. */
  finish({ parcels }: Batch): void {
    for (const { id, queued, express } of parcels) {
      const [first] = queued;
      if (express === true && first !== undefined) {
        if (this.settledSeqs.has(first.seq) || this.retries.isBlocked(id)) this.express?.done(id);
        else this.express?.back(id, first);
      } else {
        for (const { seq } of queued) if (this.settledSeqs.has(seq)) this.express?.settled(id, seq);
      }
      const line = this.lines.get(id);
      if (line === undefined) continue;
      line.underWay = false;
      const left = line.states.filter(({ seq }) => !this.settledSeqs.has(seq));
      for (const { seq } of queued) this.settledSeqs.delete(seq);
      this.held -= line.states.length - left.length;
      line.states = left;
      if (this.retries.isBlocked(id)) this.forget(line);
      else if (left.length > 0) {
        if (!line.isReady) this.offer(line);
      } else {
        this.forget(line);
        this.retries.drained(id);
      }
    }
  }

  /** Milliseconds until an entity that was kept back may be tried again. */
  nextRetry(): number {
    return this.retries.next();
  }

  private forget(line: Line): void {
    this.held -= line.states.length;
    this.lines.delete(line.id);
    // Its newest state went before the others: it was offered all the while.
    if (line.isReady) this.ready.withdraw(line);
  }

  private add(queued: Queued): void {
    const id = idOf(queued);
    let line = this.lines.get(id);
    if (line === undefined) this.lines.set(id, (line = { id, states: [], underWay: false, isReady: false }));
    line.states.push(queued);
    this.held++;
    if (queued.removal === true) this.express?.removed(id);
    if (line.states.length >= ofOneEntity) this.retries.fallBehind(id, queued.seq);
    if (!line.underWay && !line.isReady) this.offer(line);
  }

  private offer(line: Line): void {
    const [first] = line.states;
    if (first === undefined) return;
    const context = first.removal === true ? removals : this.options.contextOf(first.brief ?? first.entity);
    this.ready.offer(line, context);
  }

  /** Reads once more, from where they stopped, what waits of entities that come back, up to where all others are. */
  private readReturning(): void {
    const { returning } = this.retries;
    let after = Math.min(...returning.values());
    for (let more = true; more && returning.size > 0;) {
      const rows = this.options.outbox.peek(window, 0, 1, after);
      for (const row of rows) {
        after = row.seq;
        if (row.seq > this.readUpTo) break;
        if (row.origin.tenant !== this.options.tenant) continue;
        const id = idOf(row);
        const from = returning.get(id);
        if (from === undefined || row.seq <= from) continue;
        this.add(row);
        if (this.retries.isFull(id)) returning.delete(id);
      }
      more = rows.length === window && after <= this.readUpTo;
    }
    this.retries.returned();
  }
}
