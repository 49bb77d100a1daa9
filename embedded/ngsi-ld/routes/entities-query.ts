import type { Request, Response } from 'express';
import { setPaging, sendNoContent } from '../http/answer.ts';
import { flagOf, listOf, pageOf, paramsOf, type Params } from '../http/params.ts';
import { READING_PARAMS, readingOf } from '../http/reading.ts';
import { contextOf, existingTenant } from '../http/request.ts';
import { createShow, sendEntities } from '../http/show.ts';
import { geometryFault, type Geometry } from '../../../core/entity/geojson.ts';
import { expandChecked } from '../input/names.ts';
import { Problem } from '../problems.ts';
import { parseOrdering, type Ordering } from '../query/order.ts';
import { compileSelection, selectEntities, type Selection, type Selector } from '../query/select.ts';
import type { BrokerDeps, ResolvedContext, StoredEntity } from '../types.ts';

const SELECT_PARAMS = [
  'id',
  'type',
  'idPattern',
  'attrs',
  'q',
  'georel',
  'geometry',
  'coordinates',
  'geoproperty',
  'scopeQ',
  'csf',
  'expandValues',
  'local',
] as const;
const PAGE_PARAMS = [
  'limit',
  'offset',
  'count',
  'orderBy',
  'collation',
  'orderFrom',
  'orderFromGeometry',
  'entityMap',
  'splitEntities',
  'jsonKeys',
] as const;

/** GET /entities */
export async function queryEntities(deps: BrokerDeps, req: Request, res: Response): Promise<void> {
  const params = paramsOf(req, [...READING_PARAMS, ...SELECT_PARAMS, ...PAGE_PARAMS], deps);
  const context = await contextOf(req, deps);
  const selection = selectionOf(params, deps);
  requireNarrow(selection, params, deps);
  answerQuery(deps, req, res, { params, context, selection, ordering: orderingOf(params) });
}

export interface EntityQuery {
  readonly params: Params;
  readonly context: ResolvedContext;
  readonly selection: Selection;
  readonly ordering?: Ordering | undefined;
}

export function answerQuery(deps: BrokerDeps, req: Request, res: Response, query: EntityQuery): void {
  const { params, context, selection, ordering } = query;
  const reading = readingOf(req, params, context, deps);
  const page = pageOf(params);
  const tenant = existingTenant(req, deps);
  const find = (id: string): StoredEntity | undefined => deps.store.get(tenant, id);
  const compiled = compileSelection(selection, { context, profile: deps.profile, linked: { depth: reading.joinLevel, get: find } });
  const compare = ordering === undefined ? undefined : parseOrdering(ordering, context);
  const found = pageThrough(selectEntities(deps.store, tenant, compiled), page, compare);
  setPaging(req, res, page, found.total);
  sendEntities(req, res, deps, found.entities, reading, createShow(reading, find));
}

function pageThrough(
  matching: Iterable<StoredEntity>,
  page: { limit: number; offset: number },
  compare: ((a: StoredEntity, b: StoredEntity) => number) | undefined,
): { entities: StoredEntity[]; total: number } {
  const end = page.offset + page.limit;
  if (compare !== undefined) {
    const all = [...matching].sort(compare);
    return { entities: all.slice(page.offset, end), total: all.length };
  }
  const entities: StoredEntity[] = [];
  let total = 0;
  for (const entity of matching) {
    if (total >= page.offset && total < end) entities.push(entity);
    total += 1;
  }
  return { entities, total };
}

