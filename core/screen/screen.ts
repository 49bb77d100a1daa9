import type { Entity } from '../entity/entity.ts';
import { refused, accepted, type Outcome } from '../result.ts';
import { reject } from '../rejection.ts';

/** Refuses an entity that has a field of the deny-list anywhere: no personal data reaches the lake. Names compare without case. */
export function screen(entity: Entity, personalFields: ReadonlySet<string>): Outcome<Entity> {
  const pointer = findPersonal(entity, personalFields, '');
  if (pointer === undefined) return accepted(entity);
  return refused(reject('screen', 'personal_data', `${pointer} is on the list of personal data fields and must not be published`, pointer));
}

function findPersonal(value: unknown, personalFields: ReadonlySet<string>, pointer: string): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, member] of Object.entries(value)) {
    const at = `${pointer}/${key}`;
    if (personalFields.has(key.toLowerCase())) return at;
    const deeper = findPersonal(member, personalFields, at);
    if (deeper !== undefined) return deeper;
  }
  return undefined;
}
