import { levelOfAttribute, levelOfType, mayRead } from '../core/access/levels.ts';
import { isObject } from './filter.ts';
import type { Naming } from './naming.ts';
import type { Reader } from './permit.ts';
import type { Upstream } from './upstream.ts';

/** A type that has entities which the caller may read, and their attributes that he may read. By IRI. */
export interface TypeFacts {
  readonly iri: string;
  readonly entityCount: number;
  readonly attributes: readonly { readonly iri: string; readonly kinds: readonly string[] }[];
}

export interface Catalogue {
  types(reader: Reader): Promise<readonly TypeFacts[]>;
  /** How many entities of these types have an attribute. */
  count(types: readonly string[], attribute: string, reader: Reader): Promise<number>;
}

const freshMs = 30_000;
const atOnce = 6;

/** What there is, as far as a level reaches: counts leave out what is hidden. Kept for half a minute, since it takes many questions. */
export function createCatalogue(upstream: Upstream, core: Naming, now: () => number): Catalogue {
  const kept = new Map<string, { readonly at: number; readonly facts: Promise<readonly TypeFacts[]> }>();

  async function count(types: readonly string[], attribute: string | undefined, { level, hidden }: Reader): Promise<number> {
    const idPattern = hidden.pattern(level);
    const entities = types.map((type) => ({ type, ...(idPattern !== undefined && { idPattern }) }));
    const body = { type: 'Query', entities, ...(attribute !== undefined && { attrs: [attribute] }) };
    const reply = await upstream.ask('POST', '/entityOperations/query?limit=0&count=true', { body });
    return reply.count ?? 0;
  }

  async function factsOf(name: string, reader: Reader): Promise<TypeFacts | undefined> {
    const { body, status } = await upstream.ask('GET', `/types/${encodeURIComponent(name)}`);
    if (status !== 200 || !isObject(body)) return undefined;
    const details = (Array.isArray(body['attributeDetails']) ? body['attributeDetails'] : []).filter(isObject);
    const total = typeof body['entityCount'] === 'number' ? body['entityCount'] : 0;
    const entityCount = reader.hidden.pattern(reader.level) === undefined ? total : await count([name], undefined, reader);
    if (entityCount === 0) return undefined;
    const readable = details
      .map(({ id, attributeTypes }) => ({ iri: String(id), kinds: ([attributeTypes ?? []].flat() as unknown[]).map(String) }))
      .filter((one) => isReadable(name, one.iri, core, reader));
    // Some of them may be of hidden entities only.
    const sure = entityCount === total ? readable : await keep(readable, async (one) => (await count([name], one.iri, reader)) > 0);
    return { iri: String(body['id'] ?? name), entityCount, attributes: sure };
  }

  async function collect(reader: Reader): Promise<readonly TypeFacts[]> {
    const { body } = await upstream.ask('GET', '/types');
    const list = isObject(body) && Array.isArray(body['typeList']) ? body['typeList'] : [];
    const names = list.map(String).filter((name) => mayRead(reader.level, levelOfType(core.model(name))));
    const facts = await inTurn(names, (name) => factsOf(name, reader));
    return facts.filter((one) => one !== undefined);
  }

  return {
    count: (types, attribute, reader) => count(types, attribute, reader),
    types(reader) {
      const key = `${reader.level} ${reader.hidden.pattern(reader.level) ?? ''}`;
      const before = kept.get(key);
      if (before !== undefined && now() - before.at < freshMs) return before.facts;
      const facts = collect(reader);
      if (kept.size > 20) kept.clear();
      kept.set(key, { at: now(), facts });
      facts.catch(() => kept.delete(key));
      return facts;
    },
  };
}

function isReadable(type: string, attribute: string, core: Naming, { level }: Reader): boolean {
  if (level === 'internal') return true;
  const model = core.model(type);
  const name = model === undefined ? undefined : core.attribute(model, attribute);
  return name !== undefined && mayRead(level, levelOfAttribute(model, name));
}

async function inTurn<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let from = 0; from < items.length; from += atOnce) results.push(...(await Promise.all(items.slice(from, from + atOnce).map(work))));
  return results;
}

async function keep<T>(items: readonly T[], isKept: (item: T) => Promise<boolean>): Promise<T[]> {
  const flags = await inTurn(items, isKept);
  return items.filter((_, index) => flags[index]);
}
