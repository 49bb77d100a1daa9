import { Router, type Request, type Response } from 'express';
import {
  appendAttributes,
  createEntity,
  mergeEntity,
  replaceAttribute,
  updateAttributePart,
  updateAttributes,
  deleteAttribute,
  SCOPE_IRI,
  type Edit,
} from '../edit.ts';
import { sendCreated, sendJson, sendNoContent, segment, acceptOf } from '../http/answer.ts';
import { paramsOf, flagOf, listOf } from '../http/params.ts';
import { bodyOf, contextOf, createdTenant, existingTenant } from '../http/request.ts';
import { READING_PARAMS, formatOf, isFormat, readingOf } from '../http/reading.ts';
import { route, type Handler } from '../http/routing.ts';
import { createShow, sendGeoJson, toFeature } from '../http/show.ts';
import { readAttribute } from '../input/attribute.ts';
import { isObject } from '../input/shape.ts';
import { readEntity, type EntityInput } from '../input/entity.ts';
import { checkUri, expandChecked } from '../input/names.ts';
import { inStoredKind } from '../input/simplified.ts';
import { Problem } from '../problems.ts';
import { parseTypes } from '../query/types.ts';
import type { BrokerDeps, EntityWriter, ResolvedContext, StoredEntity } from '../types.ts';
import { refuseDatasets, refuseRetyping } from './orion.ts';
import { queryEntities, purgeEntities } from './entities-query.ts';

/** /entities and all below it. */
export function entitiesRouter(deps: BrokerDeps): Router {
  const router = Router();
  const bind =
    (handle: (deps: BrokerDeps, req: Request, res: Response) => Promise<void>): Handler =>
    (req, res) =>
      handle(deps, req, res);
  route(router, deps, '/entities', {
    get: bind(queryEntities),
    post: bind(create),
    delete: bind(purgeEntities),
  });
  route(router, deps, '/entities/:id', { get: bind(retrieve), patch: bind(merge), put: bind(replace), delete: bind(remove) });
  route(router, deps, '/entities/:id/attrs', { post: bind(append), patch: bind(update) });
  route(router, deps, '/entities/:id/attrs/:name', { patch: bind(updatePart), put: bind(replaceOne), delete: bind(removeOne) });
  return router;
}

async function create(deps: BrokerDeps, req: Request, res: Response): Promise<void> {
  formatOf(paramsOf(req, ['local', 'options', 'format'], deps));
  const { json, context } = await bodyOf(req, deps);
  const input = withId(readEntity(json, { context, profile: deps.profile, mode: 'create', whole: true }));
  const at = deps.clock();
  deps.store.write(createdTenant(req, deps), at, (writer) => {
    if (writer.get(input.id) !== undefined) throw new Problem('AlreadyExists', 'Entity already exists', input.id);
    writer.put(createEntity(input, at), Object.keys(input.attributes));
  });
  sendCreated(req, res, `/entities/${segment(input.id)}`);
}

async function retrieve(deps: BrokerDeps, req: Request, res: Response): Promise<void> {
  const params = paramsOf(req, [...READING_PARAMS, 'type'], deps);
  const id = checkUri(req.params['id'], 'entity id');
  const context = await contextOf(req, deps);
  const reading = readingOf(req, params, context, deps);
  const tenant = existingTenant(req, deps);
  const entity = ofType(deps.store.get(tenant, id), id, params['type'], context, deps);
  const show = createShow(reading, (target) => deps.store.get(tenant, target));
  const json = show.one(entity);
  const hasAny = reading.attrs === undefined || [...reading.attrs].some((iri) => entity.attributes[iri] !== undefined);
  if (json === undefined || !hasAny) throw new Problem('ResourceNotFound', 'No such attribute', `${id} has none of those asked for`);
  if (reading.accept === 'application/geo+json') return sendGeoJson(req, res, deps, toFeature(json, entity, reading), reading);
  const body = reading.join === 'flat' ? [json, ...show.linked([entity])] : json;
  sendJson(req, res, deps, { body, context, accept: reading.accept });
}

