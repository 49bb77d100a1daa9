import type { Rejection } from '../rejection.ts';
import type { DeadLetter, Publication } from './outbox.ts';

/** The dead letter of a publication that cannot be delivered: its raw bytes are the entity as JSON. */
export function letterOf({ entity, origin }: Publication, rejection: Rejection): DeadLetter {
  return { origin, rejection, raw: Buffer.from(JSON.stringify(entity)) };
}
