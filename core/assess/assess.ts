import { attributesOf, type Entity, type Property } from '../entity/entity.ts';
import type { Models } from '../entity/models.ts';
import type { Quantities } from './quantities.ts';

/** Flags measured values outside the physical bounds of their quantity. The value stays: the reader decides, knowing. */
export function assess(entity: Entity, quantities: Quantities, models: Models): Entity {
  const model = models.types.get(entity.type);
  const flagged: Record<string, Property> = {};
  for (const [name, attribute] of attributesOf(entity)) {
    if (attribute.type !== 'Property' || typeof attribute.value !== 'number') continue;
    const quantity = quantities.get(model?.attributes[name]?.quantity ?? '');
    if (quantity === undefined || (attribute.value >= quantity.minimum && attribute.value <= quantity.maximum)) continue;
    flagged[name] = { ...attribute, status: { type: 'Property', value: 'outsidePhysicalBounds' } };
  }
  return { ...entity, ...flagged };
}
