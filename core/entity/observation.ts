import type { Device, Instant, Reading } from '../plugin.ts';
import { reject, type Rejection } from '../rejection.ts';
import type { Outcome } from '../result.ts';
import { measured, point, property, urn } from './build.ts';
import { constant } from './constants.ts';
import { describe } from './device.ts';
import type { Entity } from './entity.ts';

/**
 * Where a quantity goes in a model: the attribute, the unit code that it carries there (none where the model's numbers have none), and
 * the member of its value where that is an object: the phases of an electricity meter.
 */
export type AttributeTable = Readonly<Record<string, readonly [attribute: string, unitCode?: string, member?: string]>>;

/**
 * Readings of one moment as the entity of a device: the table's attributes with value, unit code and `observedAt`, place and name, and
 * what is `more`. An empty list when none of the readings is in the table.
 */
export function observation(
  type: string,
  device: Device,
  observedAt: Instant,
  readings: readonly Reading[],
  table: AttributeTable,
  more: Partial<Entity> = {},
): Entity[] {
  let entity: Entity | undefined;
  for (const { quantity, value } of readings) {
    if (!Object.hasOwn(table, quantity)) continue;
    entity ??= { id: idOf(type, device), type, ...fixed(device) };
    const [attribute, unitCode, member] = table[quantity] ?? [];
    if (attribute === undefined) continue;
    const whole = member === undefined ? value : { ...membersOf(entity[attribute]), [member]: value };
    entity[attribute] = unitCode === undefined ? property(whole, observedAt) : measured(whole, unitCode, observedAt);
  }
  return entity === undefined ? [] : [Object.assign(entity, more)];
}

/** Ids by type and what the registry says, by device: neither changes from message to message. */
const known = new WeakMap<Device, { readonly ids: Map<string, string>; readonly attributes: Partial<Entity> }>();

function knownOf(device: Device) {
  let own = known.get(device);
  if (own === undefined) {
    const attributes = { location: point(...device.location), ...describe(device) };
    for (const attribute of Object.values(attributes)) constant(attribute as object);
    known.set(device, (own = { ids: new Map(), attributes }));
  }
  return own;
}

function idOf(type: string, device: Device): string {
  const { ids } = knownOf(device);
  let id = ids.get(type);
  if (id === undefined) ids.set(type, (id = urn(type, device.id)));
  return id;
}

function fixed(device: Device): Partial<Entity> {
  return knownOf(device).attributes;
}

function membersOf(attribute: Entity[string] | undefined): Record<string, number> {
  return typeof attribute === 'object' && attribute.type === 'Property' ? (attribute.value as Record<string, number>) : {};
}

/**
 * What a family makes of the readings of each moment, oldest first. Readings that are none of its quantities are refused once, as
 * `unmapped_quantity`, and not handed on.
 */
export function states(
  readings: readonly Reading[],
  quantities: ReadonlySet<string>,
  device: Device,
  make: (observedAt: Instant, readings: readonly Reading[]) => readonly Entity[],
): Outcome<Entity> {
  const { observedAt: first, observedFrom: from } = readings[0] ?? {};
  const isUsual = readings.every(
    ({ quantity, observedAt, observedFrom }) => observedAt === first && observedFrom === from && quantities.has(quantity),
  );
  if (isUsual && first !== undefined) return { values: [...make(first, readings)], rejections: [] };
  const own = readings.filter(({ quantity }) => quantities.has(quantity));
  const values = byMoment(own).flatMap(([moment, all]) => byPeriod(all).flatMap((one) => make(moment, one)));
  return { values, rejections: unmapped(readings, quantities, device) };
}

/** One quantity over several periods that end together: an entity of each period, the shortest last; else all of the moment together. */
function byPeriod(readings: readonly Reading[]): (readonly Reading[])[] {
  if (new Set(readings.map(({ quantity }) => quantity)).size === readings.length) return [readings];
  const starts = [...new Set(readings.map(({ observedFrom }) => observedFrom ?? ''))].filter((start) => start !== '').sort();
  const shortest = starts.at(-1);
  if (shortest === undefined) return [readings];
  return starts.map((start) => readings.filter(({ observedFrom = shortest }) => observedFrom === start));
}

/** Readings grouped by moment, oldest first. */
function byMoment(readings: readonly Reading[]): [Instant, Reading[]][] {
  const moments = new Map<Instant, Reading[]>();
  for (const reading of readings) {
    const moment = moments.get(reading.observedAt);
    if (moment === undefined) moments.set(reading.observedAt, [reading]);
    else moment.push(reading);
  }
  return [...moments].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** One `unmapped_quantity` for all readings of a device that its family has no use for. */
function unmapped(readings: readonly Reading[], known: ReadonlySet<string>, device: Device): Rejection[] {
  const names = [...new Set(readings.map(({ quantity }) => quantity).filter((quantity) => !known.has(quantity)))];
  if (names.length === 0) return [];
  const message = `device "${device.id}" sent ${names.join(', ')}, which the family ${device.family} does not publish; give it another family`;
  return [reject('map', 'unmapped_quantity', message)];
}
