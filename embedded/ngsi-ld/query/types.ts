import { expandChecked } from '../input/names.ts';
import type { Profile, ResolvedContext } from '../types.ts';
import { parseLogic, type EntityTest } from './logic.ts';

export interface TypeSelection {
  /** IRIs, of which a matching entity has at least one; absent: any type. */
  readonly types?: readonly string[];
  readonly test: EntityTest;
}

/** An entity type selection (4.17): names joined by `,` or `|` (any), `;` (all), parentheses; `*` is every type. */
export function parseTypes(text: string, context: ResolvedContext, profile: Profile): TypeSelection {
  if (text === '*') return { test: () => true };
  const types: string[] = [];
  const test = parseLogic(text, { and: ';', or: ',|' }, (name) => {
    const iri = expandChecked(name.trim(), 'type', context, profile);
    types.push(iri);
    return (entity) => entity.types.includes(iri);
  });
  return { types, test };
}
