import { attributesOf, type Entity, type Property } from '../entity/entity.ts';
import type { Models } from '../entity/models.ts';
import type { Quantities } from './quantities.ts';

/**
 * Flags measured values outside the physical bounds of their quantity. The value stays: the reader decides, knowing.
 * A remark that a value already carries stays too, because only the source knows it while the bounds can be looked up at any time.
 */
export function assess(entity: Entity, quantities: Quantities, models: Models): Entity {
  const attributes = models.types.get(entity.type)?.attributes;
  const flagged: Record<string, Property> = {};
  for (const [name, attribute] of attributesOf(entity)) {
    if (attribute.type !== 'Property' || typeof attribute.value !== 'number' || attribute.status !== undefined) continue;
    const quantity = quantities.get(attributes?.[name]?.quantity ?? '');
    if (quantity === undefined || (attribute.value >= quantity.minimum && attribute.value <= quantity.maximum)) continue;
    flagged[name] = { ...attribute, status: { type: 'Property', value: 'outsidePhysicalBounds' } };
  }
  return Object.keys(flagged).length === 0 ? entity : { ...entity, ...flagged };
}
