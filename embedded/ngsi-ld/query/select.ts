import { compilePattern, type Pattern } from '../../../core/service/pattern.ts';
import { checkUri, expandChecked } from '../input/names.ts';
import { Problem } from '../problems.ts';
import type { EntityStore, Profile, ResolvedContext, StoredEntity } from '../types.ts';
import { parseGeo, type GeoParams } from './geo.ts';
import type { EntityTest } from './logic.ts';
import { parseQ, type LinkedLookup } from './q.ts';
import { parseScopeQ } from './scope.ts';
import { parseTypes } from './types.ts';

/** What selects entities, in short names; an entity must fit one of `selectors` and all the rest. */
export interface Selection {
  readonly selectors?: readonly Selector[];
  readonly attrs?: readonly string[];
  readonly q?: string;
  readonly geo?: GeoParams;
  readonly scopeQ?: string;
  readonly expandValues?: readonly string[];
  /** Context source filter: checked, and of no effect where one broker answers alone. */
  readonly csf?: string;
}

export interface Selector {
  readonly ids?: readonly string[];
  readonly idPattern?: string;
  readonly type?: string;
}

export interface SelectOptions {
  readonly context: ResolvedContext;
  readonly profile: Profile;
  readonly linked: LinkedLookup;
}

export interface CompiledSelection {
  /** What the store can narrow by. */
  readonly narrow: { ids?: readonly string[]; types?: readonly string[] };
  readonly test: EntityTest;
  /** IRIs of `attrs`. */
  readonly attrs?: ReadonlySet<string>;
}

/** Throws BadRequestData for any part that cannot be understood. */
export function compileSelection(selection: Selection, options: SelectOptions): CompiledSelection {
  const { context, profile } = options;
  const selectors = (selection.selectors ?? []).map((selector) => compileSelector(selector, options));
  const attrs = selection.attrs && new Set(selection.attrs.map((name) => expandChecked(name, 'attrs', context, profile)));
  const tests: EntityTest[] = [];
  if (selectors.length > 0) tests.push((entity) => selectors.some(({ test }) => test(entity)));
  if (attrs !== undefined) tests.push((entity) => [...attrs].some((iri) => entity.attributes[iri] !== undefined));
  if (selection.q !== undefined) {
    const expand = selection.expandValues?.map((name) => context.expandName(name));
    tests.push(parseQ(selection.q, context, { linked: options.linked, ...(expand && { expandValues: new Set(expand) }) }));
  }
  if (selection.csf !== undefined) parseQ(selection.csf, context);
  if (selection.scopeQ !== undefined) tests.push(parseScopeQ(selection.scopeQ));
  const geo = selection.geo && parseGeo(selection.geo, context);
  if (geo !== undefined) tests.push(geo);
  const ids = narrowBy(selectors, 'ids');
  const types = narrowBy(selectors, 'types');
  return {
    narrow: { ...(ids && { ids }), ...(types && { types }) },
    test: (entity) => tests.every((test) => test(entity)),
    ...(attrs && { attrs }),
  };
}

/** All values that any selector asks for; undefined when one of them asks for none. */
function narrowBy(
  selectors: readonly Pick<CompiledSelection['narrow'], 'ids' | 'types'>[],
  key: 'ids' | 'types',
): readonly string[] | undefined {
  if (selectors.length === 0 || selectors.some((selector) => selector[key] === undefined)) return undefined;
  return selectors.flatMap((selector) => selector[key] ?? []);
}

function compileSelector(
  selector: Selector,
  { context, profile }: SelectOptions,
): { ids?: readonly string[]; types?: readonly string[]; test: EntityTest } {
  const ids = selector.ids?.map((id) => checkUri(id, 'id'));
  const type = selector.type === undefined ? undefined : parseTypes(selector.type, context, profile);
  const wanted = ids && new Set(ids);
  // An id says more than a pattern.
  const pattern = ids === undefined && selector.idPattern !== undefined ? idPattern(selector.idPattern) : undefined;
  return {
    ...(ids && { ids }),
    ...(type?.types && { types: type.types }),
    test: (entity) => (wanted?.has(entity.id) ?? true) && (pattern?.test(entity.id) ?? true) && (type?.test(entity) ?? true),
  };
}

function idPattern(text: string): Pattern {
  try {
    return compilePattern(text);
  } catch {
    throw new Problem('BadRequestData', 'Invalid idPattern', `${text} is no regular expression`);
  }
}

export function* selectEntities(store: EntityStore, tenant: string, selection: CompiledSelection): IterableIterator<StoredEntity> {
  for (const entity of store.list(tenant, selection.narrow)) {
    if (selection.test(entity)) yield entity;
  }
}
