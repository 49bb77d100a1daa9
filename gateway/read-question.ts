import type { Naming, Namings } from './naming.ts';
import { checkName, checkObject, checkText, checkTexts, checkUri, flagOf, listOf, readParams, type Params } from './params.ts';
import type { Question, Selector, View } from './question.ts';
import { readGeo, readOrdering, readPattern, readQ, readScopeQ, readTypes } from './read-parts.ts';
import { readPage, readTemporal, readView } from './read-view.ts';
import { notUnderstood } from './refusal.ts';

export interface Asked {
  /** Path and query of the request. */
  readonly url: string;
  readonly media: View['media'];
  /** URLs of the Link header. */
  readonly links: readonly string[];
  readonly namings: Namings;
  readonly mostEntities: number;
  /** Of the history. */
  readonly isTemporal: boolean;
}

const viewing = 'attrs pick omit options format lang datasetId local'.split(' ');
const selecting = 'id type idPattern q georel geometry coordinates geoproperty scopeQ expandValues limit offset count'.split(' ');
const present = ['geometryProperty'];
const ordering = ['orderBy', 'orderFrom', 'orderFromGeometry'];
const temporal = 'timerel timeAt endTimeAt timeproperty lastN aggrMethods aggrPeriodDuration'.split(' ');
const inTime = (isTemporal: boolean): readonly string[] => (isTemporal ? temporal : present);

const mostIds = 100;

/** GET of many entities. @throws {Refusal} for whatever is not understood. */
export function readGet({ url, media, links, namings, mostEntities, isTemporal }: Asked): Question {
  const params = readParams(url, new Set([...viewing, ...selecting, ...inTime(isTemporal), ...(isTemporal ? [] : ordering)]));
  flagOf(params['local'], 'local');
  const types = params['type'] === undefined || params['type'] === '*' ? undefined : readTypes(params['type']);
  const ids = listOf(params['id'], 'id', mostIds)?.map((id) => checkUri(id, 'id'));
  const naming = namings.of(links, types ?? typesIn(ids));
  const selector = selectorOf(types, ids, params['idPattern'], naming);
  const { orderBy, orderFrom, orderFromGeometry } = params;
  if (orderBy === undefined && (orderFrom ?? orderFromGeometry) !== undefined) throw notUnderstood('orderFrom goes with orderBy');
  return {
    ...conditions(params, params, naming),
    naming,
    selectors: [selector],
    ...(orderBy !== undefined && { ordering: readOrdering(orderBy.split(','), orderFromGeometry, orderFrom, naming) }),
    page: readPage(params, mostEntities),
    view: readView(isTemporal ? withoutForm(params) : params, media, naming, isTemporal),
    ...(isTemporal && { temporal: readTemporal(params, params) }),
  };
}

/** GET of one entity: how it is shown. */
export function readOne(asked: Asked, id: string): Pick<Question, 'naming' | 'view' | 'temporal'> & { readonly types?: readonly string[] } {
  const { url, media, links, namings, isTemporal } = asked;
  const params = readParams(url, new Set([...viewing, ...inTime(isTemporal), ...(isTemporal ? [] : ['type'])]));
  flagOf(params['local'], 'local');
  const types = params['type'] === undefined ? undefined : readTypes(params['type']);
  const naming = namings.of(links, types ?? typesIn([id]));
  return {
    naming,
    view: readView(isTemporal ? withoutForm(params) : params, media, naming, isTemporal),
    ...(types && { types: types.map((name) => naming.canonical(name)) }),
    ...(isTemporal && { temporal: readTemporal(params, params) }),
  };
}

const queryMembers = [
  'type',
  'entities',
  'attrs',
  'pick',
  'omit',
  'q',
  'geoQ',
  'scopeQ',
  'lang',
  'datasetId',
  'expandValues',
  'local',
  '@context',
];
const presentMembers = ['ordering', 'geometryProperty', 'options', 'format'];

