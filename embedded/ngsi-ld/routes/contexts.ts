import { Router, type Request, type Response } from 'express';
import type { CachedContexts } from '../context.ts';
import type { ContextLoader } from '../context-load.ts';
import type { ContextKind, ContextStore, HeldContext } from '../context-store.ts';
import { CORE_CONTEXT, CORE_CONTEXT_URL, isCoreContextUrl } from '../core-context.ts';
import { acceptOf, sendCreated, sendNoContent, segment } from '../http/answer.ts';
import { flagOf, paramsOf } from '../http/params.ts';
import { contentType, parseJson, tenantOf } from '../http/request.ts';
import { route } from '../http/routing.ts';
import { sendText } from '../http/text.ts';
import { isObject } from '../input/shape.ts';
import { Problem, type ProblemType } from '../problems.ts';
import type { BrokerDeps } from '../types.ts';

const KINDS: readonly ContextKind[] = ['Hosted', 'Cached', 'ImplicitlyCreated'];

export interface ContextParts {
  readonly held: ContextStore;
  readonly loader: ContextLoader;
  readonly contexts: CachedContexts;
  readonly urlOf: (localId: string) => string;
}

/** /jsonldContexts (5.13): contexts the broker hosts, has cached, or made for a Link header. Each tenant has its own hosted ones. */
export function contextsRouter(deps: BrokerDeps, parts: ContextParts): Router {
  const router = Router();
  route(router, deps, '/jsonldContexts', {
    get: (req, res) => list(deps, parts, req, res),
    post: (req, res) => add(deps, parts, req, res),
  });
  route(router, deps, '/jsonldContexts/:id', {
    get: (req, res) => show(deps, parts, req, res),
    delete: (req, res) => remove(deps, parts, req, res),
  });
  return router;
}

async function add(deps: BrokerDeps, parts: ContextParts, req: Request, res: Response): Promise<void> {
  paramsOf(req, [], deps);
  contentType(req);
  const json = parseJson(String(req.body ?? ''), deps);
  if (!isObject(json) || json['@context'] === undefined)
    throw new Problem('BadRequestData', 'Invalid @context', 'an object with an @context member is expected');
  // Resolving finds what is wrong with it, and caches what it points to.
  await deps.contexts.resolve(json['@context']);
  const document = { '@context': json['@context'] };
  const { localId } = parts.held.put('Hosted', parts.urlOf, document, deps.clock(), tenantOf(req, deps));
  sendCreated(req, res, `/jsonldContexts/${segment(localId)}`);
}

function list(deps: BrokerDeps, parts: ContextParts, req: Request, res: Response): void {
  const params = paramsOf(req, ['details', 'kind'], deps);
  const details = flagOf(params, 'details');
  const kind = KINDS.find((one) => one.toLowerCase() === params['kind']?.toLowerCase());
  if (params['kind'] !== undefined && kind === undefined)
    throw new Problem('BadRequestData', 'Invalid URI parameter', `kind: one of ${KINDS.join(', ')} is expected`);
  const tenant = tenantOf(req, deps);
  const found = [...(kind === undefined || kind === 'Cached' ? [coreContext(deps)] : []), ...parts.held.list(kind)].filter((held) =>
    isSeen(held, tenant),
  );
  sendPlain(
    res,
    found.map((held) => (details ? metadata(held, parts) : held.url)),
  );
}

function show(deps: BrokerDeps, parts: ContextParts, req: Request, res: Response): void {
  const params = paramsOf(req, ['details'], deps);
  const details = flagOf(params, 'details');
  const held = find(deps, parts, req);
  if (details) return sendPlain(res, metadata(held, parts));
  // 5.13.4.4: the documents of others are served by them.
  if (held.kind === 'Cached' && deps.profile === 'strict' && !isCoreContextUrl(held.url)) {
    throw new Problem('OperationNotSupported', 'Not served here', `${held.url} is only cached`);
  }
  sendText(res, acceptOf(req), JSON.stringify(held.document));
}

async function remove(deps: BrokerDeps, parts: ContextParts, req: Request, res: Response): Promise<void> {
  const params = paramsOf(req, ['reload'], deps);
  const reload = flagOf(params, 'reload');
  const held = find(deps, parts, req, reload ? 'BadRequestData' : 'ResourceNotFound');
  if (reload && held.kind !== 'Cached')
    throw new Problem('BadRequestData', 'Cannot reload', `only a cached @context is downloaded again, ${held.localId} is ${held.kind}`);
  if (isCoreContextUrl(held.url)) {
    if (!reload) throw new Problem('BadRequestData', 'Cannot delete', 'the core @context is built in');
    return sendNoContent(req, res);
  }
  if (reload) parts.held.put('Cached', held.url, await parts.loader.download(held.url), deps.clock());
  else parts.held.delete(held.localId);
  parts.contexts.forget();
  sendNoContent(req, res);
}

/** By local id or by URL. Throws `absent` when there is none. */
function find(deps: BrokerDeps, parts: ContextParts, req: Request, absent: ProblemType = 'ResourceNotFound'): HeldContext {
  const id = String(req.params['id']);
  const held = isCoreContextUrl(id) ? coreContext(deps) : (parts.held.byId(id) ?? parts.held.byUrl(id));
  if (held === undefined || !isSeen(held, tenantOf(req, deps))) throw new Problem(absent, 'No such @context', id);
  return held;
}

function isSeen(held: HeldContext, tenant: string): boolean {
  return held.kind === 'Cached' || held.tenant === tenant;
}

function coreContext(deps: BrokerDeps): HeldContext {
  const document = { '@context': CORE_CONTEXT };
  return {
    localId: CORE_CONTEXT_URL,
    url: CORE_CONTEXT_URL,
    kind: 'Cached',
    tenant: '',
    document,
    timestamp: deps.clock(),
    numberOfHits: 0,
  };
}

function metadata(held: HeldContext, parts: ContextParts): Record<string, unknown> {
  const { url, localId, kind, timestamp, lastUsage, numberOfHits } = held;
  const hits = numberOfHits + parts.contexts.hitsOf(url);
  const used = lastUsage ?? (hits > 0 ? timestamp : undefined);
  return { URL: url, localId, kind, createdAt: timestamp, ...(used !== undefined && { lastUsage: used }), numberOfHits: hits };
}

function sendPlain(res: Response, body: unknown): void {
  sendText(res, 'application/json', JSON.stringify(body));
}
