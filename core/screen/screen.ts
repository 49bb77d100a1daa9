import { isConstant } from '../entity/constants.ts';
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
  if (isClean(entity, knownNames(personalFields))) return accepted(entity);
  const finding = find(entity, personalFields, '');
  if (finding === undefined) return accepted(entity);
  const { pointer, why } = finding;
  return refused(reject('screen', 'personal_data', `${pointer} ${why} and must not be published`, pointer));
}

/** Whether `find` would find nothing: the same, without saying where. */
function isClean(value: object, names: Names): boolean {
  for (const name in value) {
    if (isPersonal(name, names)) return false;
    const member = (value as Record<string, unknown>)[name];
    if (typeof member === 'string') {
      if (!words.has(member) && personalText(member) !== undefined) return false;
    } else if (typeof member === 'object' && member !== null) {
      if (names.clean.has(member)) continue;
      if (!isClean(member, names)) return false;
      if (isConstant(member)) names.clean.add(member);
    }
  }
  return true;
}

/** Words of NGSI-LD that stand in every attribute. */
const words: ReadonlySet<string> = new Set(['Property', 'GeoProperty', 'Relationship', 'DateTime']);

/** What is known of names and constant attributes under one list of personal fields. */
interface Names {
  readonly fields: ReadonlySet<string>;
  readonly personal: Map<string, boolean>;
  readonly clean: WeakSet<object>;
}

const lists = new WeakMap<ReadonlySet<string>, Names>();

function knownNames(fields: ReadonlySet<string>): Names {
  let names = lists.get(fields);
  if (names === undefined) lists.set(fields, (names = { fields, personal: new Map(), clean: new WeakSet() }));
  return names;
}

function isPersonal(name: string, { fields, personal }: Names): boolean {
  const known = personal.get(name);
  if (known !== undefined) return known;
  const is = fields.has(fieldNameKey(name));
  if (personal.size < maximumKeys) personal.set(name, is);
  return is;
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