/** DELETE /entities (5.6.21): deletes what matches, or with keep or drop only attributes of it. */
export async function purgeEntities(deps: BrokerDeps, req: Request, res: Response): Promise<void> {
  const params = paramsOf(req, [...SELECT_PARAMS, 'keep', 'drop'], deps);
  const context = await contextOf(req, deps);
  const selection = selectionOf(params, deps);
  requireNarrow(selection, params, deps);
  if (params['keep'] !== undefined && params['drop'] !== undefined)
    throw new Problem('BadRequestData', 'Invalid URI parameter', 'keep and drop exclude each other');
  const names = (text: string | undefined): Set<string> | undefined =>
    text === undefined ? undefined : new Set(text.split(',').map((name) => expandChecked(name.trim(), 'attribute', context, deps.profile)));
  const [keep, drop] = [names(params['keep']), names(params['drop'])];
  const tenant = existingTenant(req, deps);
  const compiled = compileSelection(selection, { context, profile: deps.profile, linked: { depth: 0, get: () => undefined } });
  const at = deps.clock();
  deps.store.write(tenant, at, (writer) => {
    for (const entity of [...selectEntities(deps.store, tenant, compiled)]) {
      if (keep === undefined && drop === undefined) {
        writer.delete(entity.id);
        continue;
      }
      const isKept = (iri: string): boolean => keep?.has(iri) ?? drop?.has(iri) === false;
      const removed = Object.keys(entity.attributes).filter((iri) => !isKept(iri));
      const attributes = Object.fromEntries(Object.entries(entity.attributes).filter(([iri]) => isKept(iri)));
      if (removed.length > 0) writer.put({ ...entity, attributes, modifiedAt: at }, [], removed);
    }
  });
  sendNoContent(req, res);
}

function selectionOf(params: Params, deps: BrokerDeps): Selection {
  const { id, type, idPattern, attrs, q, georel, geometry, coordinates, geoproperty, scopeQ, csf, expandValues } = params;
  if (type === '*' && params['local'] === 'false')
    throw new Problem('BadRequestData', 'Invalid URI parameter', 'type=* is for local queries');
  const ids = listOf(id);
  const selector: Selector = { ...(ids && { ids }), ...(type !== undefined && { type }), ...(idPattern !== undefined && { idPattern }) };
  const hasSelector = Object.keys(selector).length > 0;
  const expand = listOf(expandValues);
  if (attrs !== undefined && deps.profile === 'orion' && attrs.split(',').length > 99)
    throw new Problem('BadRequestData', 'Too many attributes', 'at most 99');
  return {
    ...(hasSelector && { selectors: [selector] }),
    ...(attrs !== undefined && { attrs: attrs.split(',').map((name) => name.trim()) }),
    ...(q !== undefined && { q }),
    ...(scopeQ !== undefined && { scopeQ }),
    ...(csf !== undefined && { csf }),
    ...(expand && { expandValues: expand }),
    ...([georel, geometry, coordinates, geoproperty].some((part) => part !== undefined) && {
      geo: { georel, geometry, coordinates, geoproperty },
    }),
  };
}

const SYSTEM = new Set(['createdAt', 'modifiedAt', 'expiresAt', 'id', 'type']);

/** Refuses a query over all entities (5.7.2.4): a type, an attribute, a q over one, a geoquery or local=true is needed. */
export function requireNarrow(selection: Selection, params: Params, deps: BrokerDeps): void {
  if (flagOf(params, 'local')) return;
  const { selectors = [], attrs = [], q, geo } = selection;
  const byType = selectors.length > 0 && selectors.every(({ type }) => type !== undefined);
  const byId = deps.profile === 'orion' && selectors.length > 0;
  const byQ =
    q !== undefined &&
    [...q.replace(/"(?:[^"\\]|\\.)*"/g, '').matchAll(/(?:^|[;|(&!])\s*!?([^=<>~!;|()&.[{]+)/g)].some(
      ([, name]) => !SYSTEM.has(name as string),
    );
  if (byType || byId || byQ || geo?.georel !== undefined || attrs.some((name) => !SYSTEM.has(name))) return;
  throw new Problem('BadRequestData', 'Too broad query', 'one of type, attrs, q, georel or local=true is needed');
}

function orderingOf(params: Params): Ordering | undefined {
  const orderBy = listOf(params['orderBy']);
  if (orderBy === undefined) return undefined;
  const from = params['orderFrom'];
  return {
    orderBy,
    ...(params['collation'] !== undefined && { collation: params['collation'] }),
    ...(from !== undefined && { from: readFrom(params['orderFromGeometry'] ?? 'Point', from) }),
  };
}

export function readFrom(type: unknown, coordinates: unknown): Geometry {
  let parsed = coordinates;
  try {
    if (typeof coordinates === 'string') parsed = JSON.parse(coordinates);
  } catch {
    throw new Problem('BadRequestData', 'Invalid coordinates', String(coordinates));
  }
  const fault = geometryFault({ type, coordinates: parsed });
  if (fault !== undefined) throw new Problem('BadRequestData', 'Invalid coordinates', fault);
  return { type, coordinates: parsed } as Geometry;
}
