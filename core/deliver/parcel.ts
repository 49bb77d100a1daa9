import type { Entity } from '../entity/entity.ts';
import type { Outbox, Queued } from '../outbox/outbox.ts';
import { briefOf, keyOf } from '../outbox/watermarks.ts';
import { coalesce, planState, temporalBody, type Plan } from './plan.ts';

/** One entity's place in a batch. */
export interface Parcel {
  readonly id: string;
  /** The publications that are settled with it. */
  readonly queued: readonly Queued[];
  /** What the broker's present state takes, as JSON. */
  readonly json?: string;
  /** Values for the broker's history, by the publication they belong to, and the request that brings them there. */
  readonly late?: readonly { readonly queued: Queued; readonly entity: Entity }[];
  readonly historyJson?: string;
  /** The entity goes from the broker. */
  readonly removal?: true;
  /** It goes before older states of its entity. */
  readonly express?: true;
}

export interface PlanOptions {
  readonly outbox: Outbox;
  readonly coalesce: 'off' | 'newest';
  readonly prepare?: ((entity: Entity) => Entity) | undefined;
}

/** Late states of one entity in one request to the history. */
const mostLate = 200;

/** What is to be done next for an entity: its oldest state, several where they are coalesced or all belong to the history. */
export function planParcel(id: string, states: readonly Queued[], options: PlanOptions): Parcel {
  const [first] = states;
  if (first === undefined) return { id, queued: [] };
  if (first.removal === true) return { id, queued: [first], removal: true };
  if (options.coalesce === 'off' && isNewerThroughout(first, options.outbox)) {
    const { json } = first;
    return { id, queued: [first], json: json === undefined || options.prepare ? textOf(first.entity, undefined, options) : json };
  }
  const queued = options.coalesce === 'off' ? [first] : statesUpToRemoval(states);
  const entity = coalesce(queued);
  const plan = entity === undefined ? {} : planOf(entity, first, options.outbox);
  if (plan.live === undefined && plan.late !== undefined && queued.length === 1) return history(id, states, options);
  return {
    id,
    queued,
    ...(plan.live !== undefined && {
      json: textOf(plan.live, plan.live === entity && queued.length === 1 ? first.json : undefined, options),
    }),
    ...lateOf(queued.slice(-1), plan, options),
  };
}

/** Newer than all that the broker holds of the entity: the usual case, for which no attribute need be looked at by itself. */
function isNewerThroughout(queued: Queued, outbox: Outbox): boolean {
  const { oldest } = queued.brief ?? briefOf(queued.entity);
  const newest = outbox.newestMark?.(keyOf(queued));
  return newest !== undefined && (newest === '' || oldest === '' || oldest > newest);
}

/** `queued`: a publication of the same entity. */
function planOf(entity: Entity, queued: Queued, outbox: Outbox): Plan {
  const key = keyOf(queued);
  return planState(entity, (attribute) => outbox.watermark(key, attribute));
}

function statesUpToRemoval(states: readonly Queued[]): readonly Queued[] {
  const end = states.findIndex(({ removal }) => removal === true);
  return end < 0 ? states : states.slice(0, end);
}

/** The states from the first on that belong to the history as a whole, in one request. */
function history(id: string, states: readonly Queued[], options: PlanOptions): Parcel {
  const late: { readonly queued: Queued; readonly entity: Entity }[] = [];
  const all: Queued[] = [];
  const texts = new Set<string>();
  for (const queued of states) {
    const plan = queued.removal === true || late.length >= mostLate ? {} : planOf(queued.entity, queued, options.outbox);
    if (plan.live !== undefined || plan.late === undefined) break;
    all.push(queued);
    // A message that came again although what it says is with the broker: its acknowledgement was lost.
    const text = queued.json ?? JSON.stringify(queued.entity);
    if (!texts.has(text) && options.outbox.wasTaken?.(queued) !== true) late.push({ queued, entity: plan.late });
    texts.add(text);
  }
  if (late.length === 0) return { id, queued: all };
  const { prepare } = options;
  const entities = late.map(({ entity }) => (prepare === undefined ? entity : prepare(entity)));
  return { id, queued: all, late, historyJson: temporalBody(entities) };
}

function lateOf(queued: readonly Queued[], { late }: Plan, { prepare }: PlanOptions): Partial<Parcel> {
  const [last] = queued;
  if (late === undefined || last === undefined) return {};
  return { late: [{ queued: last, entity: late }], historyJson: temporalBody([prepare === undefined ? late : prepare(late)]) };
}

function textOf(entity: Entity, json: string | undefined, { prepare }: PlanOptions): string {
  if (prepare !== undefined) return JSON.stringify(prepare(entity));
  return json ?? JSON.stringify(entity);
}
