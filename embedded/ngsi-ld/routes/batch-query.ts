import type { Request, Response } from 'express';
import { pageOf, paramsOf, type Params } from '../http/params.ts';
import { READING_PARAMS } from '../http/reading.ts';
import { bodyOf } from '../http/request.ts';
import { isObject } from '../input/shape.ts';
import { isUri } from '../input/names.ts';
import { Problem } from '../problems.ts';
import type { Ordering } from '../query/order.ts';
import type { Selection, Selector } from '../query/select.ts';
import type { BrokerDeps } from '../types.ts';
import { answerQuery, readFrom, requireNarrow } from './entities-query.ts';

const STRINGS = new Set(['q', 'csf', 'scopeQ', 'lang', 'join', 'geometryProperty', 'format']);
const LISTS = new Set(['attrs', 'pick', 'omit', 'containedBy', 'datasetId', 'expandValues', 'jsonKeys', 'options']);

/** POST /entityOperations/query: the query language as a Query (5.2.23) in the body. */
export async function postQuery(deps: BrokerDeps, req: Request, res: Response): Promise<void> {
  const url = paramsOf(req, [...READING_PARAMS, 'limit', 'offset', 'count', 'entityMap', 'splitEntities'], deps);
  const { json, context } = await bodyOf(req, deps);
  const query = json as Record<string, unknown>;
  if (query['type'] !== 'Query') throw invalid('type', 'Query is expected');
  const params: Record<string, string> = { ...url };
  for (const [name, value] of Object.entries(query)) takeMember(params, name, value);
  pageOf(params);
  const selection = selectionOf(query, params);
  requireNarrow(selection, params, deps);
  answerQuery(deps, req, res, { params, context, selection, ordering: orderingOf(query['ordering']) });
}

function takeMember(params: Record<string, string>, name: string, value: unknown): void {
  if (STRINGS.has(name)) {
    if (typeof value !== 'string') throw invalid(name, 'a string is expected');
    params[name] = value;
  } else if (LISTS.has(name)) {
    const words = typeof value === 'string' ? [value] : value;
    if (!Array.isArray(words) || words.length === 0 || !words.every((word) => typeof word === 'string'))
      throw invalid(name, 'an array of strings is expected');
    params[name] = words.join(',');
  } else if (name === 'joinLevel') {
    if (!Number.isInteger(value) || (value as number) < 1) throw invalid(name, 'a whole number from 1 is expected');
    params[name] = String(value);
  } else if (name === 'local' || name === 'entityMap' || name === 'splitEntities') {
    if (typeof value !== 'boolean') throw invalid(name, 'true or false is expected');
    params[name] = String(value);
  } else if (name !== 'type' && name !== 'entities' && name !== 'geoQ' && name !== 'ordering' && name !== 'id') {
    throw invalid(name, name === 'temporalQ' ? 'it belongs to temporal queries' : 'not known');
  }
}

function selectionOf(query: Record<string, unknown>, params: Params): Selection {
  const { entities, geoQ } = query;
  if (geoQ !== undefined && !isObject(geoQ)) throw invalid('geoQ', 'an object is expected');
  if (entities !== undefined && (!Array.isArray(entities) || entities.length === 0))
    throw invalid('entities', 'an array of one or more is expected');
  const list = (name: string): string[] | undefined => params[name]?.split(',');
  const [attrs, expandValues] = [list('attrs'), list('expandValues')];
  return {
    ...(Array.isArray(entities) && { selectors: entities.map(selectorOf) }),
    ...(attrs && { attrs }),
    ...(expandValues && { expandValues }),
    ...(params['q'] !== undefined && { q: params['q'] }),
    ...(params['csf'] !== undefined && { csf: params['csf'] }),
    ...(params['scopeQ'] !== undefined && { scopeQ: params['scopeQ'] }),
    ...(geoQ !== undefined && { geo: geoQ }),
  };
}

function selectorOf(item: unknown): Selector {
  if (!isObject(item)) throw invalid('entities', 'objects are expected');
  const { id, idPattern, type, ...rest } = item;
  const strange = Object.keys(rest)[0];
  if (strange !== undefined) throw invalid(`entities.${strange}`, 'not known');
  if (typeof type !== 'string' || type === '') throw invalid('entities.type', 'a type is expected');
  if (idPattern !== undefined && typeof idPattern !== 'string') throw invalid('entities.idPattern', 'a string is expected');
  const ids = id === undefined ? undefined : ([id].flat() as unknown[]);
  if (ids !== undefined && !ids.every(isUri)) throw invalid('entities.id', 'URIs are expected');
  return { type, ...(ids && { ids: ids as string[] }), ...(idPattern !== undefined && { idPattern }) };
}

/** OrderingParams (5.2.43). */
function orderingOf(given: unknown): Ordering | undefined {
  if (given === undefined) return undefined;
  if (!isObject(given)) throw invalid('ordering', 'an object is expected');
  const { orderBy, collation, geometry = 'Point', coordinates } = given;
  if (!Array.isArray(orderBy) || orderBy.length === 0 || !orderBy.every((one) => typeof one === 'string'))
    throw invalid('ordering.orderBy', 'an array of strings is expected');
  if (collation !== undefined && typeof collation !== 'string') throw invalid('ordering.collation', 'a language tag is expected');
  if (typeof geometry !== 'string') throw invalid('ordering.geometry', 'a string is expected');
  if (coordinates !== undefined && !Array.isArray(coordinates)) throw invalid('ordering.coordinates', 'an array is expected');
  return {
    orderBy,
    ...(collation !== undefined && { collation }),
    ...(coordinates !== undefined && { from: readFrom(geometry, coordinates) }),
  };
}

function invalid(name: string, why: string): Problem {
  return new Problem('BadRequestData', 'Invalid query', `${name}: ${why}`);
}
