import { contextFor } from '../core/entity/contexts.ts';
import type { Model, Models } from '../core/entity/models.ts';
import { notUnderstood } from './refusal.ts';

/** The `@context` of one request: that of a subject, or the core alone. None is ever fetched for a caller. */
export interface Naming {
  readonly subject?: string;
  /** URL for the broker; left out: the core context. */
  readonly upstream?: string;
  /** URL for the caller. */
  readonly shown: string;
  /** The descriptor of a type, by its name in this context or its IRI. */
  model(name: string): Model | undefined;
  /** The name in the descriptor of an attribute, by its name in this context or its IRI. */
  attribute(model: Model, name: string): string | undefined;
  /** The name by which broker and caller call an IRI or a name. */
  canonical(name: string): string;
  /** The name of a descriptor's attribute in this context. */
  nameOf(model: Model, attribute: string): string;
  typeName(model: Model): string;
}

export interface Namings {
  /** By the URLs of a Link header or an `@context`; `hints` are types named without one. @throws {Refusal} */
  of(urls: readonly string[], hints: readonly string[]): Naming;
  /** IRIs for all names. */
  readonly core: Naming;
}

export interface ContextUrls {
  /** Where the broker fetches the context of a subject. */
  upstream(subject: string): string;
  /** Where callers find it. */
  shown(subject: string): string;
}

const coreContextUrl = 'https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.8.jsonld';
const coreNamespace = 'https://uri.etsi.org/ngsi-ld/';
const coreUrl = /^https?:\/\/uri\.etsi\.org\/ngsi-ld\/(?:v1\/)?ngsi-ld-core-context(?:-v1\.\d+(?:\.\d+)?)?\.jsonld$/;
const ownPath = /^https?:\/\/[^/?#\s]+(?:\/[^?#\s]*)?\/contexts\/([a-z-]+)\.jsonld$/;
/** Core terms outside of the core's namespace. */
const coreTerms: readonly (readonly [string, string])[] = [
  ['description', 'http://purl.org/dc/terms/description'],
  ['title', 'http://purl.org/dc/terms/title'],
];

export function createNamings(models: Models, urls: ContextUrls): Namings {
  const ofIri = new Map([...models.types.values()].map((model) => [model.iri, model]));
  const attributesByIri = new Map(
    [...models.types.values()].map((model) => [model, new Map(Object.entries(model.attributes).map(([name, { iri }]) => [iri, name]))]),
  );
  const inCore = [...models.types.values()]
    .flatMap(({ attributes }) => Object.entries(attributes))
    .flatMap(([name, { iri }]) => (iri === `${coreNamespace}${name}` ? [[name, iri] as const] : []));
  const core = new Map<string, string>([...coreTerms, ...inCore]);

  function naming(subject?: string): Naming {
    const own = subject === undefined ? {} : (contextFor(subject, models)?.['@context'][0] ?? {});
    const terms = new Map<string, string>([...core, ...Object.entries(own)]);
    const names = new Map([...terms].map(([name, iri]) => [iri, name]));
    const canonical = (name: string): string => names.get(name) ?? name;
    const expand = (name: string): string => terms.get(name) ?? name;
    return {
      ...(subject !== undefined && { subject, upstream: urls.upstream(subject) }),
      shown: subject === undefined ? coreContextUrl : urls.shown(subject),
      model: (name) => ofIri.get(expand(name)),
      attribute: (model, name) => attributesByIri.get(model)?.get(expand(name)),
      canonical,
      nameOf: (model, attribute) => canonical(model.attributes[attribute]?.iri ?? attribute),
      typeName: (model) => canonical(model.iri),
    };
  }

  const known = new Map([...models.subjects.keys()].map((subject) => [subject, naming(subject)]));
  const bare = naming();

  function subjectOf(url: string): string | undefined {
    if (coreUrl.test(url)) return undefined;
    const found =
      [...models.subjects.values()].find(({ name, officialContext }) =>
        [officialContext, urls.upstream(name), urls.shown(name)].includes(url),
      )?.name ?? ownPath.exec(url)?.[1];
    if (found !== undefined && known.has(found)) return found;
    throw notUnderstood(
      `the @context ${url.slice(0, 200)} is not known here; use ${urls.shown('<subject>')} with one of ${[...known.keys()].join(', ')}, or the core context with IRIs for names`,
    );
  }

  return {
    core: bare,
    of(given, hints) {
      const subjects = new Set(given.map(subjectOf).filter((subject) => subject !== undefined));
      if (subjects.size > 1) throw notUnderstood(`one subject's @context goes with a request, not ${[...subjects].join(' and ')}`);
      const [named] = subjects;
      if (given.length > 0) return named === undefined ? bare : (known.get(named) ?? bare);
      // Without a context short names would mean nothing: types that we know tell their subject.
      const hinted = new Set(hints.map((hint) => models.types.get(hint)?.subject));
      const [only] = hinted;
      return hinted.size === 1 && only !== undefined ? (known.get(only) ?? bare) : bare;
    },
  };
}
