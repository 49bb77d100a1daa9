import type { Entity } from '../entity/entity.ts';
import type { Rejection } from '../rejection.ts';
import type { DeadLetter, Publication } from './outbox.ts';

/** The dead letter of a publication that cannot be delivered: its raw bytes are the entity as JSON, or `{"removal":…}` with it. */
export function letterOf({ entity, origin, removal }: Publication, rejection: Rejection): DeadLetter {
  return { origin, rejection, raw: Buffer.from(JSON.stringify(removal === true ? { removal: entity } : entity)) };
}

/** The publication of such a letter, to be delivered again; undefined when the bytes are not those of one. */
export function publicationOf({ origin, raw }: DeadLetter): Publication | undefined {
  try {
    const value = JSON.parse(Buffer.from(raw).toString()) as Entity | { readonly removal: Entity };
    return typeof value.removal === 'object' && 'id' in value.removal
      ? { entity: value.removal, origin, removal: true }
      : { entity: value as Entity, origin };
  } catch {
    return undefined;
  }
}
