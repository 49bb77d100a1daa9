import { Router, type Request, type Response } from 'express';
import { acceptOf, type MediaType, segment, sendCreated, sendJson, sendNoContent, setPaging } from '../http/answer.ts';
import { flagOf, type Page, pageOf, paramsOf } from '../http/params.ts';
import { bodyOf, contextOf, createdTenant, existingTenant } from '../http/request.ts';
import { route, type Handler } from '../http/routing.ts';
import { checkUri, expandChecked } from '../input/names.ts';
import { isObject } from '../input/shape.ts';
import { Problem } from '../problems.ts';
import type { Json } from '../subscription/checks.ts';
import { createHistory, SCOPE, type History, type HistoryEntity, type Instance } from '../temporal/history.ts';
import { presentEvolution } from '../temporal/present.ts';
import {
  QUERY_PARAMS,
  readPostedQuery,
  readQuery,
  readView,
  VIEW_PARAMS,
  type TemporalQuery,
  type TemporalView,
} from '../temporal/query.ts';
import { patchInstance, readInstances, readTemporalEntity } from '../temporal/read.ts';
import { evolutionOf, isShown, matching } from '../temporal/select.ts';
import type { BrokerDeps, ResolvedContext } from '../types.ts';

const HOUR_MS = 3_600_000;

