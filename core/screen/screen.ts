import type { Entity } from '../entity/entity.ts';
import { pointerToken } from '../entity/faults.ts';
import { accepted, refused, type Outcome } from '../result.ts';
import { reject } from '../rejection.ts';
import { personalText } from './personal-text.ts';

/**
 * Refuses an entity that has a field of the deny-list or a text that identifies a person, at any depth: no personal data reaches the lake.
 * `personalFields` holds names in the form of `fieldNameKey`. The message names the field, never its value.
 */
export function screen(entity: Entity, personalFields: ReadonlySet<string>): Outcome<Entity> {
  const finding = find(entity, personalFields, '');
  if (finding === undefined) return accepted(entity);
  const { pointer, why } = finding;
  return refused(reject('screen', 'personal_data', `${pointer} ${why} and must not be published`, pointer));
}

interface Finding {
  readonly pointer: string;
  readonly why: string;
}

function find(value: unknown, personalFields: ReadonlySet<string>, pointer: string): Finding | undefined {
  if (typeof value === 'string') {
    const kind = personalText(value);
    return kind === undefined ? undefined : { pointer, why: `holds ${kind}, which is personal data,` };
  }
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, member] of Object.entries(value)) {
    const at = `${pointer}/${pointerToken(key)}`;
    if (personalFields.has(fieldNameKey(key))) return { pointer: at, why: 'is on the list of personal data fields' };
    const finding = find(member, personalFields, at);
    if (finding !== undefined) return finding;
  }
  return undefined;
}

/** The form in which field names compare: `E-pošta`, `e_posta` and `ePosta` are one. */
export function fieldNameKey(name: string): string {
  const known = keys.get(name);
  if (known !== undefined) return known;
  const key = name
    .normalize('NFD')
    .replace(/[\p{M}\s_-]/gu, '')
    .toLowerCase()
    .replace(/đ/g, 'd');
  if (keys.size < maximumKeys) keys.set(name, key);
  return key;
}

/** Field names repeat from entity to entity; the bound keeps odd sources from filling the memory. */
const keys = new Map<string, string>();
const maximumKeys = 5000;
