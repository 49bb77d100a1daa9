/** What still waits although the declaration does not share it any more. Pure. */
import type { Entity } from '../core/entity/entity.ts';
import { liesIn, type State } from './notice.ts';
import type { Partner } from './partner.ts';

const members = new Set(['id', 'type', '@context', 'scope']);

/**
 * The part of an entity that its partner gets by the declaration; undefined: nothing of it. A name may be the long one of a declared name, where
 * a broker had no `@context` at hand.
 */
export function fenceOf({ entities, area }: Pick<Partner, 'entities' | 'area'>): (entity: Entity) => Entity | undefined {
  const shares = new Map(
    entities.map(({ type, attributes }) => [type, attributes === 'all' ? undefined : new Set([...members, ...attributes])]),
  );
  return (entity) => {
    const type = shares.has(entity.type) ? entity.type : shortOf(entity.type);
    if (!shares.has(type)) return undefined;
    if (area !== undefined && 'location' in entity && !liesIn(entity as unknown as State, area)) return undefined;
    const names = shares.get(type);
    if (names === undefined) return entity;
    const all = Object.entries(entity);
    const kept = all.filter(([name]) => names.has(name) || names.has(shortOf(name)));
    if (kept.length === all.length) return entity;
    return kept.every(([name]) => members.has(name)) ? undefined : (Object.fromEntries(kept) as unknown as Entity);
  };
}

function shortOf(name: string): string {
  return name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('#'), name.lastIndexOf(':')) + 1);
}
