import type { Request } from 'express';
import { isOwnPath } from '../context.ts';
import { Problem } from '../problems.ts';
import type { BrokerDeps, ResolvedContext } from '../types.ts';
import { duplicateKey } from './duplicate-key.ts';

const LINK_REL = 'http://www.w3.org/ns/json-ld#context';

/** Tenant name of a request, lower-cased; empty for the default tenant. */
export function tenantOf(req: Request, deps: BrokerDeps): string {
  const name = req.get('NGSILD-Tenant') ?? (deps.profile === 'orion' ? req.get('Fiware-Service') : undefined);
  if (name === undefined || name === '') return '';
  if (!/^[A-Za-z0-9_-]{1,50}$/.test(name)) {
    throw new Problem('BadRequestData', 'Invalid tenant name', `${name}: up to 50 letters, digits, "_" and "-" are expected`);
  }
  return name.toLowerCase();
}

/** The tenant of a read or a change: it must exist. */
export function existingTenant(req: Request, deps: BrokerDeps): string {
  const tenant = tenantOf(req, deps);
  if (!deps.store.tenantExists(tenant)) throw new Problem('NonexistentTenant', 'No such tenant', tenant);
  return tenant;
}

/** The tenant of a request that creates something: it comes into being with it. */
export function createdTenant(req: Request, deps: BrokerDeps): string {
  const tenant = tenantOf(req, deps);
  deps.store.createTenant(tenant);
  return tenant;
}

export interface Body {
  /** Parsed JSON, `@context` taken out of the top level when it is an object. */
  readonly json: unknown;
  readonly context: ResolvedContext;
  /** The context to use for one item of an array body: its own `@context` or the one of the request. */
  itemContext(item: unknown): Promise<ResolvedContext>;
  readonly isLd: boolean;
}

/** Body and context of a write. `list`: the body is an array whose items carry their own `@context`. */
export async function bodyOf(req: Request, deps: BrokerDeps, options: { list?: boolean } = {}): Promise<Body> {
  const isLd = contentType(req) === 'application/ld+json';
  const text = typeof req.body === 'string' ? req.body : '';
  if (text.trim() === '')
    throw new Problem(deps.profile === 'orion' ? 'BadRequestData' : 'InvalidRequest', 'payload missing', 'this request needs a JSON body');
  const json = parseJson(text, deps);
  const link = linkContext(req);
  if (isLd && link !== undefined) {
    const title = 'invalid combination of HTTP headers Content-Type and Link';
    throw new Problem('BadRequestData', title, 'with application/ld+json the @context belongs into the body');
  }
  if (options.list === true) {
    const context = await deps.contexts.resolve(link);
    return { json, context, isLd, itemContext: (item) => itemContext(item, isLd, context, deps) };
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new Problem('InvalidRequest', 'Invalid body', 'a JSON object is expected');
  const { '@context': own, ...rest } = json as Record<string, unknown>;
  const context = await contextOfItem(json as Record<string, unknown>, own, isLd, () => deps.contexts.resolve(link), deps);
  return { json: rest, context, isLd, itemContext: () => Promise.resolve(context) };
}

function itemContext(item: unknown, isLd: boolean, context: ResolvedContext, deps: BrokerDeps): Promise<ResolvedContext> {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return Promise.resolve(context);
  const own = (item as Record<string, unknown>)['@context'];
  return contextOfItem(item as Record<string, unknown>, own, isLd, () => Promise.resolve(context), deps);
}

async function contextOfItem(
  item: Record<string, unknown>,
  own: unknown,
  isLd: boolean,
  fallback: () => Promise<ResolvedContext>,
  deps: BrokerDeps,
): Promise<ResolvedContext> {
  if (!isLd) {
    if ('@context' in item) throw new Problem('BadRequestData', 'Unexpected @context', 'with application/json it comes in a Link header');
    return fallback();
  }
  if (own === undefined || own === null)
    throw new Problem('BadRequestData', 'Missing @context', 'application/ld+json needs an @context member');
  return deps.contexts.resolve(own);
}

/** The context of a request without a body: its Link header, else the core. */
export function contextOf(req: Request, deps: BrokerDeps): Promise<ResolvedContext> {
  return deps.contexts.resolve(linkContext(req));
}

/** The URL of the JSON-LD context in the Link header. */
function linkContext(req: Request): string | undefined {
  const header = req.get('Link');
  if (header === undefined) return undefined;
  const found = [...header.matchAll(/<([^>]*)>([^,<]*(?:"[^"]*"[^,<]*)*)/g)].filter(([, , parameters]) => {
    const rel = /;\s*rel\s*=\s*(?:"([^"]*)"|([^;\s,]+))/i.exec(parameters ?? '');
    return (rel?.[1] ?? rel?.[2])?.split(/\s+/).includes(LINK_REL);
  });
  if (found.length > 1) throw new Problem('BadRequestData', 'Invalid Link header', 'one JSON-LD context is expected');
  const url = found[0]?.[1]?.trim();
  if (url !== undefined && !isOwnPath(url) && !/^https?:\/\/\S+$/.test(url))
    throw new Problem('BadRequestData', 'Invalid Link header', `${url} is no URL`);
  return url;
}

export function parseJson(text: string, deps: BrokerDeps): unknown {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new Problem('InvalidRequest', 'Invalid JSON', error instanceof Error ? error.message : undefined);
  }
  const twice = deps.profile === 'orion' ? duplicateKey(text) : undefined;
  if (twice !== undefined) throw new Problem('BadRequestData', 'Duplicated field', `${twice} is there twice in one object`);
  return json;
}

/** Throws InvalidRequest with 415 for what is no JSON. */
export function contentType(req: Request): string {
  const given = (req.get('Content-Type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (given === 'application/json' || given === 'application/ld+json') return given;
  if (req.method === 'PATCH' && given === 'application/merge-patch+json') return given;
  const patch = req.method === 'PATCH' ? ', application/merge-patch+json' : '';
  const detail = `${given || 'no Content-Type'}: application/json, application/ld+json${patch} are understood`;
  throw new Problem('InvalidRequest', 'Unsupported Media Type', detail, { status: 415 });
}
