import { attributesOf, type Attribute, type Entity } from '../entity/entity.ts';
import type { Instant } from '../plugin.ts';
import { digestOf } from './hash.ts';
import type { Brief, Queued, Watermark } from './outbox.ts';

/** Watermarks of one entity by attribute. */
export type Marks = ReadonlyMap<string, Watermark>;

/** The moment that a state describes: the newest `observedAt` in it. Undefined for an entity without any, such as a plain Device. */
export function momentOf(entity: Entity): Instant | undefined {
  let newest: Instant | undefined;
  for (const [, { observedAt }] of attributesOf(entity)) {
    if (observedAt !== undefined && (newest === undefined || observedAt > newest)) newest = observedAt;
  }
  return newest;
}

/** What is to be known of an entity without looking at it again. */
export function briefOf(entity: Entity): Brief {
  let oldest = '';
  let newest = '';
  let names = '';
  for (const name in entity) {
    if (name === 'id' || name === 'type') continue;
    names += `${name} `;
    const { observedAt } = entity[name] as Attribute;
    if (observedAt === undefined || observedAt === newest) continue;
    if (oldest === '' || observedAt < oldest) oldest = observedAt;
    if (observedAt > newest) newest = observedAt;
  }
  return { id: entity.id, type: entity.type, oldest, newest, names };
}

/** The id of a publication's entity. */
export function idOf(queued: Queued): string {
  return queued.brief?.id ?? queued.entity.id;
}

/** By which an entity is known among those of all tenants: its id, with its tenant before it where it has one. No id holds a `|`. */
export function keyOf(queued: Queued): string {
  const { tenant } = queued.origin;
  return tenant === undefined ? idOf(queued) : entityKey(idOf(queued), tenant);
}

export function entityKey(id: string, tenant: string | undefined): string {
  return tenant === undefined ? id : `${tenant}|${id}`;
}

/** How an attribute stands to what the broker holds. One without a moment of its own shares that of its state (`moment`). */
export function compare(attribute: Attribute, moment: Instant | undefined, mark: Watermark | undefined): 'newer' | 'late' | 'repeat' {
  const at = attribute.observedAt ?? moment;
  if (mark === undefined || at === undefined || at > mark.observedAt) return 'newer';
  if (at < mark.observedAt) return 'late';
  return digest(attribute) === mark.digest ? 'repeat' : 'newer';
}

/** The marks after the broker accepted `entity`. Never moves one back; a state without any moment leaves no mark. */
export function advance(marks: Marks, entity: Entity): Map<string, Watermark> {
  const advanced = new Map(marks);
  const moment = momentOf(entity);
  for (const [name, attribute] of attributesOf(entity)) {
    const observedAt = attribute.observedAt ?? moment;
    const mark = advanced.get(name);
    if (observedAt === undefined || (mark !== undefined && mark.observedAt > observedAt)) continue;
    advanced.set(name, { observedAt, digest: digest(attribute) });
  }
  return advanced;
}

function digest(attribute: Attribute): string {
  return digestOf(JSON.stringify(attribute));
}
