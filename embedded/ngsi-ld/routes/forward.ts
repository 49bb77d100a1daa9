import type { AxiosRequestConfig } from 'axios';
import { Router, type NextFunction, type Request, type Response } from 'express';
import { loadAxios } from '../../../core/service/axios.ts';
import { echoTenant, segment, sendNoContent } from '../http/answer.ts';
import { bodyOf, existingTenant } from '../http/request.ts';
import { checkUri, expandChecked } from '../input/names.ts';
import { isObject } from '../input/shape.ts';
import { Problem, type ProblemType } from '../problems.ts';
import type { Registration, StoredRegistration } from '../registration/document.ts';
import { concerns } from '../registration/match.ts';
import { createDocuments } from '../subscription/documents.ts';
import type { BrokerDeps, ResolvedContext } from '../types.ts';

/** Operations of a registration (table 4.20) that stand for each request. */
const OPERATIONS = {
  attribute: ['updateAttrs', 'updateOps', 'redirectionOps'],
  attributes: ['updateEntity', 'updateAttrs', 'updateOps', 'redirectionOps'],
  entity: ['mergeEntity', 'redirectionOps'],
} as const;

const TIMEOUT_MS = 5000;
const LONGEST_ANSWER = 64 * 1024;
const OF_THE_ENTITY = new Set(['id', 'type', 'scope', 'expiresAt']);

interface Change {
  readonly operation: keyof typeof OPERATIONS;
  readonly id: string;
  /** Attributes by the names of the request. */
  readonly members: Readonly<Record<string, unknown>>;
  readonly context: ResolvedContext;
  readonly isLd: boolean;
}

/**
 * Changes of attributes that are registered as exclusive or redirect go to the source alone (4.3.6.3); those that are not come to the routes
 * after this one. A source that refuses or does not answer fails the request before anything is changed here.
 */
