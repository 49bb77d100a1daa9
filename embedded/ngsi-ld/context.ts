import { ContextParser, type JsonLdContext } from 'jsonld-context-parser';
import { CORE_CONTEXT, CORE_CONTEXT_URL, isCoreContextUrl } from './core-context.ts';
import { contextInBody, createNames } from './context-names.ts';
import type { ContextLoader } from './context-load.ts';
import type { ContextStore } from './context-store.ts';
import { Problem } from './problems.ts';
import type { Contexts, ResolvedContext } from './types.ts';

const MOST_RESOLVED = 500;

export interface ContextOptions {
  readonly held: ContextStore;
  readonly loader: ContextLoader;
  readonly clock: () => string;
  /** URL under which the broker serves a context it holds. */
  readonly urlOf: (localId: string) => string;
}

export interface CachedContexts extends Contexts {
  /** Contexts are resolved anew: after one was changed, deleted or reloaded. */
  forget(): void;
  /** How often a context by URL was asked for since the start of this process. */
  hitsOf(url: string): number;
}

export function createContexts(options: ContextOptions): CachedContexts {
  const resolved = new Map<string, Promise<ResolvedContext>>();
  const hits = new Map<string, number>();

  async function make(user: unknown): Promise<ResolvedContext> {
    let refused: unknown;
    async function load(url: string): Promise<Record<string, unknown>> {
      try {
        return await options.loader.load(url);
      } catch (error) {
        refused = error;
        throw error;
      }
    }
    const parser = new ContextParser({ documentLoader: { load }, redirectSchemaOrgHttps: false });
    try {
      const parse = { ignoreProtection: true, processingMode: 1.1 };
      const before = user === undefined ? {} : (await parser.parse(user as JsonLdContext, parse)).getContextRaw();
      // The core comes last: its terms win over the user's.
      const all = await parser.parse(CORE_CONTEXT as JsonLdContext, { ...parse, parentContext: before });
      return createNames(all.getContextRaw(), user);
    } catch (error) {
      // The parser wraps what its loader threw.
      if (refused instanceof Problem) throw refused;
      throw new Problem('BadRequestData', 'Invalid @context', error instanceof Error ? error.message : undefined);
    }
  }

  async function resolve(context: unknown): Promise<ResolvedContext> {
    const user = userPart(context, options.urlOf);
    const key = JSON.stringify(user) ?? '';
    for (const part of [context].flat(Infinity)) if (typeof part === 'string') hits.set(part, (hits.get(part) ?? 0) + 1);
    const known = resolved.get(key);
    if (known !== undefined) return known;
    if (resolved.size >= MOST_RESOLVED) resolved.clear();
    const made = make(user);
    resolved.set(key, made);
    // A context that could not be had now may be had next time.
    made.catch(() => resolved.delete(key));
    return made;
  }

  function link(context: ResolvedContext): string {
    if (context.user === undefined) return CORE_CONTEXT_URL;
    if (typeof context.user === 'string') return context.user;
    return options.held.put('ImplicitlyCreated', options.urlOf, { '@context': contextInBody(context.user) }, options.clock()).url;
  }

  return {
    resolve,
    link,
    body: (context) => contextInBody(context.user),
    forget: () => resolved.clear(),
    hitsOf: (url) => hits.get(url) ?? 0,
  };
}

/** The Location of a context that the broker hosts, taken as a reference as it is. */
const OWN_PATH = '/ngsi-ld/v1/jsonldContexts/';

export function isOwnPath(part: unknown): part is string {
  return typeof part === 'string' && part.startsWith(OWN_PATH);
}

/** The context without the core, which is always applied last; one entry stands alone. Checks its shape only. */
function userPart(context: unknown, urlOf: ContextOptions['urlOf']): unknown {
  if (context === undefined || context === null) return undefined;
  const given = (Array.isArray(context) ? context.flat(Infinity) : [context]) as unknown[];
  const parts = given.map((part) => (isOwnPath(part) ? urlOf(decodeURIComponent(part.slice(OWN_PATH.length))) : part));
  const kept = parts.filter((part) => !(typeof part === 'string' && isCoreContextUrl(part)) && !isEmpty(part));
  for (const part of kept) {
    if (holdsScoped(part))
      throw new Problem('BadRequestData', 'Invalid @context', 'JSON-LD scoped contexts are not allowed in a user @context (5.5.7)');
    if (typeof part === 'string' ? !/^https?:\/\/[^\s]+$/.test(part) : typeof part !== 'object') {
      throw new Problem(
        'BadRequestData',
        'Invalid @context',
        `a URL, an object or an array of both is expected, not ${JSON.stringify(part)}`,
      );
    }
  }
  return kept.length > 1 ? kept : kept[0];
}

function holdsScoped(part: unknown): boolean {
  return (
    typeof part === 'object' &&
    part !== null &&
    Object.values(part).some((term) => typeof term === 'object' && term !== null && '@context' in term)
  );
}

function isEmpty(part: unknown): boolean {
  return part === null || (typeof part === 'object' && Object.keys(part).length === 0);
}
