import type { HiddenEntities } from '../core/access/hidden.ts';
import { levelOfAttribute, levelOfType, mayRead, readableAttributes, readableSubAttributes } from '../core/access/levels.ts';
import { pathsOf, writeQ, type QPath } from '../core/access/q.ts';
import type { AccessLevel, Model, Models } from '../core/entity/models.ts';
import type { Naming } from './naming.ts';
import type { Question, Selector } from './question.ts';
import { entityMembers } from './read-view.ts';
import { notReadable, notUnderstood, type Refusal } from './refusal.ts';

/** Who asks. */
export interface Reader {
  readonly level: AccessLevel;
  readonly hidden: HiddenEntities;
}

/** What goes to the broker: a Query (5.2.23) whose every condition the caller may ask for. */
export interface Permitted {
  readonly body: Readonly<Record<string, unknown>>;
  /** A broker wants this of an order, and of a question over all types. */
  readonly local: boolean;
}

const attributeMembers = new Set(['observedAt', 'unitCode', 'datasetId', 'lang', 'createdAt', 'modifiedAt', 'expiresAt']);
const mostSelectors = 1_000;

/**
 * A question in the bounds of the caller's level: types are always named, and no condition, order or projection touches what he may not read,
 * so that neither the answer nor its count depends on it. undefined: nothing that he may read can fit. @throws {Refusal}
 */
export function permit(question: Question, reader: Reader, models: Models): Permitted | undefined {
  const { naming, q, geo, ordering, scopeQ, view, expandValues, temporal } = question;
  const decisive = decisiveNames(question, reader.level);
  const readable = (model: Model, name: string): boolean => isReadable(model, name, naming, reader.level);
  const selectors = question.selectors.flatMap((selector) => {
    const types = typesOf(selector, decisive, readable, naming, reader, models);
    return types === undefined ? [] : [{ ...selector, types }];
  });
  const picked = [
    ...(view.pick ?? []),
    ...(view.media === 'application/geo+json' && view.geometryProperty !== 'location' ? [view.geometryProperty] : []),
  ];
  for (const name of picked.filter((one) => !entityMembers.has(one) && reader.level !== 'internal')) {
    const types = selectors.flatMap((selector) => selector.types ?? []);
    const some = types.some((type) => naming.model(type) !== undefined && readable(naming.model(type) as Model, name));
    if (types.length > 0 && !some) throw notReadable(name, reader.level);
  }
  const entities = selectors.flatMap((selector) => entitiesOf(selector, reader));
  if (entities.length === 0) return undefined;
  if (entities.length > mostSelectors) throw notUnderstood(`types and ids make more than ${mostSelectors} combinations`);
  const attrs = temporal === undefined ? view.attrs : temporalAttributes(question, selectors, reader.level);
  const isBroad = entities.some(({ type, id, idPattern }) => type === '*' && id === undefined && idPattern === undefined);
  const isUnbound = isBroad && q === undefined && geo === undefined && attrs === undefined;
  return {
    local: ordering !== undefined || isUnbound,
    body: {
      type: 'Query',
      ...(!isBroad && { entities }),
      ...(attrs !== undefined && { attrs }),
      ...(q !== undefined && { q: writeQ(q, naming.canonical) }),
      ...(geo !== undefined && {
        geoQ: { georel: geo.georel, geometry: geo.geometry, coordinates: geo.coordinates, geoproperty: geo.property },
      }),
      ...(scopeQ !== undefined && { scopeQ }),
      ...(view.lang !== undefined && { lang: view.lang }),
      ...(expandValues !== undefined && { expandValues }),
      ...(ordering !== undefined && {
        ordering: {
          orderBy: ordering.by.map(({ name, direction }) => `${name};${direction}`),
          ...(ordering.from !== undefined && { geometry: ordering.from.type, coordinates: ordering.from.coordinates }),
        },
      }),
      ...(temporal !== undefined && { temporalQ: temporal.temporalQ }),
    },
  };
}

/** Whether a caller may read an attribute of a type; undeclared ones are internal. */
function isReadable(model: Model, name: string, naming: Naming, level: AccessLevel): boolean {
  const attribute = naming.attribute(model, name);
  return level === 'internal' || (attribute !== undefined && mayRead(level, levelOfAttribute(model, attribute)));
}

