import type { Change } from '../types.ts';
import type { Notified } from './body.ts';

/** Notices of several changes as one of the last state: each entity once, all its changed attributes named. */
export function mergeNotices(earlier: readonly Notified[], later: readonly Notified[]): Notified[] {
  const merged = new Map<string, Notified>();
  for (const next of [...earlier, ...later]) {
    const known = merged.get(next.state.id);
    merged.set(next.state.id, known === undefined ? next : mergeTwo(known, next));
  }
  return [...merged.values()];
}

function mergeTwo(first: Notified, second: Notified): Notified {
  const attributes = new Set([...first.attributes, ...second.attributes]);
  if (first.change === undefined || second.change === undefined) return { ...second, attributes };
  return { change: mergeChanges(first.change, second.change), state: second.state, attributes };
}

function mergeChanges(first: Change, second: Change): Change {
  const before = first.before ?? (second.kind === 'deleted' ? second.before : undefined);
  const { before: _before, ...rest } = second;
  return {
    ...rest,
    kind: first.kind === 'created' && second.kind === 'updated' ? 'created' : second.kind,
    ...(before && { before }),
    written: [...new Set([...first.written, ...second.written])],
    removed: [...new Set([...first.removed, ...second.removed])],
  };
}
