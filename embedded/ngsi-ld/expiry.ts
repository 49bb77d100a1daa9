import type { Instant, StoredAttribute, StoredEntity } from './types.ts';

/** Transient entities and attributes (4.22) are there until `expiresAt`; afterwards nobody sees them. */
export function withoutExpired(entity: StoredEntity, now: Instant): StoredEntity | undefined {
  const at = Date.parse(now);
  if (isOver(entity, at)) return undefined;
  return { ...entity, attributes: attributesAt(entity.attributes, at) };
}

function attributesAt(attributes: Record<string, StoredAttribute[]>, at: number): Record<string, StoredAttribute[]> {
  const kept: Record<string, StoredAttribute[]> = {};
  for (const [iri, instances] of Object.entries(attributes)) {
    const left = instances.filter((one) => !isOver(one, at));
    if (left.length > 0)
      kept[iri] = left.map((one) => (one.attributes === undefined ? one : { ...one, attributes: attributesAt(one.attributes, at) }));
  }
  return kept;
}

function isOver(one: { expiresAt?: Instant }, at: number): boolean {
  return one.expiresAt !== undefined && Date.parse(one.expiresAt) <= at;
}
