import { isInstant } from '../decode/instant.ts';
import type { Quantities } from '../assess/quantities.ts';
import type { Brief } from '../outbox/outbox.ts';
import type { Instant } from '../plugin.ts';
import { isConstant } from './constants.ts';
import type { Entity } from './entity.ts';
import type { AttributeModel, Models } from './models.ts';

/** An entity of a known form, as it is published. */
export interface Formed {
  readonly json: string;
  readonly brief: Brief;
}

/** What an attribute must be for the form to hold, and the text before its value. */
interface Slot {
  readonly name: string;
  /** The very object; left out where the value changes. */
  readonly constant?: object;
  /** The same text in every state. */
  readonly word?: string;
  /** The value is the moment, as a typed value or as text. */
  readonly isTyped?: boolean;
  /** Numbers that need no remark. */
  readonly bounds?: { readonly minimum: number; readonly maximum: number; readonly whole: boolean };
  readonly unitCode?: string | undefined;
  readonly before: string;
}

interface Form {
  readonly slots: readonly Slot[];
  readonly after: string;
  readonly names: string;
}

/** Entities whose forms are remembered, and forms of one entity: a device may send one thing often and another now and then. */
const mostEntities = 10_000;
const mostForms = 4;

/**
 * A sensor says the same things again and again. What differs between two states of its entity is a handful of numbers and one moment; all
 * else was checked, screened and assessed when the first of them went through. A state that is the same but for numbers within the bounds
 * of model and quantity, at a moment that is none of the future, needs none of this again and is written down from what was kept of the
 * first. Any other goes the long way.
 */
export class Forms {
  private readonly known = new Map<string, Form[]>();

  constructor(
    private readonly models: Models,
    private readonly quantities: Quantities,
  ) {}

  /** The entity as it is published; undefined when it is of no known form. `now`: the clock against which its moment is held. */
  take(entity: Entity, now: Instant): Formed | undefined {
    const forms = this.known.get(entity.id);
    if (forms === undefined) return undefined;
    for (const form of forms) {
      const formed = write(entity, form, now);
      if (formed !== undefined) return formed;
    }
    return undefined;
  }

  /** Keeps the form of an entity that went through check, screen and assess without a change. */
  keep(entity: Entity): void {
    const form = this.formOf(entity);
    if (form === undefined) return;
    const forms = this.known.get(entity.id);
    if (forms !== undefined) this.known.set(entity.id, [form, ...forms.slice(0, mostForms - 1)]);
    else {
      if (this.known.size >= mostEntities) this.known.clear();
      this.known.set(entity.id, [form]);
    }
  }

  private formOf(entity: Entity): Form | undefined {
    const attributes = this.models.types.get(entity.type)?.attributes;
    const slots: Slot[] = [];
    let text = `{"id":${JSON.stringify(entity.id)},"type":${JSON.stringify(entity.type)}`;
    let names = '';
    let numbers = 0;
    for (const name in entity) {
      if (name === 'id' || name === 'type') continue;
      const attribute = entity[name];
      const model = attributes?.[name];
      if (typeof attribute !== 'object' || model === undefined) return undefined;
      names += `${name} `;
      text += `,${JSON.stringify(name)}:`;
      if (isConstant(attribute)) {
        if (attribute.observedAt !== undefined) return undefined;
        slots.push({ name, constant: attribute, before: '' });
        text += JSON.stringify(attribute);
        continue;
      }
      const word = wordIn(attribute);
      if (word !== undefined && !isInstant(word)) {
        slots.push({ name, word, before: '' });
        text += JSON.stringify(attribute);
        continue;
      }
      if (word !== undefined) {
        const isTyped = typeof (attribute as { readonly value: unknown }).value === 'object';
        slots.push({ name, isTyped, before: `${text}{"type":"Property","value":${isTyped ? '{"@type":"DateTime","@value":' : ''}"` });
        text = isTyped ? '"}}' : '"}';
        continue;
      }
      const { unitCode } = attribute as { readonly unitCode?: string };
      const bounds = this.boundsOf(model);
      if (bounds === undefined || unitCode !== model.unitCode || !isNumber(attribute)) return undefined;
      slots.push({ name, bounds, unitCode, before: `${text}{"type":"Property","value":` });
      text = unitCode === undefined ? ',"observedAt":"' : `,"unitCode":${JSON.stringify(unitCode)},"observedAt":"`;
      slots.push({ name: '', before: text });
      text = '"}';
      numbers++;
    }
    return numbers === 0 ? undefined : { slots, after: `${text}}`, names };
  }

