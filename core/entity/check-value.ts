import { checkGeometry } from './check-geometry.ts';
import { pointerToken, quote, type Faults } from './faults.ts';
import type { ValueShape } from './models.ts';

/** Where a value stands: JSON pointer and the words for it in a message. */
export interface Place {
  readonly pointer: string;
  readonly label: string;
  readonly unit?: string | undefined;
}

/** RFC 3986 with a scheme; ASCII only, as relationship targets must be. */
export const uri = /^[A-Za-z][A-Za-z0-9+.-]*:[\w.~:/?#[\]@!$&'()*+,;=%-]+$/;
/** EntityIdentifierType of the models' common schema. */
const identifier = /^[\w\-.{}$+*[\]`|~^@!,:\\]{1,256}$/;
/** Brokers take at most six digits of a second. */
const instantForm = /^(\d{4})-(\d\d)-(\d\d)T\d\d:\d\d:\d\d(?:\.\d{1,6})?Z$/;

/** Holds a value against its shape; with an `or`, against the shape of its JSON type. */
export function checkValue(value: unknown, shape: ValueShape, place: Place, faults: Faults): void {
  if (shape.or !== undefined && fits(value, shape.or) && !(fits(value, shape) && isWithin(value, shape))) shape = shape.or;
  switch (shape.type) {
    case 'number':
    case 'integer':
      return checkNumber(value, shape, place, faults);
    case 'string':
    case 'uri':
    case 'identifier':
      return checkString(value, shape, place, faults);
    case 'boolean':
      if (typeof value !== 'boolean') wrongType(value, 'true or false', place, faults);
      return;
    case 'dateTime':
      return checkTime(...unwrapped(value, place), faults);
    case 'date':
      return checkDate(value, place, faults);
    case 'interval':
      return checkInterval(...unwrapped(value, place), faults);
    case 'geometry':
      return checkGeometry(value, place, faults);
    case 'array':
      return checkArray(value, shape, place, faults);
    case 'object':
      return checkObject(value, shape, place, faults);
  }
}

/** Whether the value has the JSON type of the shape. */
function fits(value: unknown, { type }: ValueShape): boolean {
  if (type === 'array') return Array.isArray(value);
  if (type === 'number' || type === 'integer') return typeof value === 'number';
  return typeof value === (type === 'boolean' || type === 'object' ? type : 'string');
}

function isWithin(value: unknown, { minimum = -Infinity, maximum = Infinity }: ValueShape): boolean {
  return typeof value !== 'number' || (value >= minimum && value <= maximum);
}

function wrongType(value: unknown, expected: string, { pointer, label }: Place, faults: Faults): void {
  faults.add('invalid_attribute', pointer, `${label} is ${quote(value)}, expected ${expected}`);
}

function checkNumber(value: unknown, shape: ValueShape, place: Place, faults: Faults): void {
  const isFitting = typeof value === 'number' && (shape.type === 'integer' ? Number.isSafeInteger(value) : Number.isFinite(value));
  if (!isFitting) return wrongType(value, shape.type === 'integer' ? 'a whole number' : 'a number', place, faults);
  if (shape.enum?.includes(value) === false) return wrongType(value, `one of ${shape.enum.join(', ')}`, place, faults);
  if (isWithin(value, shape)) return;
  const unit = place.unit === undefined ? '' : ` ${place.unit}`;
  const bound = value < (shape.minimum ?? -Infinity) ? `at least ${shape.minimum}` : `at most ${shape.maximum}`;
  faults.add('out_of_model_bounds', place.pointer, `${place.label} is ${value}${unit}, the model takes ${bound}`);
}

function checkString(value: unknown, shape: ValueShape, place: Place, faults: Faults): void {
  if (typeof value !== 'string') return wrongType(value, 'a text', place, faults);
  if (value.trim() === '') return wrongType(value, 'a text that is not empty; leave the attribute out instead', place, faults);
  if (shape.enum?.includes(value) === false) return wrongType(value, `one of ${shape.enum.join(', ')}`, place, faults);
  if (shape.type === 'uri' && !uri.test(value)) return wrongType(value, 'a URI', place, faults);
  if (shape.type === 'identifier' && !identifier.test(value) && !uri.test(value)) wrongType(value, 'an identifier', place, faults);
}

function checkArray(value: unknown, shape: ValueShape, place: Place, faults: Faults): void {
  if (!Array.isArray(value) || value.length === 0) return wrongType(value, 'a list with at least one item', place, faults);
  for (const [index, item] of value.entries()) {
    const at = { pointer: `${place.pointer}/${index}`, label: `${place.label}[${index}]` };
    if (shape.items === undefined) checkAny(item, at, faults);
    else checkValue(item, shape.items, at, faults);
  }
}

function checkObject(value: unknown, shape: ValueShape, place: Place, faults: Faults): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrongType(value, 'an object', place, faults);
  if (Object.keys(value).length === 0) return wrongType(value, 'an object that is not empty', place, faults);
  for (const [key, member] of Object.entries(value)) {
    const at = { pointer: `${place.pointer}/${pointerToken(key)}`, label: `${place.label}.${key}` };
    if (shape.members !== undefined && !Object.hasOwn(shape.members, key)) {
      faults.add('unknown_attribute', at.pointer, `${at.label} is unknown, expected only ${Object.keys(shape.members).join(', ')}`);
      continue;
    }
    const own = shape.of !== undefined && Object.hasOwn(shape.of, key) ? shape.of[key] : shape.items;
    if (own === undefined) checkAny(member, at, faults);
    else checkValue(member, own, at, faults);
  }
}

/** What no value may hold at any depth: brokers refuse null, and an empty text says nothing. */
function checkAny(value: unknown, place: Place, faults: Faults): void {
  if (Array.isArray(value)) checkArray(value, { type: 'array' }, place, faults);
  else if (typeof value === 'object' && value !== null) checkObject(value, { type: 'object' }, place, faults);
  else if (typeof value === 'string') checkString(value, { type: 'string' }, place, faults);
  else if (typeof value === 'number') checkNumber(value, { type: 'number' }, place, faults);
  else if (typeof value !== 'boolean') wrongType(value, 'a value; leave the member out instead', place, faults);
}

/** The moment inside `{"@type":"DateTime","@value":…}` and its place; a plain text stays. */
function unwrapped(value: unknown, place: Place): [unknown, Place] {
  if (typeof value !== 'object' || value === null) return [value, place];
  const typed = value as Record<string, unknown>;
  if (typed['@type'] !== 'DateTime' || Object.keys(typed).length !== 2) return [value, place];
  return [typed['@value'], { ...place, pointer: `${place.pointer}/@value` }];
}

/** An instant in UTC, `2026-05-01T10:00:00.000Z`, that exists in the calendar and does not lie in the future. */
export function checkTime(value: unknown, place: Place, faults: Faults): void {
  if (value === faults.goodInstant) return;
  const parts = typeof value === 'string' ? instantForm.exec(value) : null;
  const time = typeof value === 'string' && parts !== null ? Date.parse(value) : NaN;
  // 2026-02-30 is read as 2 March.
  if (parts === null || Number.isNaN(time) || time < 0 || new Date(time).getUTCDate() !== Number(parts[3])) {
    const message = `${place.label} is ${quote(value)}, expected a moment in UTC since 1970 such as 2026-05-01T10:00:00.000Z`;
    faults.add('invalid_time', place.pointer, message);
  } else if (time > faults.latest) {
    const message = `${place.label} is ${quote(value)}, more than 5 minutes ahead of the clock (${faults.now}); check the clock of the source`;
    faults.add('future_time', place.pointer, message);
  } else faults.goodInstant = parts[0];
}

/** A day that exists in the calendar; it may lie in the future, as the end of a timetable does. */
function checkDate(value: unknown, place: Place, faults: Faults): void {
  const day = typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value) ? new Date(`${value}T00:00:00Z`) : undefined;
  if (day !== undefined && !Number.isNaN(day.getTime()) && day.toISOString().startsWith(String(value))) return;
  faults.add('invalid_time', place.pointer, `${place.label} is ${quote(value)}, expected a day such as 2026-05-01`);
}

function checkInterval(value: unknown, place: Place, faults: Faults): void {
  const [start, end, ...more] = typeof value === 'string' ? value.split('/') : [value];
  if (more.length > 0) return wrongType(value, 'an instant or an interval start/end', place, faults);
  checkTime(start, place, faults);
  if (end === undefined) return;
  const before = faults.rejections.length;
  checkTime(end, place, faults);
  const isReadable = faults.rejections.length === before && typeof start === 'string';
  if (isReadable && Date.parse(start) > Date.parse(end as string))
    wrongType(value, 'an interval whose start is not after its end', place, faults);
}
