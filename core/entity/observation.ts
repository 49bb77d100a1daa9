import type { Device, Instant, Reading } from '../plugin.ts';
import { reject, type Rejection } from '../rejection.ts';
import { measured, point, urn } from './build.ts';
import { describe } from './device.ts';
import type { Entity } from './entity.ts';

/** Where a quantity goes in a model: the attribute and the unit code that it carries there. */
export type AttributeTable = Readonly<Record<string, readonly [attribute: string, unitCode: string]>>;

/** Readings of one moment as the entity of a device: the table's attributes with value, unit code and `observedAt`, place and name. */
export function observation(
  type: string,
  device: Device,
  observedAt: Instant,
  readings: readonly Reading[],
  table: AttributeTable,
): Entity {
  const entity: Entity = { id: urn(type, device.id), type, location: point(...device.location), ...describe(device) };
  for (const { quantity, value } of readings) {
    const [attribute, unitCode] = table[quantity] ?? [];
    if (attribute !== undefined && unitCode !== undefined) entity[attribute] = measured(value, unitCode, observedAt);
  }
  return entity;
}

/** Readings grouped by moment, oldest first. */
export function byMoment(readings: readonly Reading[]): [Instant, Reading[]][] {
  const moments = new Map<Instant, Reading[]>();
  for (const reading of readings) {
    const moment = moments.get(reading.observedAt);
    if (moment === undefined) moments.set(reading.observedAt, [reading]);
    else moment.push(reading);
  }
  return [...moments].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** One `unmapped_quantity` for all readings of a device that its family has no use for. */
export function unmapped(readings: readonly Reading[], known: ReadonlySet<string>, device: Device): Rejection[] {
  const names = [...new Set(readings.map(({ quantity }) => quantity).filter((quantity) => !known.has(quantity)))];
  if (names.length === 0) return [];
  const message = `device "${device.id}" sent ${names.join(', ')}, which the family ${device.family} does not publish; give it another family`;
  return [reject('map', 'unmapped_quantity', message)];
}