  /** Numbers that pass the model and are not remarked upon. */
  private boundsOf({ kind, value, quantity: named }: AttributeModel): Slot['bounds'] {
    if (kind !== 'Property' || (value.type !== 'number' && value.type !== 'integer')) return undefined;
    if (value.enum !== undefined || value.or !== undefined) return undefined;
    const quantity = named === undefined ? undefined : this.quantities.get(named);
    return {
      minimum: Math.max(value.minimum ?? -Number.MAX_VALUE, quantity?.minimum ?? -Number.MAX_VALUE),
      maximum: Math.min(value.maximum ?? Number.MAX_VALUE, quantity?.maximum ?? Number.MAX_VALUE),
      whole: value.type === 'integer',
    };
  }
}

/** Looks at every attribute: what is written is what the entity says. */
function write(entity: Entity, { slots, after, names }: Form, now: Instant): Formed | undefined {
  let at = '';
  let text = '';
  let place = 0;
  for (const name in entity) {
    if (name === 'id' || name === 'type') continue;
    const slot = slots[place++];
    const attribute = entity[name];
    if (slot?.name !== name || typeof attribute !== 'object') return undefined;
    if (slot.constant !== undefined) {
      if (slot.constant !== attribute) return undefined;
      continue;
    }
    if (slot.bounds === undefined) {
      const moment = wordIn(attribute);
      if (slot.word !== undefined) {
        if (slot.word !== moment) return undefined;
        continue;
      }
      const isTyped = typeof (attribute as { readonly value?: unknown }).value === 'object';
      if (moment === undefined || isTyped !== slot.isTyped) return undefined;
      if (at === '') at = moment;
      if (at !== moment) return undefined;
      text += slot.before + at;
      continue;
    }
    if (!isNumber(attribute)) return undefined;
    const { value, observedAt, unitCode } = attribute;
    const { minimum, maximum, whole } = slot.bounds;
    if (at === '') at = observedAt;
    if (at !== observedAt || unitCode !== slot.unitCode || !(value >= minimum && value <= maximum)) return undefined;
    if (whole && !Number.isSafeInteger(value)) return undefined;
    text += slot.before + String(value) + (slots[place++]?.before ?? '') + at;
  }
  if (place !== slots.length || at > now || !isInstant(at)) return undefined;
  const { id, type } = entity;
  return { json: text + after, brief: { id, type, oldest: at, newest: at, names } };
}

/** A number with its moment, with a unit or without, and nothing else. */
function isNumber(attribute: object): attribute is { type: 'Property'; value: number; observedAt: Instant; unitCode?: string } {
  const { type, value, observedAt, unitCode } = attribute as Record<string, unknown>;
  return (
    type === 'Property' &&
    typeof value === 'number' &&
    typeof observedAt === 'string' &&
    membersOf(attribute) === (unitCode === undefined && !('unitCode' in attribute) ? 3 : 4)
  );
}

/** The text of a Property that holds a text or a typed moment, and nothing else. */
function wordIn(attribute: object): Instant | undefined {
  const { type, value } = attribute as Record<string, unknown>;
  if (type !== 'Property' || membersOf(attribute) !== 2) return undefined;
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return undefined;
  const { '@type': kind, '@value': moment } = value as Record<string, unknown>;
  return kind === 'DateTime' && typeof moment === 'string' && membersOf(value) === 2 ? moment : undefined;
}

function membersOf(object: object): number {
  let members = 0;
  for (const name in object) if (name !== '') members += 1;
  return members;
}