async function merge(deps: BrokerDeps, req: Request, res: Response): Promise<void> {
  const id = entityId(req);
  const params = paramsOf(req, ['options', 'format', 'type', 'local', 'observedAt', 'lang'], deps);
  const { format } = formatOf(params);
  const { json, context } = await bodyOf(req, deps);
  const { observedAt, lang } = params;
  change(deps, req, params['type'], context, (entity, at) => {
    const fragment = json as Record<string, unknown>;
    const members = format === 'simplified' ? inStoredKind(fragment, entity, context, { observedAt, lang }) : fragment;
    return mergeEntity(entity, sameId(readEntity(members, { context, profile: deps.profile, mode: 'merge' }), id), at);
  });
  sendNoContent(req, res);
}

async function replace(deps: BrokerDeps, req: Request, res: Response): Promise<void> {
  const id = entityId(req);
  const params = paramsOf(req, ['options', 'format', 'type', 'local'], deps);
  const { json, context } = await bodyOf(req, deps);
  const input = sameId(readEntity({ id, ...(json as object) }, { context, profile: deps.profile, mode: 'create', whole: true }), id);
  refuseDatasets(deps, input);
  const at = deps.clock();
  deps.store.write(existingTenant(req, deps), at, (writer) => {
    const before = ofType(writer.get(id), id, params['type'], context, deps);
    putReplaced(writer, before, createEntity({ ...input, id }, at, before));
  });
  sendNoContent(req, res);
}

async function remove(deps: BrokerDeps, req: Request, res: Response): Promise<void> {
  const id = entityId(req);
  const params = paramsOf(req, ['type', 'local'], deps);
  const context = await contextOf(req, deps);
  deps.store.write(existingTenant(req, deps), deps.clock(), (writer) => {
    ofType(writer.get(id), id, params['type'], context, deps);
    writer.delete(id);
  });
  sendNoContent(req, res);
}

async function append(deps: BrokerDeps, req: Request, res: Response): Promise<void> {
  const id = entityId(req);
  const params = paramsOf(req, ['options', 'type', 'local'], deps);
  const options = (listOf(params['options']) ?? []).filter((word) => !isFormat(word));
  const strange = options.find((word) => word !== 'noOverwrite');
  if (strange !== undefined)
    throw new Problem('InvalidRequest', 'Invalid URI parameter', `options: noOverwrite is expected, not ${strange}`);
  const { json, context } = await bodyOf(req, deps);
  const input = sameId(readEntity(json, { context, profile: deps.profile, mode: 'create' }), id);
  const edit = change(deps, req, params['type'], context, (entity, at) =>
    appendAttributes(entity, input, { overwrite: options.length === 0, at }),
  );
  sendEdit(deps, req, res, edit, context);
}

async function update(deps: BrokerDeps, req: Request, res: Response): Promise<void> {
  const id = entityId(req);
  const params = paramsOf(req, ['options', 'type', 'local'], deps);
  const { json, context } = await bodyOf(req, deps);
  const input = sameId(readEntity(json, { context, profile: deps.profile, mode: 'update' }), id);
  refuseDatasets(deps, input);
  const edit = change(deps, req, params['type'], context, (entity, at) =>
    updateAttributes(entity, input, { addNew: deps.profile === 'strict', at }),
  );
  sendEdit(deps, req, res, edit, context);
}

async function updatePart(deps: BrokerDeps, req: Request, res: Response): Promise<void> {
  entityId(req);
  const params = paramsOf(req, ['options', 'type', 'local'], deps);
  const { json, context } = await bodyOf(req, deps);
  const { name, iri } = attributeName(req, context, deps);
  if (iri === SCOPE_IRI) throw new Problem('BadRequestData', 'Invalid attribute', 'a scope has no parts');
  if (Object.keys(json as object).length === 0) throw new Problem('BadRequestData', 'Empty fragment', name);
  const instances = readAttribute(name, fragmentOf(json, name), { context, profile: deps.profile, mode: 'partial' });
  change(deps, req, params['type'], context, (entity, at) => updateAttributePart(entity, iri, instances, at));
  sendNoContent(req, res);
}

async function replaceOne(deps: BrokerDeps, req: Request, res: Response): Promise<void> {
  entityId(req);
  const params = paramsOf(req, ['options', 'type', 'local', 'datasetId'], deps);
  const { json, context } = await bodyOf(req, deps);
  const { name, iri } = attributeName(req, context, deps);
  if (iri === SCOPE_IRI) throw new Problem('BadRequestData', 'Invalid attribute', 'a scope is no attribute');
  const instances = readAttribute(name, fragmentOf(json, name), { context, profile: deps.profile, mode: 'create' });
  change(deps, req, params['type'], context, (entity, at) => replaceAttribute(entity, iri, instances, at));
  sendNoContent(req, res);
}

