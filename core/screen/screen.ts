import type { Entity } from '../entity/entity.ts';
import { accepted, refused, type Outcome } from '../result.ts';
import { reject } from '../rejection.ts';
import { personalText } from './personal-text.ts';

/**
 * Refuses an entity that has a field of the deny-list or a text that identifies a person, at any depth: no personal data reaches the lake.
 * `personalFields` holds names in the form of `fieldNameKey`. The message names the field, never its value.
 */
export function screen(entity: Entity, personalFields: ReadonlySet<string>): Outcome<Entity> {
  for (const name in entity) {
    // The id and relationship targets are URNs that the source's key makes, not free text.
    if (name === 'id' || name === 'type') continue;
    const finding = findInField(name, entity[name], personalFields, '');
    if (finding !== undefined) return refused(reject('screen', 'personal_data', ...finding));
  }
  return accepted(entity);
}

/** Message and pointer of the first finding. */
type Finding = readonly [message: string, pointer: string];

function findInField(name: string, value: unknown, personalFields: ReadonlySet<string>, parent: string): Finding | undefined {
  if (personalFields.has(fieldNameKey(name))) {
    const pointer = `${parent}/${pointerToken(name)}`;
    return [`${pointer} is on the list of personal data fields and must not be published`, pointer];
  }
  if (name === 'object' || name === 'observedAt' || name === 'unitCode') return undefined;
  if (typeof value === 'number') return undefined;
  return find(value, personalFields, `${parent}/${pointerToken(name)}`);
}

function find(value: unknown, personalFields: ReadonlySet<string>, pointer: string): Finding | undefined {
  if (typeof value === 'string') {
    const kind = personalText(value);
    return kind === undefined ? undefined : [`${pointer} holds ${kind}, which is personal data and must not be published`, pointer];
  }
  if (typeof value !== 'object' || value === null) return undefined;
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      const finding = find(item, personalFields, `${pointer}/${index}`);
      if (finding !== undefined) return finding;
    }
    return undefined;
  }
  for (const [key, member] of Object.entries(value)) {
    const finding = findInField(key, member, personalFields, pointer);
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

function pointerToken(name: string): string {
  return name.includes('/') || name.includes('~') ? name.replace(/~/g, '~0').replace(/\//g, '~1') : name;
}