/** POST of a Query (5.2.23). `isLd`: its `@context` is in the body. */
export function readPost(asked: Asked, text: string, isLd: boolean): Question {
  const { url, media, links, namings, mostEntities, isTemporal } = asked;
  const fromUrl = readParams(url, new Set(['limit', 'offset', 'count', 'options', 'format', 'local']));
  const body = checkObject(parse(text), 'the body', [...queryMembers, ...(isTemporal ? ['temporalQ'] : presentMembers)]);
  if (body['type'] !== 'Query') throw notUnderstood('type of the body: Query is taken');
  if (isLd !== (body['@context'] !== undefined)) throw notUnderstood('@context goes with application/ld+json, and it with @context');
  if (isLd && links.length > 0) throw notUnderstood('a Link header does not go with application/ld+json');
  const params: Record<string, string> = { ...fromUrl };
  for (const name of ['attrs', 'pick', 'omit', 'datasetId', 'expandValues', 'options']) {
    if (body[name] !== undefined) params[name] = checkTexts(body[name], name, 99).join(',');
  }
  for (const name of ['lang', 'format', 'geometryProperty', 'q', 'scopeQ']) {
    if (body[name] !== undefined) params[name] = checkText(body[name], name);
  }
  flagOf(body['local'] ?? params['local'], 'local');
  const entities = body['entities'] === undefined ? [] : readEntities(body['entities']);
  const contexts = isLd ? checkTexts(body['@context'], '@context', 5) : links;
  const naming = namings.of(
    contexts,
    entities.flatMap(({ types, ids }) => types ?? typesIn(ids)),
  );
  const selectors = entities.map(({ types, ids, idPattern }) => selectorOf(types, ids, idPattern, naming));
  const order =
    body['ordering'] === undefined ? undefined : checkObject(body['ordering'], 'ordering', ['orderBy', 'geometry', 'coordinates']);
  const geoQ = body['geoQ'] === undefined ? {} : checkObject(body['geoQ'], 'geoQ', ['georel', 'geometry', 'coordinates', 'geoproperty']);
  const temporalQ = body['temporalQ'] === undefined ? {} : checkObject(body['temporalQ'], 'temporalQ', temporal);
  return {
    ...conditions(params, geoQ, naming),
    naming,
    selectors: selectors.length === 0 ? [{}] : selectors,
    ...(order !== undefined && {
      ordering: readOrdering(checkTexts(order['orderBy'], 'orderBy', 5), order['geometry'], order['coordinates'], naming),
    }),
    page: readPage(params, mostEntities),
    view: readView(isTemporal ? withoutForm(params) : params, media, naming, isTemporal),
    ...(isTemporal && { temporal: readTemporal(temporalQ, params) }),
  };
}

function conditions(
  params: Params,
  geo: Readonly<Record<string, unknown>>,
  naming: Naming,
): Pick<Question, 'q' | 'scopeQ' | 'geo' | 'expandValues'> {
  const { q, scopeQ } = params;
  const found = readGeo(geo, naming);
  const expandValues = listOf(params['expandValues'], 'expandValues', 20)?.map((name) => naming.canonical(checkName(name, 'expandValues')));
  return {
    ...(q !== undefined && { q: readQ(q) }),
    ...(scopeQ !== undefined && { scopeQ: readScopeQ(scopeQ) }),
    ...(found !== undefined && { geo: found }),
    ...(expandValues !== undefined && { expandValues }),
  };
}

interface GivenEntity {
  readonly types?: string[];
  readonly ids?: string[];
  readonly idPattern?: string;
}

function readEntities(given: unknown): GivenEntity[] {
  if (!Array.isArray(given) || given.length === 0 || given.length > mostIds) throw notUnderstood(`entities: 1 to ${mostIds} are taken`);
  return given.map((one: unknown) => {
    const { type, id, idPattern } = checkObject(one, 'entities', ['type', 'id', 'idPattern']);
    return {
      ...(type !== undefined && type !== '*' && { types: readTypes(checkText(type, 'entities.type')) }),
      ...(id !== undefined && { ids: checkTexts(id, 'entities.id', mostIds).map((text) => checkUri(text, 'entities.id')) }),
      ...(idPattern !== undefined && { idPattern: checkText(idPattern, 'entities.idPattern') }),
    };
  });
}

function selectorOf(
  types: readonly string[] | undefined,
  ids: readonly string[] | undefined,
  idPattern: string | undefined,
  naming: Naming,
): Selector {
  return {
    ...(types && { types: types.map((name) => naming.canonical(name)) }),
    ...(ids && { ids }),
    // An id says more than a pattern.
    ...(idPattern !== undefined && ids === undefined && { idPattern: readPattern(idPattern) }),
  };
}

/** The types in ids such as urn:ngsi-ld:WaterObserved:arso:8350. */
function typesIn(ids: readonly string[] = []): string[] {
  return ids.flatMap((id) => /^urn:ngsi-ld:([A-Za-z0-9]+):/.exec(id)?.[1] ?? []);
}

/** Forms of temporal entities are read with their window. */
function withoutForm({ options: _options, format: _format, ...params }: Params): Params {
  return params as Params;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw notUnderstood('the body is no JSON');
  }
}