export function forwardRouter(deps: BrokerDeps): Router {
  const registrations = createDocuments<StoredRegistration>(deps.db, 'registration');
  const router = Router();

  /** Those to which this broker forwards, and that have not expired. */
  function sources(tenant: string): Registration[] {
    const now = Date.parse(deps.clock());
    return registrations
      .list(tenant)
      .map(({ registration }) => registration)
      .filter(({ mode }) => mode === 'exclusive' || mode === 'redirect')
      .filter(({ expiresAt }) => expiresAt === undefined || Date.parse(expiresAt) > now);
  }

  const handle =
    (operation: Change['operation']) =>
    async (req: Request, res: Response, next: NextFunction): Promise<void> => {
      const tenant = existingTenant(req, deps);
      const registered = req.query['local'] === 'true' ? [] : sources(tenant);
      if (registered.length === 0) return next();
      const id = checkUri(req.params['id'], 'entity id');
      const { json, context, isLd } = await bodyOf(req, deps);
      const name = req.params['name'];
      const members = typeof name === 'string' ? { [name]: json } : (json as Record<string, unknown>);
      const types = deps.store.get(tenant, id)?.types;
      const sourceOf = (key: string): Registration | undefined => {
        if (OF_THE_ENTITY.has(key)) return undefined;
        const iri = expandChecked(key, 'attribute', context, deps.profile);
        return registered.find(
          ({ operations = [], information }) =>
            operations.some((one) => (OPERATIONS[operation] as readonly string[]).includes(one)) &&
            information.some((info) => concerns(info, { ids: [id], attrs: [iri], ...(types && { types }) })),
        );
      };
      const keys = Object.keys(members).map((key) => ({ key, source: sourceOf(key) }));
      const own = keys.filter(({ key, source }) => source === undefined && !OF_THE_ENTITY.has(key));
      const chosen = [...new Set(keys.flatMap(({ source }) => (source === undefined ? [] : [source])))];
      if (chosen.length === 0) return next();
      if (own.length > 0 && types === undefined) throw new Problem('ResourceNotFound', 'No such entity', id);
      for (const source of chosen) {
        const part = keys.filter((one) => one.source === source).map(({ key }) => [key, members[key]] as const);
        await forward(source, { operation, id, members: Object.fromEntries(part), context, isLd }, req);
      }
      if (own.length === 0) return sendNoContent(req, res);
      // The rest goes the usual way, as if it had come alone.
      const rest = Object.fromEntries(keys.filter(({ source }) => source === undefined).map(({ key }) => [key, members[key]]));
      req.body = JSON.stringify(isLd ? { ...rest, '@context': deps.contexts.body(context) } : rest);
      next();
    };

  async function forward(source: Registration, { operation, id, members, context, isLd }: Change, req: Request): Promise<void> {
    const alias = new URL(deps.baseUrl()).host;
    const via = req.get('Via') ?? '';
    if (via.split(',').some((hop) => hop.trim().split(/\s+/)[1] === alias)) {
      throw new Problem('LoopDetected', 'Loop detected', `${source.id} leads back to this broker`);
    }
    const [first = ''] = Object.keys(members);
    const path = { attribute: `/${segment(id)}/attrs/${segment(first)}`, attributes: `/${segment(id)}/attrs`, entity: `/${segment(id)}` };
    const body = operation === 'attribute' ? members[first] : members;
    const link = req.get('Link');
    try {
      const axios = await loadAxios();
      const { status, data } = await axios.patch<unknown>(
        `${source.endpoint.replace(/\/+$/, '')}/ngsi-ld/v1/entities${path[operation]}`,
        JSON.stringify(isLd ? { ...(body as object), '@context': deps.contexts.body(context) } : body),
        {
          headers: {
            'Content-Type': isLd ? 'application/ld+json' : 'application/json',
            ...(link !== undefined && !isLd && { Link: link }),
            ...(source.tenant !== undefined && { 'NGSILD-Tenant': source.tenant }),
            ...headersOf(source, req),
            Via: [via, `1.1 ${alias}`].filter((hop) => hop !== '').join(', '),
          },
          timeout: source.management?.timeout ?? TIMEOUT_MS,
          maxRedirects: 0,
          proxy: false,
          maxContentLength: LONGEST_ANSWER,
          transformRequest: [],
          validateStatus: () => true,
          ...(deps.reach.connection(source.endpoint) as Pick<AxiosRequestConfig, 'lookup'>),
        },
      );
      if (status >= 300) throw refusal(source, status, data);
    } catch (error) {
      if (error instanceof Problem) throw error;
      const detail = `${source.endpoint} of ${source.id}: ${(error as Error).message}`;
      throw new Problem('InternalError', 'The context source did not answer', detail, { status: 504 });
    }
  }

  const routes = { '/entities/:id/attrs/:name': 'attribute', '/entities/:id/attrs': 'attributes', '/entities/:id': 'entity' } as const;
  for (const [path, operation] of Object.entries(routes)) {
    router.patch(path, (req, res, next) => {
      echoTenant(req, res);
      handle(operation)(req, res, next).catch(next);
    });
  }
  return router;
}

/** 4.3.6.6: `contextSourceInfo` as headers of the forwarded request. */
function headersOf({ contextSourceInfo = [] }: Registration, req: Request): Record<string, string> {
  const pairs = contextSourceInfo.flatMap(({ key, value }) => {
    const header = value === 'urn:ngsi-ld:request' ? req.get(key) : String(value);
    return key === 'jsonldContext' || header === undefined ? [] : [[key, header] as const];
  });
  return Object.fromEntries(pairs);
}

function refusal(source: Registration, status: number, data: unknown): Problem {
  const type: Readonly<Record<number, ProblemType>> = { 404: 'ResourceNotFound', 409: 'Conflict', 422: 'OperationNotSupported' };
  const body = isObject(data) ? data : {};
  const words = [body['name'] ?? body['title'], body['message'] ?? body['detail']].filter((word) => typeof word === 'string');
  const detail = `${source.id} answered ${status}${words.length === 0 ? '' : `: ${words.join(': ')}`}`;
  if (status === 508) return new Problem('LoopDetected', 'Loop detected', detail);
  if (status >= 500 || status < 400) return new Problem('InternalError', 'The context source failed', detail, { status: 502 });
  return new Problem(type[status] ?? 'BadRequestData', 'The context source refused', detail, { status });
}