async function removeOne(deps: BrokerDeps, req: Request, res: Response): Promise<void> {
  entityId(req);
  const params = paramsOf(req, ['type', 'local', 'datasetId', 'deleteAll'], deps);
  const context = await contextOf(req, deps);
  const { iri } = attributeName(req, context, deps);
  const all = flagOf(params, 'deleteAll');
  const datasetId = params['datasetId'] === '@none' ? undefined : params['datasetId'];
  if (datasetId !== undefined) checkUri(datasetId, 'datasetId');
  change(deps, req, params['type'], context, (entity, at) =>
    deleteAttribute(entity, iri, { all, ...(datasetId !== undefined && { datasetId }) }, at),
  );
  sendNoContent(req, res);
}

/** One edit of the entity in the path, in one transaction. Throws ResourceNotFound. */
function change(
  deps: BrokerDeps,
  req: Request,
  type: string | undefined,
  context: ResolvedContext,
  edit: (entity: StoredEntity, at: string) => Edit,
): Edit {
  const id = entityId(req);
  const at = deps.clock();
  return deps.store.write(existingTenant(req, deps), at, (writer) => {
    const before = ofType(writer.get(id), id, type, context, deps);
    const done = edit(before, at);
    refuseRetyping(deps, before, done.entity);
    const touched =
      done.written.length + done.removed.length > 0 ||
      done.entity.scope !== before.scope ||
      done.entity.types.length !== before.types.length;
    if (touched || done.entity.expiresAt !== before.expiresAt) writer.put(done.entity, done.written, done.removed);
    return done;
  });
}

/** Stores a whole new state; attributes that are no longer there count as removed. */
export function putReplaced(writer: EntityWriter, before: StoredEntity, next: StoredEntity): void {
  const removed = Object.keys(before.attributes).filter((iri) => next.attributes[iri] === undefined);
  writer.put(next, Object.keys(next.attributes), removed);
}

/** 204, or 207 with the attributes that were not updated. */
function sendEdit(deps: BrokerDeps, req: Request, res: Response, edit: Edit, context: ResolvedContext): void {
  if (edit.notUpdated.length === 0) return sendNoContent(req, res);
  const body = {
    updated: [...edit.written, ...edit.removed].map((iri) => context.compactName(iri)),
    notUpdated: edit.notUpdated.map(({ iri, reason }) => ({ attributeName: context.compactName(iri), reason })),
  };
  sendJson(req, res, deps, { body, context, accept: acceptOf(req), status: 207 });
}

function ofType(
  entity: StoredEntity | undefined,
  id: string,
  type: string | undefined,
  context: ResolvedContext,
  deps: BrokerDeps,
): StoredEntity {
  const fits = entity !== undefined && (type === undefined || parseTypes(type, context, deps.profile).test(entity));
  if (!fits) throw new Problem('ResourceNotFound', deps.profile === 'orion' ? 'Entity Not Found' : 'No such entity', id);
  return entity;
}

function entityId(req: Request): string {
  return checkUri(req.params['id'], 'entity id');
}

function withId(input: EntityInput): EntityInput & { id: string } {
  if (input.id === undefined) throw new Problem('BadRequestData', 'Entity id is missing');
  return { ...input, id: input.id };
}

function sameId(input: EntityInput, id: string): EntityInput {
  if (input.id !== undefined && input.id !== id)
    throw new Problem('BadRequestData', 'Entity id differs', `${input.id} in the body, ${id} in the path`);
  return input;
}

function attributeName(req: Request, context: ResolvedContext, deps: BrokerDeps): { name: string; iri: string } {
  const name = String(req.params['name']);
  return { name, iri: expandChecked(name, 'attribute', context, deps.profile) };
}

/** The fragment of one attribute, also wrapped in the attribute's name as some clients send it. */
function fragmentOf(json: unknown, name: string): unknown {
  const { id: _id, ...fragment } = json as Record<string, unknown>;
  const inner = fragment[name];
  return Object.keys(fragment).length === 1 && (isObject(inner) || Array.isArray(inner)) ? inner : fragment;
}
