import { Router } from 'express';
import { route } from '../http/routing.ts';
import { tenantOf } from '../http/request.ts';
import { sendText } from '../http/text.ts';
import type { BrokerDeps } from '../types.ts';

/** /info/sourceIdentity: who this broker is, for one tenant (5.2.40). */
export function infoRouter(deps: BrokerDeps): Router {
  const router = Router();
  const started = Date.parse(deps.clock());
  route(router, deps, '/info/sourceIdentity', {
    get(req, res) {
      const tenant = tenantOf(req, deps);
      const name = tenant === '' ? 'klavze' : `klavze-${tenant}`;
      const now = deps.clock();
      const body = {
        id: `urn:ngsi-ld:ContextSourceIdentity:${name}`,
        type: 'ContextSourceIdentity',
        contextSourceAlias: name,
        contextSourceUptime: `PT${Math.max(0, Math.floor((Date.parse(now) - started) / 1000))}S`,
        contextSourceTimeAt: now,
      };
      sendText(res, 'application/json', JSON.stringify(body));
    },
  });
  return router;
}

/** /version and the like, outside of /ngsi-ld/v1: for health checks. */
export function versionRouter(deps: BrokerDeps): Router {
  const router = Router();
  const started = Date.parse(deps.clock());
  const body = (): Record<string, unknown> => ({
    name: 'klavze embedded NGSI-LD broker',
    profile: deps.profile,
    specification: 'ETSI GS CIM 009 1.8',
    uptime: `${Math.floor((Date.parse(deps.clock()) - started) / 1000)} s`,
  });
  for (const path of ['/version', '/ngsi-ld/ex/v1/version'])
    route(router, deps, path, { get: (_req, res) => sendText(res, 'application/json', JSON.stringify(body())) });
  route(router, deps, '/ngsi-ld/ex/v1/tenants', {
    get: (_req, res) => sendText(res, 'application/json', JSON.stringify(deps.store.tenants())),
  });
  return router;
}
