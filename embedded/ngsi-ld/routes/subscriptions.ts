import { randomUUID } from 'node:crypto';
import { Router } from 'express';
import { acceptOf, segment, sendCreated, sendJson, sendNoContent, setPaging } from '../http/answer.ts';
import { listOf, pageOf, paramsOf } from '../http/params.ts';
import { bodyOf, contextOf, createdTenant, existingTenant } from '../http/request.ts';
import { route } from '../http/routing.ts';
import { checkUri } from '../input/names.ts';
import { createNotifier } from '../notify/notifier.ts';
import { Problem } from '../problems.ts';
import type { Json } from '../subscription/checks.ts';
import { NEVER_DELIVERED, presentSubscription, type StoredSubscription } from '../subscription/document.ts';
import { createDocuments, type Documents } from '../subscription/documents.ts';
import { checkContext, checkExpiry, mergeFragment, readSubscription } from '../subscription/read.ts';
import type { BrokerDeps } from '../types.ts';

/** /subscriptions (6.10, 6.11) with the notifications they lead to, and /csourceSubscriptions (6.12, 6.13), which are only kept. */
export function subscriptionsRouter(deps: BrokerDeps): Router {
  const subscriptions = createDocuments<StoredSubscription>(deps.db, 'subscription');
  const toRegistrations = createDocuments<StoredSubscription>(deps.db, 'registration-subscription');
  const notifier = createNotifier(deps, subscriptions);
  const router = Router();
  addRoutes(router, deps, '/subscriptions', subscriptions, (tenant, id) => notifier.refresh(tenant, id));
  addRoutes(router, deps, '/csourceSubscriptions', toRegistrations, () => undefined);
  return router;
}

function addRoutes(
  router: Router,
  deps: BrokerDeps,
  path: string,
  subscriptions: Documents<StoredSubscription>,
  changed: (tenant: string, id: string) => void,
): void {
  route(router, deps, path, {
    async post(req, res) {
      paramsOf(req, [], deps);
      const { json, context } = await bodyOf(req, deps);
      const now = deps.clock();
      const id = (json as Json)['id'] ?? `urn:ngsi-ld:Subscription:${randomUUID()}`;
      checkExpiry(json as Json, now);
      const subscription = readSubscription({ ...(json as Json), id }, context, deps.profile);
      await checkContext(subscription, deps);
      const tenant = createdTenant(req, deps);
      const stored = {
        tenant,
        subscription,
        context: context.user,
        qContext: context.user,
        ...(typeof context.user === 'object' && { implicitContext: deps.contexts.link(context) }),
        createdAt: now,
        modifiedAt: now,
        state: NEVER_DELIVERED,
      };
      if (!subscriptions.add(tenant, subscription.id, stored)) {
        throw new Problem('AlreadyExists', 'Subscription already exists', subscription.id);
      }
      changed(tenant, subscription.id);
      sendCreated(req, res, `${path}/${segment(subscription.id)}`);
    },
    async get(req, res) {
      const params = paramsOf(req, ['limit', 'offset', 'count', 'options', 'local'], deps);
      const page = pageOf(params);
      const accept = acceptOf(req);
      const tenant = existingTenant(req, deps);
      const context = await contextOf(req, deps);
      const sysAttrs = wantsSysAttrs(params['options']);
      const all = subscriptions.list(tenant);
      setPaging(req, res, page, all.length);
      const shown = all.slice(page.offset, page.offset + page.limit);
      const body = shown.map((stored) => presentSubscription(stored, context, deps.clock(), sysAttrs));
      sendJson(req, res, deps, { body, context, accept });
    },
  });

  route(router, deps, `${path}/:id`, {
    async get(req, res) {
      const params = paramsOf(req, ['options'], deps);
      const accept = acceptOf(req);
      const sysAttrs = wantsSysAttrs(params['options']);
      const stored = found(existingTenant(req, deps), req.params['id']);
      const context = await contextOf(req, deps);
      sendJson(req, res, deps, { body: presentSubscription(stored, context, deps.clock(), sysAttrs), context, accept });
    },
    async patch(req, res) {
      paramsOf(req, [], deps);
      const id = checkUri(req.params['id'], 'id');
      const { json, context } = await bodyOf(req, deps);
      const fragment = json as Json;
      if (fragment['id'] !== undefined && fragment['id'] !== id)
        throw new Problem('BadRequestData', 'Invalid Subscription', 'id: it cannot be changed');
      const tenant = existingTenant(req, deps);
      const old = found(tenant, id).subscription;
      const now = deps.clock();
      checkExpiry(fragment, now);
      // The stored names are IRIs, which any context leaves as they are.
      const subscription = readSubscription(mergeFragment(old as unknown as Json, fragment), context, deps.profile);
      await checkContext(subscription, deps);
      const current = found(tenant, id);
      subscriptions.set(tenant, id, {
        ...current,
        subscription,
        qContext: 'q' in fragment ? context.user : current.qContext,
        modifiedAt: now,
        state: fragment['isActive'] === true ? { ...current.state, consecutiveErrors: 0 } : current.state,
      });
      changed(tenant, id);
      sendNoContent(req, res);
    },
    delete(req, res) {
      paramsOf(req, [], deps);
      const tenant = existingTenant(req, deps);
      const id = checkUri(req.params['id'], 'id');
      if (!subscriptions.remove(tenant, id)) throw missing(id);
      changed(tenant, id);
      sendNoContent(req, res);
    },
  });

  function found(tenant: string, given: unknown): StoredSubscription {
    const id = checkUri(given, 'id');
    const stored = subscriptions.get(tenant, id);
    if (stored === undefined) throw missing(id);
    return stored;
  }
}

function missing(id: string): Problem {
  return new Problem('ResourceNotFound', 'No such subscription', id);
}

/** options=sysAttrs; every other option is refused. */
export function wantsSysAttrs(options: string | undefined): boolean {
  const unknown = (listOf(options) ?? []).find((option) => option !== 'sysAttrs');
  if (unknown !== undefined)
    throw new Problem('InvalidRequest', 'Invalid URI parameter', `options: sysAttrs is understood, not ${unknown}`);
  return options !== undefined;
}