/** Names on which it depends what an answer holds, or in which order. */
function decisiveNames({ q, geo, ordering, scopeQ, view, expandValues, naming }: Question, level: AccessLevel): string[] {
  const ofEntity = (name: string): void => {
    // When a whole entity was made or changed tells of attributes that this caller may not read; nothing declares a level for scopes.
    if (level !== 'internal') throw notReadable(`${name} of an entity`, level);
  };
  const ofQ = (q === undefined ? [] : pathsOf(q)).flatMap((path) => pathNames(path, level, ofEntity, naming));
  const ofOrder = (ordering?.by ?? []).flatMap(({ name }) => {
    if (name === 'id' || name === 'type') return [];
    if (!entityMembers.has(name)) return [name];
    ofEntity(name);
    return [];
  });
  const ofAttrs = (view.attrs ?? []).filter((name) => {
    if (name === 'scope') ofEntity(name);
    return name !== 'scope';
  });
  if (scopeQ !== undefined) ofEntity('scope');
  return [...new Set([...ofQ, ...(geo === undefined ? [] : [geo.property]), ...ofOrder, ...ofAttrs, ...(expandValues ?? [])])];
}

function pathNames({ names }: QPath, level: AccessLevel, ofEntity: (name: string) => void, naming: Naming): string[] {
  const [first = '', ...subs] = names;
  if (first === 'id' || first === 'type') throw notUnderstood(`q: ask for ${first} with the parameter of that name`);
  if (entityMembers.has(first) || attributeMembers.has(first)) {
    ofEntity(first);
    return [];
  }
  const hidden = subs.find((sub) => !attributeMembers.has(sub) && !readableSubAttributes.has(sub));
  if (hidden !== undefined && level !== 'internal')
    throw notReadable(`${names.join('.')} (a member of a value is written ${first}[${hidden}])`, level);
  return [naming.canonical(first)];
}

/** A name that means nothing in this context; without one short names hardly do. */
function unknown(names: string, naming: Naming, level: AccessLevel): Refusal {
  const isShort = naming.subject === undefined && !names.includes('://');
  return notReadable(isShort ? `${names} (without a Link header with a subject's @context names are IRIs)` : names, level);
}

/** The types a selector asks for; undefined: none that could fit. */
function typesOf(
  { types, ids }: Selector,
  decisive: readonly string[],
  readable: (model: Model, name: string) => boolean,
  naming: Naming,
  { level }: Reader,
  models: Models,
): readonly string[] | undefined {
  if (types !== undefined) {
    for (const type of types) {
      const model = naming.model(type);
      if (level === 'internal') continue;
      if (model === undefined) throw unknown(type, naming, level);
      if (!mayRead(level, levelOfType(model))) throw notReadable(type, level);
      const name = decisive.find((one) => !readable(model, one));
      if (name !== undefined) throw notReadable(`${name} of ${type}`, level);
    }
    return types;
  }
  if (level === 'internal') return ['*'];
  const fitting = [...models.types.values()].filter(
    (model) => mayRead(level, levelOfType(model)) && decisive.every((name) => readable(model, name)),
  );
  if (fitting.length === 0) throw unknown(decisive.join(', '), naming, level);
  const told = ids?.map((id) => models.types.get(/^urn:ngsi-ld:([A-Za-z0-9]+):/.exec(id)?.[1] ?? ''));
  const isTold = told !== undefined && told.every((model) => model !== undefined);
  const asked = isTold ? fitting.filter((model) => told.includes(model)) : fitting;
  return asked.length === 0 ? undefined : asked.map((model) => naming.typeName(model));
}

interface EntitySelector {
  readonly type: string;
  readonly id?: string;
  readonly idPattern?: string;
}

/** Each type with each id, or with the pattern that leaves out hidden entities. */
function entitiesOf({ types = [], ids, idPattern }: Selector, { level, hidden }: Reader): EntitySelector[] {
  if (ids !== undefined) {
    const shown = ids.filter((id) => !hidden.isHidden(id, level));
    return types.flatMap((type) => shown.map((id) => ({ type, id })));
  }
  const outside = hidden.pattern(level);
  const pattern = outside === undefined || idPattern === undefined ? (outside ?? idPattern) : `${outside}.*(?:${idPattern})`;
  return types.map((type) => ({ type, ...(pattern !== undefined && { idPattern: pattern }) }));
}

/** In a history an entity fits where one of its attributes has a value in the window: only of those that the caller may read. */
function temporalAttributes({ view, naming }: Question, selectors: readonly Selector[], level: AccessLevel): readonly string[] | undefined {
  const picked = view.pick?.filter((name) => !entityMembers.has(name));
  const named = view.attrs ?? (picked !== undefined && picked.length > 0 ? picked : undefined);
  if (level === 'internal') return named;
  const types = [...new Set(selectors.flatMap((selector) => selector.types ?? []))];
  if (view.attrs !== undefined || types.length === 0) return view.attrs;
  const model = types.length === 1 ? naming.model(types[0] as string) : undefined;
  if (model === undefined) throw notUnderstood('a question of the history names one type, or the attributes that are wanted');
  const all = readableAttributes(model, level).map((name) => naming.nameOf(model, name));
  return all.filter((name) => (named?.includes(name) ?? true) && view.omit?.includes(name) !== true);
}
