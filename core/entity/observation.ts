import type { Device, Instant, Reading } from '../plugin.ts';
import { reject, type Rejection } from '../rejection.ts';
import type { Outcome } from '../result.ts';
import { measured, point, property, urn } from './build.ts';
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
  const own = readings.filter(({ quantity }) => Object.hasOwn(table, quantity));
  if (own.length === 0) return [];
  const entity: Entity = { id: urn(type, device.id), type, location: point(...device.location), ...describe(device) };
  for (const { quantity, value } of own) {
    const [attribute, unitCode, member] = table[quantity] ?? [];
    if (attribute === undefined) continue;
    const whole = member === undefined ? value : { ...membersOf(entity[attribute]), [member]: value };
    entity[attribute] = unitCode === undefined ? property(whole, observedAt) : measured(whole, unitCode, observedAt);
  }
  return [Object.assign(entity, more)];
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
  const values = byMoment(readings.filter(({ quantity }) => quantities.has(quantity))).flatMap(([moment, own]) => make(moment, own));
  return { values, rejections: unmapped(readings, quantities, device) };
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