/** /temporal (6.18 to 6.23, 6.30) over a history that every change of the store writes. */
export function temporalRouter(deps: BrokerDeps, options: { readonly historyDays?: number } = {}): Router {
  const history = createHistory(deps.db);
  deps.changes.onStore((changes) => history.record(changes));
  if (options.historyDays !== undefined) forgetOld(history, options.historyDays, deps);
  const router = Router();

  route(router, deps, '/temporal/entities', {
    async get(req, res) {
      const params = paramsOf(req, QUERY_PARAMS, deps);
      const page = pageOf(params);
      const accept = acceptOf(req);
      const tenant = existingTenant(req, deps);
      const context = await contextOf(req, deps);
      answerQuery(req, res, { query: readQuery(params, context), page, accept, tenant, context });
    },
    async post(req, res) {
      paramsOf(req, ['local'], deps);
      const { json, context } = await bodyOf(req, deps);
      const at = deps.clock();
      const { id, types, instances } = readTemporalEntity(json as Json, { context, profile: deps.profile, at });
      const created = history.append(createdTenant(req, deps), id, types, instances, at);
      if (created) sendCreated(req, res, `/temporal/entities/${segment(id)}`);
      else sendNoContent(req, res);
    },
  });

  route(router, deps, '/temporal/entities/:id', {
    async get(req, res) {
      const params = paramsOf(req, VIEW_PARAMS, deps);
      const accept = acceptOf(req);
      const id = checkUri(req.params['id'], 'id');
      const tenant = existingTenant(req, deps);
      const context = await contextOf(req, deps);
      const view = readView(params, context);
      const entity = entityOf(tenant, id);
      refuseUnknown(view, tenant, id);
      const body = presentEvolution(entity, evolutionOf(history, tenant, id, view), view, context);
      sendJson(req, res, deps, { body, context, accept });
    },
    delete: write((req, res) => {
      const id = checkUri(req.params['id'], 'id');
      if (!history.removeEntity(existingTenant(req, deps), id)) throw missing(id);
      sendNoContent(req, res);
    }),
  });

  route(router, deps, '/temporal/entities/:id/attrs', {
    post: write(async (req, res) => {
      paramsOf(req, ['local'], deps);
      const id = checkUri(req.params['id'], 'id');
      const { json, context } = await bodyOf(req, deps);
      const { type: _type, id: _id, ...attributes } = json as Json;
      const at = deps.clock();
      const instances = readInstances(attributes, { context, profile: deps.profile, at });
      if (instances.length === 0) throw new Problem('BadRequestData', 'Invalid entity fragment', 'an attribute is expected');
      const tenant = existingTenant(req, deps);
      entityOf(tenant, id);
      history.append(tenant, id, [], instances, at);
      sendNoContent(req, res);
    }),
  });

  route(router, deps, '/temporal/entities/:id/attrs/:name', {
    delete: write(async (req, res) => {
      const params = paramsOf(req, ['deleteAll', 'datasetId', 'local'], deps);
      const { tenant, id, name } = await target(req);
      entityOf(tenant, id);
      const datasetId = flagOf(params, 'deleteAll') ? undefined : (params['datasetId'] ?? '@none');
      const removed = history.removeAttribute(tenant, id, name, datasetId === '@none' ? null : datasetId);
      if (removed === 0) throw new Problem('ResourceNotFound', 'No such attribute', `${req.params['name']} of ${id}`);
      sendNoContent(req, res);
    }),
  });

  route(router, deps, '/temporal/entities/:id/attrs/:name/:instanceId', {
    patch: write(async (req, res) => {
      paramsOf(req, ['local'], deps);
      const { tenant, id, name } = await target(req);
      const { json, context } = await bodyOf(req, deps);
      const { instance, instanceId } = instanceOf(req, tenant, id, name);
      const at = deps.clock();
      const fragment = unwrapped(json as Json, name, context);
      const patched = patchInstance(instance.attribute, String(req.params['name']), fragment, { context, profile: deps.profile, at });
      history.replace(tenant, id, name, instanceId, patched, at);
      sendNoContent(req, res);
    }),
    delete: write(async (req, res) => {
      paramsOf(req, ['local'], deps);
      const { tenant, id, name } = await target(req);
      const { instanceId } = instanceOf(req, tenant, id, name);
      history.removeInstance(tenant, id, name, instanceId);
      sendNoContent(req, res);
    }),
  });

  route(router, deps, '/temporal/entityOperations/query', {
    async post(req, res) {
      const params = paramsOf(req, ['limit', 'offset', 'count', 'options', 'format', 'local'], deps);
      const page = pageOf(params);
      const accept = acceptOf(req);
      const { json, context } = await bodyOf(req, deps);
      const tenant = existingTenant(req, deps);
      answerQuery(req, res, { query: readPostedQuery(json as Json, params, context), page, accept, tenant, context });
    },
  });

  /** Orion-LD creates temporal entities and answers 501 to all other writes of them. */
  function write(handle: Handler): Handler {
    if (deps.profile === 'strict') return handle;
    return () => {
      throw new Problem('OperationNotSupported', 'Not implemented', 'changes of temporal entities', { status: 501 });
    };
  }

  function entityOf(tenant: string, id: string): HistoryEntity {
    const entity = history.entity(tenant, id);
    if (entity === undefined) throw missing(id);
    return entity;
  }

  /** 404 when none of the asked members was ever there. */
  function refuseUnknown(view: TemporalView, tenant: string, id: string): void {
    const members = ['id', 'type'].filter((member) => view.attrs === undefined && isShown(member, view));
    if (members.length > 0 || history.names(tenant, id).some((name) => isShown(name, view))) return;
    throw new Problem('ResourceNotFound', 'No such attribute', `none of the asked members of ${id} exists`);
  }

  async function target(req: Request): Promise<{ tenant: string; id: string; name: string }> {
    const id = checkUri(req.params['id'], 'id');
    const { name } = req.params;
    const instanceId = req.params['instanceId'];
    if (instanceId !== undefined) checkUri(instanceId, 'instanceId');
    const context = await contextOf(req, deps);
    const iri = name === SCOPE ? SCOPE : expandChecked(name, 'attribute', context, deps.profile);
    return { tenant: existingTenant(req, deps), id, name: iri };
  }

  function instanceOf(req: Request, tenant: string, id: string, name: string): { instance: Instance; instanceId: string } {
    entityOf(tenant, id);
    const instanceId = String(req.params['instanceId']);
    const instance = history.instances(tenant, id, name, { property: 'observedAt' }).find((one) => one.instanceId === instanceId);
    if (instance === undefined)
      throw new Problem('ResourceNotFound', 'No such instance', `${instanceId} of ${req.params['name']} of ${id}`);
    return { instance, instanceId };
  }

  function answerQuery(req: Request, res: Response, asked: Asked): void {
    const { query, page, accept, tenant, context } = asked;
    const found = matching(history, tenant, query);
    setPaging(req, res, page, found.length);
    const body = found
      .slice(page.offset, page.offset + page.limit)
      .map((entity) => presentEvolution(entity, evolutionOf(history, tenant, entity.id, query.view), query.view, context));
    sendJson(req, res, deps, { body, context, accept });
  }

  return router;
}

/** The fragment of an instance, which may come alone or as the one instance under its attribute's name (5.6.14). */
function unwrapped(json: Json, iri: string, context: ResolvedContext): Json {
  const [[name, value] = [], ...others] = Object.entries(json);
  if (name === undefined || others.length > 0 || context.expandName(name) !== iri) return json;
  const list: unknown[] = Array.isArray(value) ? value : [value];
  return list.length === 1 && isObject(list[0]) ? list[0] : json;
}

interface Asked {
  readonly query: TemporalQuery;
  readonly page: Page;
  readonly accept: MediaType;
  readonly tenant: string;
  readonly context: ResolvedContext;
}

function forgetOld(history: History, days: number, deps: BrokerDeps): void {
  const forget = (): void => {
    const removed = history.forgetBefore(new Date(Date.parse(deps.clock()) - days * 24 * HOUR_MS).toISOString());
    if (removed > 0) deps.logger.info({ removed, days }, 'old values left the history');
  };
  forget();
  const timer = setInterval(forget, HOUR_MS).unref();
  deps.onClose(() => clearInterval(timer));
}

function missing(id: string): Problem {
  return new Problem('ResourceNotFound', 'No such entity', id);
}
