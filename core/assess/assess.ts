import type { Entity, Property } from '../entity/entity.ts';
import type { Models } from '../entity/models.ts';
import type { Quantities, Quantity } from './quantities.ts';

/**
 * Flags measured values outside the physical bounds of their quantity. The value stays: the reader decides, knowing.
 * A remark that a value already carries stays too, because only the source knows it while the bounds can be looked up at any time.
 */
export function assess(entity: Entity, quantities: Quantities, models: Models): Entity {
  const attributes = models.types.get(entity.type)?.attributes;
  if (attributes === undefined) return entity;
  let flagged: Record<string, Property> | undefined;
  for (const name in entity) {
    const attribute = entity[name];
    if (typeof attribute !== 'object' || attribute.type !== 'Property' || attribute.status !== undefined) continue;
    const named = attributes[name]?.quantity;
    const quantity = named === undefined ? undefined : quantities.get(named);
    if (quantity === undefined || isAllWithin(attribute.value, quantity)) continue;
    flagged ??= {};
    flagged[name] = { ...attribute, status: { type: 'Property', value: 'outsidePhysicalBounds' } };
  }
  return flagged === undefined ? entity : { ...entity, ...flagged };
}

/** The number, or those of its phases. */
function isAllWithin(value: Property['value'], quantity: Quantity): boolean {
  if (typeof value === 'number') return isWithin(value, quantity);
  if (typeof value !== 'object') return true;
  return Object.values(value).every((member) => typeof member !== 'number' || isWithin(member, quantity));
}

function isWithin(value: number, { minimum, maximum }: Quantity): boolean {
  return value >= minimum && value <= maximum;
}
