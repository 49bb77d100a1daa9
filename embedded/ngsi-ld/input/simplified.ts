import { VALUE_MEMBER } from '../represent.ts';
import type { ResolvedContext, StoredEntity } from '../types.ts';
import { isObject } from './shape.ts';

/**
 * Values of a simplified merge (6.5.3.4) in the kind that the stored attribute has: a bare URI stays a Relationship, a text
 * in `lang` goes into the languageMap, and `observedAt` is set where the attribute has one.
 */
export function inStoredKind(
  json: Readonly<Record<string, unknown>>,
  entity: StoredEntity,
  context: ResolvedContext,
  given: { readonly lang?: string | undefined; readonly observedAt?: string | undefined },
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(json).map(([name, value]) => {
      const stored = entity.attributes[context.expandName(name)]?.find((one) => one.datasetId === undefined);
      if (stored === undefined || value === null || (isObject(value) && stored.type !== 'JsonProperty' && stored.type !== 'Property'))
        return [name, value];
      const time = given.observedAt !== undefined && stored.observedAt !== undefined ? { observedAt: given.observedAt } : {};
      if (stored.type !== 'LanguageProperty') return [name, { type: stored.type, [VALUE_MEMBER[stored.type]]: value, ...time }];
      return [name, given.lang === undefined ? value : { type: stored.type, languageMap: { [given.lang]: value }, ...time }];
    }),
  );
}
