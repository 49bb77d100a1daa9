import { attributesOf, type Attribute, type Entity } from '../entity/entity.ts';
import type { Queued, Watermark } from '../outbox/outbox.ts';
import { compare, momentOf } from '../outbox/watermarks.ts';

/** What is to be done for queued publications of one entity. Both parts may be missing: everything in them is known to the broker. */
export interface Plan {
  /** What the broker's present state takes. */
  readonly live?: Entity;
  /** Values older than those the broker holds: for its history. */
  readonly late?: Entity;
}

/**
 * Splits a state by what the broker holds: newer values go live, older ones to history, exact repeats nowhere. An attribute without a
 * moment of its own (a name, a location) that belongs to a late state is superseded and goes nowhere either.
 */
export function planState(entity: Entity, mark: (attribute: string) => Watermark | undefined): Plan {
  const moment = momentOf(entity);
  const live: [string, Attribute][] = [];
  const late: [string, Attribute][] = [];
  const all = attributesOf(entity);
  for (const [name, attribute] of all) {
    const stand = compare(attribute, moment, mark(name));
    if (stand === 'newer') live.push([name, attribute]);
    else if (stand === 'late' && attribute.observedAt !== undefined) late.push([name, attribute]);
  }
  if (live.length === all.length) return { live: entity };
  return { ...(live.length > 0 && { live: entityOf(entity, live) }), ...(late.length > 0 && { late: entityOf(entity, late) }) };
}

/** Several states of one entity as one: for each attribute the newest value, among equals the last accepted. */
export function coalesce(states: readonly Queued[]): Entity | undefined {
  const [first] = states;
  if (first === undefined || states.length === 1) return first?.entity;
  const newest = new Map<string, { readonly at: string; readonly attribute: Attribute }>();
  for (const { entity } of states) {
    const moment = momentOf(entity) ?? '';
    for (const [name, attribute] of attributesOf(entity)) {
      const at = attribute.observedAt ?? moment;
      if (at >= (newest.get(name)?.at ?? '')) newest.set(name, { at, attribute });
    }
  }
  return entityOf(
    first.entity,
    [...newest].map(([name, { attribute }]) => [name, attribute]),
  );
}

/** Body of `POST /temporal/entities` with states of one entity: each attribute is a list of instances. ETSI GS CIM 009 5.2.20. */
export function temporalBody(states: readonly Entity[]): string {
  const instances = new Map<string, Attribute[]>();
  for (const state of states) {
    for (const [name, attribute] of attributesOf(state)) {
      const list = instances.get(name);
      if (list === undefined) instances.set(name, [attribute]);
      else list.push(attribute);
    }
  }
  return JSON.stringify({ id: states[0]?.id, type: states[0]?.type, ...Object.fromEntries(instances) });
}

function entityOf({ id, type }: Entity, attributes: readonly (readonly [string, Attribute])[]): Entity {
  return { id, type, ...Object.fromEntries(attributes) };
}
