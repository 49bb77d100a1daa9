/** Which of the waiting states go to the partner next. Pure. */
import type { Entity } from '../core/entity/entity.ts';
import type { Queued } from '../core/outbox/outbox.ts';
import { idOf } from '../core/outbox/watermarks.ts';

/** One entity's place in a delivery. */
export interface Parcel {
  readonly id: string;
  /** Settled together. */
  readonly queued: readonly Queued[];
  readonly entity: Entity;
}

/** What goes in one request: states of one subscription, each entity once. */
export interface Batch {
  /** Of the publications: the subscription, with a mark where they are for the history only. */
  readonly from: string;
  readonly removal: boolean;
  readonly parcels: readonly Parcel[];
}

export interface BatchRules {
  /** Of what waits only the newest state of an entity goes. */
  readonly coalesce: boolean;
  readonly entities: number;
  readonly bytes: number;
  /** Entities that cannot be sent now. */
  readonly blocked: ReadonlySet<string>;
}

/** An entity's states leave in the order in which they wait; one that cannot go holds back its later ones and nobody else's. */
export function planBatch(waiting: readonly Queued[], rules: BatchRules): Batch | undefined {
  const held = new Set(rules.blocked);
  const parcels = new Map<string, { readonly queued: Queued[]; entity: Entity }>();
  let head: Queued | undefined;
  let bytes = 0;
  for (const queued of waiting) {
    const id = idOf(queued);
    if (held.has(id)) continue;
    head ??= queued;
    const parcel = parcels.get(id);
    const isAlike = queued.origin.from === head.origin.from && queued.removal === head.removal;
    const isFull = parcels.size >= rules.entities;
    if (!isAlike || (parcel === undefined ? isFull : !rules.coalesce)) {
      held.add(id);
    } else if (parcel !== undefined) {
      parcel.queued.push(queued);
      // A state holds all that is shared of the entity, a part of a history only what changed.
      parcel.entity = { ...parcel.entity, ...queued.entity };
    } else {
      const size = (queued.json ?? JSON.stringify(queued.entity)).length;
      if (parcels.size > 0 && bytes + size > rules.bytes) break;
      bytes += size;
      parcels.set(id, { queued: [queued], entity: queued.entity });
      if (parcels.size >= rules.entities && !rules.coalesce) break;
    }
  }
  if (head === undefined) return undefined;
  const all = [...parcels].map(([id, { queued, entity }]) => ({ id, queued, entity }));
  return { from: head.origin.from, removal: head.removal === true, parcels: all };
}
