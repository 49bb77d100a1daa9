import { attributesOf, type Entity, type Property } from '../entity/entity.ts';
import type { Models } from '../entity/models.ts';
import type { Quantities, Quantity } from './quantities.ts';

/**
 * Flags measured values outside the physical bounds of their quantity. The value stays: the reader decides, knowing.
 * A remark that a value already carries stays too, because only the source knows it while the bounds can be looked up at any time.
 */
export function assess(entity: Entity, quantities: Quantities, models: Models): Entity {
  const attributes = models.types.get(entity.type)?.attributes;
  const flagged: Record<string, Property> = {};
  for (const [name, attribute] of attributesOf(entity)) {
    if (attribute.type !== 'Property' || attribute.status !== undefined) continue;
    const quantity = quantities.get(attributes?.[name]?.quantity ?? '');
    if (quantity === undefined || numbersOf(attribute.value).every((value) => isWithin(value, quantity))) continue;
    flagged[name] = { ...attribute, status: { type: 'Property', value: 'outsidePhysicalBounds' } };
  }
  return Object.keys(flagged).length === 0 ? entity : { ...entity, ...flagged };
}

/** The number, or those of its phases. */
function numbersOf(value: Property['value']): number[] {
  const values: unknown[] = typeof value === 'object' ? Object.values(value) : [value];
  return values.filter((member) => typeof member === 'number');
}

function isWithin(value: number, { minimum, maximum }: Quantity): boolean {
  return value >= minimum && value <= maximum;
}
