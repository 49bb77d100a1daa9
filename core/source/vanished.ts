import { property } from '../entity/build.ts';
import type { Property, ValueStatus } from '../entity/entity.ts';
import type { Origin, Publication } from '../outbox/outbox.ts';
import type { Adapter, Instant } from '../plugin.ts';
import { reject, type Rejection } from '../rejection.ts';
import { err, ok, type Result } from '../result.ts';
import type { KnownEntity, KnownRow } from './ledger.ts';

/** How many rows of a complete snapshot are gone since the last one, what became of their entities, and how many came back. */
export interface VanishedCounts {
  readonly policy: Adapter['vanished'];
  readonly rows: number;
  readonly entities: number;
  readonly returned: number;
}

export interface Comparison {
  readonly counts: VanishedCounts;
  /** Marks and deletions, to be handed over after the rows of the snapshot. */
  readonly publications: readonly Publication[];
  /** For the ledger, when everything is handed over. */
  readonly changes: ReadonlyMap<string, KnownRow | undefined>;
}

/** Rows of a complete snapshot by key, with the entities that they became; none for a row that was refused or filtered out. */
export type Snapshot = ReadonlyMap<string, KnownRow['entities']>;

/** More than this share of the known rows gone at once is more likely a fault of the publisher than the truth. */
const mostGone = 0.5;

/**
 * What is gone from a complete snapshot since the last one. `isWanted` names the rows that are judged at all (the station filter).
 * Refuses the snapshot as `unexpected_content` when more than half of the rows would be marked or deleted at once.
 */
export function compareSnapshot(
  { name, vanished: policy, dataset }: Adapter,
  known: ReadonlyMap<string, KnownRow>,
  snapshot: Snapshot,
  isWanted: (key: string) => boolean,
  origin: Origin,
  onShrink: 'refuse' | 'accept',
): Result<Comparison, Rejection> {
  const judged = [...known].filter(([key, { gone }]) => gone === undefined && isWanted(key));
  const gone = judged.filter(([key]) => !snapshot.has(key));
  if (policy !== 'keep' && onShrink === 'refuse' && gone.length > 1 && gone.length > judged.length * mostGone) {
    const message =
      `${gone.length} of the ${judged.length} rows that ${name} had are gone from ${origin.from}, first ${gone[0]?.[0]}; ` +
      `${policy === 'mark' ? 'marking' : 'deleting'} them all is only done with --accept-vanished`;
    return err(reject('source', 'unexpected_content', message));
  }
  const returned = [...known].filter(([key, { gone: since }]) => since !== undefined && snapshot.has(key));
  const changes = changesOf(known, snapshot);
  const alive = new Set([...snapshot].flatMap(([key, entities]) => [...entities, ...(known.get(key)?.entities ?? [])].map(([id]) => id)));
  const leaving = gone.flatMap(([, { entities }]) => entities).filter(([id]) => !alive.has(id));
  for (const [key, row] of gone) changes.set(key, policy === 'delete' ? undefined : { ...row, gone: origin.receivedAt });
  const back = policy === 'mark' ? returned.flatMap(([, { entities }]) => entities) : [];
  const publications = [
    ...leaving.flatMap((entity) => publicationsOf(policy, entity, dataset, origin)),
    ...back.map((entity) => ({ entity: stamped(entity, dataset, origin.receivedAt), origin })),
  ];
  const counts = { policy, rows: gone.length, entities: leaving.length, returned: returned.length };
  return ok({ counts, publications, changes });
}

/** Rows that are new, became further entities, or are back. */
function changesOf(known: ReadonlyMap<string, KnownRow>, snapshot: Snapshot): Map<string, KnownRow | undefined> {
  const changes = new Map<string, KnownRow | undefined>();
  for (const [key, entities] of snapshot) {
    const before = known.get(key);
    const ids = new Set(before?.entities.map(([id]) => id));
    const further = entities.filter(([id]) => !ids.has(id));
    if (before === undefined ? entities.length > 0 : before.gone !== undefined || further.length > 0) {
      changes.set(key, { entities: [...(before?.entities ?? []), ...further] });
    }
  }
  return changes;
}

function publicationsOf(
  policy: Adapter['vanished'],
  entity: KnownEntity,
  dataset: Adapter['dataset'],
  origin: Origin,
): readonly Publication[] {
  const [id, type] = entity;
  if (policy === 'keep') return [];
  if (policy === 'delete') return [{ entity: { id, type }, origin, removal: true }];
  const { source, ...rest } = stamped(entity, dataset, origin.receivedAt);
  return [{ entity: { ...rest, source: { ...source, status: property('goneFromSource' satisfies ValueStatus) } }, origin }];
}

/** `source` alone, with the moment at which it was looked into: newer than any state before, so that it is told in order. */
function stamped(
  [id, type, source]: KnownEntity,
  dataset: Adapter['dataset'],
  at: Instant,
): { id: string; type: string; source: Property } {
  return { id, type, source: property(source ?? dataset.url, at) };
}
