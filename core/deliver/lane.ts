import type { Entity } from '../entity/entity.ts';
import type { Outbox, Queued } from '../outbox/outbox.ts';
import { coalesce, planState, temporalBody, type Plan } from './plan.ts';

export interface LaneLimits {
  /** Entities in one batch. */
  readonly entities: number;
  /** Bytes of one batch. */
  bytes: number;
}

/** One entity's place in a batch. */
export interface Parcel extends Plan {
  readonly id: string;
  /** The publications that are settled with it. */
  readonly queued: readonly Queued[];
  /** `live` as JSON, ready to send. */
  readonly json?: string;
  /** `late` as a request to the broker's history. */
  readonly historyJson?: string;
  /** The entity goes from the broker. */
  readonly removal?: true;
}

export interface LaneOptions {
  readonly outbox: Outbox;
  readonly lane: number;
  readonly lanes: number;
  readonly limits: LaneLimits;
  readonly coalesce: 'off' | 'newest';
  readonly contextOf: (entity: Entity) => string;
  /** Last change before an entity is sent. */
  readonly prepare: (entity: Entity) => Entity;
  readonly now: () => number;
}

/** Rows read ahead. */
const window = 1_000;

/** The publications of one lane, in order; says what goes into the next batch: each entity once, one context. */
export class Lane {
  private buffer: Queued[] = [];
  private readUpTo = 0;
  private readonly blocked = new Map<string, { readonly until: number; readonly attempts: number }>();

  constructor(private readonly options: LaneOptions) {}

  /** Whether something can be sent now. */
  fill(): boolean {
    this.unblock();
    const { outbox, lane, lanes } = this.options;
    while (this.buffer.length < window / 2) {
      const rows = outbox.peek(window, lane, lanes, this.readUpTo);
      this.readUpTo = rows.at(-1)?.seq ?? this.readUpTo;
      for (const row of rows) if (!this.isBlocked(row.entity.id)) this.buffer.push(row);
      if (rows.length < window) break;
    }
    return this.buffer.length > 0;
  }

  /** The next batch and its context; states or removals, not both. Parcels without `live` need no place in it. */
  take(): { readonly parcels: readonly Parcel[]; readonly context: string } {
    const { limits, contextOf } = this.options;
    const parcels: Parcel[] = [];
    let context: string | undefined;
    let removal: boolean | undefined;
    let bytes = 2;
    for (const [id, queued] of this.firstOfEach()) {
      const removes = queued[0]?.removal === true;
      if (removes !== (removal ??= removes)) continue;
      const parcel = this.parcel(id, queued);
      const entity = parcel.live ?? parcel.late;
      if (entity !== undefined) {
        const own = contextOf(entity);
        if (own !== (context ??= own)) continue;
      }
      bytes += parcel.json === undefined ? 0 : Buffer.byteLength(parcel.json) + 1;
      if (bytes > limits.bytes && parcels.length > 0) break;
      parcels.push(parcel);
      if (parcels.length >= limits.entities) break;
    }
    return { parcels, context: context ?? '' };
  }

  /** The batch was settled, or parts of it. */
  settled(seqs: ReadonlySet<number>): void {
    this.buffer = this.buffer.filter(({ seq }) => !seqs.has(seq));
  }

  delivered(id: string): void {
    this.blocked.delete(id);
  }

  /** Keeps one entity back while the others go on. `pause` gives the wait by how often it failed. */
  block(id: string, pause: (attempts: number) => number): void {
    const attempts = this.blocked.get(id)?.attempts ?? 0;
    this.blocked.set(id, { attempts: attempts + 1, until: this.options.now() + pause(attempts) });
    this.buffer = this.buffer.filter(({ entity }) => entity.id !== id);
  }

  /** Milliseconds until a blocked entity may be tried again. */
  nextUnblock(): number {
    let next = Infinity;
    for (const { until } of this.blocked.values()) if (until > 0) next = Math.min(next, Math.max(0, until - this.options.now()));
    return next;
  }

  private isBlocked(id: string): boolean {
    return (this.blocked.get(id)?.until ?? 0) > 0;
  }

  private unblock(): void {
    const now = this.options.now();
    let freed = false;
    for (const [id, { until, attempts }] of this.blocked) {
      if (until === 0 || until > now) continue;
      freed = true;
      // It stays in the map with its number of attempts until it is delivered.
      this.blocked.set(id, { until: 0, attempts });
    }
    if (!freed) return;
    this.buffer = [];
    this.readUpTo = 0;
  }

  private firstOfEach(): Map<string, Queued[]> {
    const byId = new Map<string, Queued[]>();
    const cut = new Set<string>();
    for (const queued of this.buffer) {
      const states = byId.get(queued.entity.id);
      if (states === undefined) byId.set(queued.entity.id, [queued]);
      else if (this.options.coalesce === 'newest' && !cut.has(queued.entity.id)) {
        if (queued.removal === true || states[0]?.removal === true) cut.add(queued.entity.id);
        else states.push(queued);
      }
    }
    return byId;
  }

  private parcel(id: string, queued: readonly Queued[]): Parcel {
    const { outbox, prepare } = this.options;
    if (queued[0]?.removal === true) return { id, queued, removal: true };
    const entity = coalesce(queued);
    const { live, late } = entity === undefined ? {} : planState(entity, (attribute) => outbox.watermark(id, attribute));
    return {
      id,
      queued,
      ...(live !== undefined && { live, json: JSON.stringify(prepare(live)) }),
      ...(late !== undefined && { late, historyJson: temporalBody(prepare(late)) }),
    };
  }
}
