import { attributesOf, type Entity } from '../../core/entity/entity.ts';
import type { Knowledge } from '../../core/pipeline.ts';

/** Numbers that an entity publishes beyond what is possible, without a remark. */
export function unremarked(entity: Entity, knowledge: Pick<Knowledge, 'models' | 'quantities'>): string[] {
  const attributes = knowledge.models.types.get(entity.type)?.attributes ?? {};
  return attributesOf(entity).flatMap(([name, attribute]) => {
    if (attribute.type !== 'Property' || attribute.status !== undefined) return [];
    const bounds = knowledge.quantities.get(attributes[name]?.quantity ?? '');
    const numbers = (typeof attribute.value === 'object' ? Object.values(attribute.value) : [attribute.value]).filter(
      (value): value is number => typeof value === 'number',
    );
    const isPossible = (value: number): boolean =>
      Number.isFinite(value) && (bounds === undefined || (value >= bounds.minimum && value <= bounds.maximum));
    return numbers.every(isPossible) ? [] : [`${entity.type}.${name} = ${numbers.join()}`];
  });
}
