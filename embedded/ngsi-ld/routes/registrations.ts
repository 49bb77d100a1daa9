import { randomUUID } from 'node:crypto';
import { Router } from 'express';
import { compilePattern } from '../../../core/service/pattern.ts';
import { acceptOf, segment, sendCreated, sendJson, sendNoContent, setPaging } from '../http/answer.ts';
import { listOf, pageOf, paramsOf, type Params } from '../http/params.ts';
import { bodyOf, contextOf, createdTenant, existingTenant } from '../http/request.ts';
import { route } from '../http/routing.ts';
import { checkUri } from '../input/names.ts';
import { Problem } from '../problems.ts';
import { presentRegistration, type Registration, type StoredRegistration } from '../registration/document.ts';
import { claims, collides, discovered, readConditions, type Discovery } from '../registration/match.ts';
import { checkExpiry, readRegistration } from '../registration/read.ts';
import { checksOf, type Json } from '../subscription/checks.ts';
import { createDocuments } from '../subscription/documents.ts';
import { mergeFragment } from '../subscription/read.ts';
import { readWindow } from '../temporal/window.ts';
import type { BrokerDeps, ResolvedContext } from '../types.ts';
import { wantsSysAttrs } from './subscriptions.ts';

const QUERY_PARAMS =
  'id type idPattern attrs q csf georel geometry coordinates geoproperty timerel timeAt endTimeAt timeproperty scopeQ limit offset count options lang local'.split(
    ' ',
  );

/** /csourceRegistrations (6.8, 6.9): kept and found. What is forwarded to the sources: `forwardRouter`. */
export function registrationsRouter(deps: BrokerDeps): Router {
  const registrations = createDocuments<StoredRegistration>(deps.db, 'registration');
  const router = Router();

  route(router, deps, '/csourceRegistrations', {
    async post(req, res) {
      paramsOf(req, [], deps);
      const { json, context } = await bodyOf(req, deps);
      const now = deps.clock();
      const id = (json as Json)['id'] ?? `urn:ngsi-ld:ContextSourceRegistration:${randomUUID()}`;
      checkExpiry(json as Json, now);
      const { registration, properties } = readRegistration({ ...(json as Json), id }, context);
      const tenant = createdTenant(req, deps);
      if (registrations.get(tenant, registration.id) !== undefined) {
        throw new Problem('AlreadyExists', 'Registration already exists', registration.id);
      }
      refuseConflict(tenant, registration);
      registrations.add(tenant, registration.id, { registration, properties, createdAt: now, modifiedAt: now });
      sendCreated(req, res, `/csourceRegistrations/${segment(registration.id)}`);
    },
    async get(req, res) {
      const params = paramsOf(req, QUERY_PARAMS, deps);
      const page = pageOf(params);
      const accept = acceptOf(req);
      const tenant = existingTenant(req, deps);
      const context = await contextOf(req, deps);
      const sysAttrs = wantsSysAttrs(params['options']);
      const discovery = readDiscovery(params, context, deps);
      const found = live(tenant).filter((stored) => discovered(stored, discovery, context));
      setPaging(req, res, page, found.length);
      const body = found.slice(page.offset, page.offset + page.limit).map((stored) => presentRegistration(stored, context, sysAttrs));
      sendJson(req, res, deps, { body, context, accept });
    },
  });

  route(router, deps, '/csourceRegistrations/:id', {
    async get(req, res) {
      const params = paramsOf(req, ['options'], deps);
      const accept = acceptOf(req);
      const stored = foundIn(existingTenant(req, deps), req.params['id']);
      const context = await contextOf(req, deps);
      sendJson(req, res, deps, { body: presentRegistration(stored, context, wantsSysAttrs(params['options'])), context, accept });
    },
    async patch(req, res) {
      paramsOf(req, [], deps);
      const id = checkUri(req.params['id'], 'id');
      const { json, context } = await bodyOf(req, deps);
      const fragment = json as Json;
      if (fragment['id'] !== undefined && fragment['id'] !== id) {
        throw new Problem('BadRequestData', 'Invalid ContextSourceRegistration', 'id: it cannot be changed');
      }
      const tenant = existingTenant(req, deps);
      const before = foundIn(tenant, id);
      const now = deps.clock();
      checkExpiry(fragment, now);
      const merged = mergeFragment({ ...before.registration, ...before.properties }, fragment);
      const { registration, properties } = readRegistration(merged, context);
      refuseConflict(tenant, registration);
      registrations.set(tenant, id, { registration, properties, createdAt: before.createdAt, modifiedAt: now });
      sendNoContent(req, res);
    },
    delete(req, res) {
      paramsOf(req, [], deps);
      const id = checkUri(req.params['id'], 'id');
      if (!registrations.remove(existingTenant(req, deps), id)) throw missing(id);
      sendNoContent(req, res);
    },
  });

  /** Those that have not expired. */
  function live(tenant: string): StoredRegistration[] {
    const now = Date.parse(deps.clock());
    return registrations.list(tenant).filter(({ registration: { expiresAt } }) => expiresAt === undefined || Date.parse(expiresAt) > now);
  }

  function foundIn(tenant: string, given: unknown): StoredRegistration {
    const id = checkUri(given, 'id');
    const stored = live(tenant).find(({ registration }) => registration.id === id);
    if (stored === undefined) throw missing(id);
    return stored;
  }

  /** One source alone answers for what is registered as exclusive; neither mode goes with an entity that is kept here. */
  function refuseConflict(tenant: string, registration: Registration): void {
    if (registration.mode !== 'exclusive' && registration.mode !== 'redirect') return;
    for (const { registration: other } of live(tenant)) {
      const exclusive = other.mode === 'exclusive' || (registration.mode === 'exclusive' && other.mode === 'redirect');
      if (other.id !== registration.id && exclusive && collides(registration, other)) {
        throw new Problem('Conflict', 'Conflicting registration', `${other.id} already has some of these attributes`);
      }
    }
    for (const entity of deps.store.list(tenant)) {
      if (claims(registration, entity)) throw new Problem('Conflict', 'Conflicting registration', `${entity.id} is kept in this broker`);
    }
  }

  return router;
}

/** 5.10.2.4: without a type, an attribute, an id or a condition the query is too wide; Orion-LD lists all. */
function readDiscovery(params: Params, context: ResolvedContext, deps: BrokerDeps): Discovery {
  const ids = listOf(params['id'])?.map((id) => checkUri(id, 'id'));
  const types = listOf(params['type'])?.flatMap((type) => type.split(/[|;()]/).filter((name) => name !== ''));
  const attrs = listOf(params['attrs']);
  const conditions = readConditions(params, context);
  if (types === undefined && attrs === undefined && ids === undefined && conditions.length === 0 && deps.profile === 'strict') {
    throw new Problem('BadRequestData', 'Too wide a query', 'type or attrs is expected');
  }
  const pattern = params['idPattern'];
  if (pattern !== undefined) checksOf('query').pattern(pattern, 'idPattern');
  const temporal = params['timerel'] !== undefined || params['timeAt'] !== undefined || params['endTimeAt'] !== undefined;
  return {
    ...(ids && { ids }),
    ...(pattern !== undefined && { idPattern: compilePattern(pattern) }),
    ...(types && { types: types.map((name) => context.expandName(name)) }),
    ...(attrs && { attrs: attrs.map((name) => context.expandName(name)) }),
    ...(temporal && { window: readWindow(params) }),
    conditions,
  };
}

function missing(id: string): Problem {
  return new Problem('ResourceNotFound', 'No such registration', id);
}
