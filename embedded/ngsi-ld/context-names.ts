import { CORE_CONTEXT_URL, DEFAULT_VOCABULARY } from './core-context.ts';
import type { ResolvedContext } from './types.ts';

/** One term as JSON-LD context processing leaves it. */
interface Term {
  readonly iri: string;
  readonly type: string | undefined;
  readonly language: unknown;
  readonly container: string;
  readonly prefix: boolean;
}

const KEYWORD = /^@[a-zA-Z]+$/;
/** The containers in which JSON-LD compaction looks for the name of a node object, best first. */
const NODE_CONTAINERS = ['@id', '@id@set', '@type', '@set@type', '@set', '@none', '@index', '@index@set'];

/** Names by a context already processed: `raw` has absolute IRIs, core terms in it already. */
export function createNames(raw: Readonly<Record<string, unknown>>, user: unknown): ResolvedContext {
  const terms = readTerms(raw);
  const vocabulary = typeof raw['@vocab'] === 'string' ? raw['@vocab'] : DEFAULT_VOCABULARY;
  const preferred = invert(terms, raw['@language']);
  const prefixes = [...terms].filter(([, term]) => term.prefix);
  const expanded = new Map<string, string>();
  const compacted = new Map<string, string>();

  function expand(name: string): string {
    const term = terms.get(name);
    if (term !== undefined) return term.iri;
    if (KEYWORD.test(name)) return name;
    const colon = name.indexOf(':');
    if (colon < 0) return vocabulary + name;
    const prefix = terms.get(name.slice(0, colon));
    const suffix = name.slice(colon + 1);
    return prefix?.prefix === true && !suffix.startsWith('//') ? prefix.iri + suffix : name;
  }

  function compact(iri: string): string {
    const term = preferred.get(iri);
    if (term !== undefined) return term;
    if (iri.startsWith(vocabulary) && iri.length > vocabulary.length) {
      const suffix = iri.slice(vocabulary.length);
      // A suffix that reads as a term, a prefixed name or a keyword would not expand to this IRI again.
      if (expand(suffix) === iri) return suffix;
    }
    let best: string | undefined;
    for (const [prefix, { iri: start }] of prefixes) {
      if (!iri.startsWith(start) || iri.length === start.length) continue;
      const curie = `${prefix}:${iri.slice(start.length)}`;
      if (!terms.has(curie) && (best === undefined || shortestLeast(curie, best) < 0)) best = curie;
    }
    return best ?? iri;
  }

  return {
    user,
    expandName: (name) => remember(expanded, name, expand),
    compactName: (iri) => remember(compacted, iri, compact),
    expandVocab: (value) => remember(expanded, value, expand),
    compactVocab: (iri) => remember(compacted, iri, compact),
  };
}

/** What stands in `@context` of an answer: the user's context, then the core. */
export function contextInBody(user: unknown): unknown {
  if (user === undefined) return CORE_CONTEXT_URL;
  return [...(Array.isArray(user) ? (user as unknown[]) : [user]), CORE_CONTEXT_URL];
}

const MOST_REMEMBERED = 10_000;

function remember(cache: Map<string, string>, key: string, make: (key: string) => string): string {
  const known = cache.get(key);
  if (known !== undefined) return known;
  const made = make(key);
  if (cache.size >= MOST_REMEMBERED) cache.clear();
  cache.set(key, made);
  return made;
}

function readTerms(raw: Readonly<Record<string, unknown>>): Map<string, Term> {
  const terms = new Map<string, Term>();
  for (const [name, value] of Object.entries(raw)) {
    if (name.startsWith('@')) continue;
    const simple = typeof value === 'string';
    const definition = (simple ? { '@id': value } : value) as Record<string, unknown> | null;
    const iri = definition?.['@id'];
    if (definition === null || typeof iri !== 'string' || definition['@reverse'] !== undefined) continue;
    terms.set(name, {
      iri,
      type: typeof definition['@type'] === 'string' ? definition['@type'] : undefined,
      language: definition['@language'],
      container: containerKey(definition['@container']),
      prefix: simple ? !name.includes(':') && !name.includes('/') && /[:/?#[\]@]$/.test(iri) : definition['@prefix'] === true,
    });
  }
  return terms;
}

function containerKey(container: unknown): string {
  if (typeof container === 'string') return container;
  if (typeof container !== 'object' || container === null) return '@none';
  return Object.keys(container).sort().join('') || '@none';
}

/** The name of each IRI for a node object (attribute or type), as JSON-LD's term selection prefers it; else any term of it. */
function invert(terms: ReadonlyMap<string, Term>, defaultLanguage: unknown): Map<string, string> {
  const sorted = [...terms].sort(([a], [b]) => shortestLeast(a, b));
  const best = new Map<string, { name: string; rank: number }>();
  for (const [name, term] of sorted) {
    const rank = rankOf(term, defaultLanguage);
    const known = best.get(term.iri);
    if (known === undefined || rank < known.rank) best.set(term.iri, { name, rank });
  }
  return new Map([...best].map(([iri, { name }]) => [iri, name]));
}

function rankOf(term: Term, defaultLanguage: unknown): number {
  const container = NODE_CONTAINERS.indexOf(term.container);
  const typed = term.type === '@id' ? 0 : term.type === undefined && term.language === undefined ? 1 : -1;
  const usable = container >= 0 && typed >= 0 && (typed === 0 || term.language === undefined || defaultLanguage === undefined);
  return usable ? container * 2 + typed : 1000;
}

function shortestLeast(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}
