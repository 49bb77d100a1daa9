import type { Models } from '../core/entity/models.ts';
import type { Catalogue } from './catalogue.ts';
import { isObject, readablePart, type Json } from './filter.ts';
import type { Naming, Namings } from './naming.ts';
import { checkName, checkUri, flagOf, readParams } from './params.ts';
import { permit, type Reader } from './permit.ts';
import type { Question, View } from './question.ts';
import { readGet, readOne, readPost, type Asked } from './read-question.ts';
import { notFound } from './refusal.ts';
import { shape, toFeature } from './represent.ts';
import type { Reply, Upstream } from './upstream.ts';

/** Data for the caller, before it is put into its media type. */
export interface Answer {
  readonly body: unknown;
  readonly naming: Naming;
  readonly media: View['media'];
  readonly entities: number;
  readonly count?: number;
  readonly page?: { readonly limit: number; readonly offset: number; readonly hasMore: boolean };
}

export interface Sources {
  readonly models: Models;
  readonly namings: Namings;
  readonly upstream: Upstream;
  readonly catalogue: Catalogue;
}

/** Entities by a query in the parameters, or in a body. @throws {Refusal} */
export async function answerQuery(
  { models, upstream }: Sources,
  asked: Asked,
  body: { readonly text: string; readonly isLd: boolean } | undefined,
  reader: Reader,
): Promise<Answer> {
  const question = body === undefined ? readGet(asked) : readPost(asked, body.text, body.isLd);
  const { naming, page, view } = question;
  const permitted = permit(question, reader, models);
  const reply = permitted === undefined ? nothing : await ask(question, permitted, upstream);
  const found = Array.isArray(reply.body) ? reply.body : [];
  const shown = found.flatMap((entity): Json[] => {
    const readable = readablePart(entity, naming, reader);
    const json = readable && shape(readable, view);
    if (json === undefined || readable === undefined) return [];
    return [view.media === 'application/geo+json' ? toFeature(json, readable, view) : json];
  });
  const total = reply.count ?? (page.count ? 0 : undefined);
  const hasMore = total === undefined ? found.length >= page.limit && page.limit > 0 : page.offset + page.limit < total;
  return {
    body: view.media === 'application/geo+json' ? { type: 'FeatureCollection', features: shown } : shown,
    naming,
    media: view.media,
    entities: shown.length,
    ...(page.count && { count: total ?? 0 }),
    page: { ...page, hasMore },
  };
}

const nothing: Reply = { status: 200, body: [], count: 0 };

async function ask(
  { naming, page, view, temporal }: Question,
  permitted: { body: object; local: boolean },
  upstream: Upstream,
): Promise<Reply> {
  const params = new URLSearchParams({ limit: String(page.limit), offset: String(page.offset) });
  if (page.count) params.set('count', 'true');
  if (permitted.local) params.set('local', 'true');
  const option =
    temporal === undefined ? (view.sysAttrs ? 'sysAttrs' : undefined) : temporal.format === 'normalized' ? undefined : temporal.format;
  if (option !== undefined) params.set('options', option);
  const path = `${temporal === undefined ? '' : '/temporal'}/entityOperations/query?${params.toString()}`;
  const reply = await upstream.ask('POST', path, { context: naming.upstream, body: permitted.body });
  // A tenant that nobody has written to yet.
  return reply.status === 404 ? nothing : reply;
}

/** One entity, or its history. Missing and unreadable look the same. @throws {Refusal} */
export async function answerOne({ upstream }: Sources, asked: Asked, given: string, reader: Reader): Promise<Answer> {
  const id = checkUri(given, 'the id');
  const { naming, view, temporal, types } = readOne(asked, id);
  const params = new URLSearchParams();
  if (temporal === undefined) {
    if (view.sysAttrs) params.set('options', 'sysAttrs');
  } else {
    for (const [name, value] of Object.entries(temporal.temporalQ)) params.set(name, String(value));
    if (temporal.format !== 'normalized') params.set('options', temporal.format);
  }
  if (view.lang !== undefined) params.set('lang', view.lang);
  const query = params.size === 0 ? '' : `?${params.toString()}`;
  const path = `${temporal === undefined ? '' : '/temporal'}/entities/${encodeURIComponent(id)}${query}`;
  const { status, body } = await upstream.ask('GET', path, { context: naming.upstream });
  const readable = status === 200 ? readablePart(body, naming, reader) : undefined;
  if (readable === undefined) throw notFound();
  if (types !== undefined && !types.some((type) => ([readable['type']].flat() as unknown[]).includes(type))) throw notFound();
  const json = shape(readable, view);
  // Without a value in the window nothing is told, for that could be told by values that are hidden.
  const hasAttribute = Object.values(json ?? {}).some((value) => typeof value === 'object' && value !== null && !isTypeList(value));
  const isWanted = temporal === undefined ? view.attrs === undefined || hasAttribute : hasAttribute;
  if (json === undefined || !isWanted) throw notFound();
  const shown = view.media === 'application/geo+json' ? toFeature(json, readable, view) : json;
  return { body: shown, naming, media: view.media, entities: 1 };
}

function isTypeList(value: object): boolean {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

/** /types and /types/{name}. @throws {Refusal} */
export async function answerTypes(
  { catalogue, namings }: Sources,
  asked: Asked,
  name: string | undefined,
  reader: Reader,
): Promise<Answer> {
  const { naming, details } = readListing(asked, namings, name);
  const facts = await catalogue.types(reader);
  if (name !== undefined) {
    const wanted = naming.model(checkName(name, 'type'))?.iri ?? name;
    const one = facts.find(({ iri }) => iri === wanted || naming.canonical(iri) === name);
    if (one === undefined) throw notFound();
    const attributeDetails = one.attributes.map(({ iri, kinds }) => ({
      id: iri,
      type: 'Attribute',
      attributeName: naming.canonical(iri),
      attributeTypes: kinds,
    }));
    const body = {
      id: one.iri,
      type: 'EntityTypeInfo',
      typeName: naming.canonical(one.iri),
      entityCount: one.entityCount,
      attributeDetails,
    };
    return { body, naming, media: asked.media, entities: 0 };
  }
  const body = details
    ? facts.map(({ iri, attributes }) => ({
        id: iri,
        type: 'EntityType',
        typeName: naming.canonical(iri),
        attributeNames: attributes.map((attribute) => naming.canonical(attribute.iri)),
      }))
    : { id: 'urn:ngsi-ld:EntityTypeList:readable', type: 'EntityTypeList', typeList: facts.map(({ iri }) => naming.canonical(iri)) };
  return { body, naming, media: asked.media, entities: 0 };
}

/** /attributes and /attributes/{name}. @throws {Refusal} */
export async function answerAttributes(
  { catalogue, namings }: Sources,
  asked: Asked,
  name: string | undefined,
  reader: Reader,
): Promise<Answer> {
  const { naming, details } = readListing(asked, namings, name);
  const found = new Map<string, { kinds: Set<string>; types: string[] }>();
  for (const type of await catalogue.types(reader)) {
    for (const { iri, kinds } of type.attributes) {
      const one = found.get(iri) ?? { kinds: new Set(), types: [] };
      for (const kind of kinds) one.kinds.add(kind);
      one.types.push(type.iri);
      found.set(iri, one);
    }
  }
  const shown = (iri: string, types: readonly string[]): Json => ({
    id: iri,
    type: 'Attribute',
    attributeName: naming.canonical(iri),
    typeNames: types.map((type) => naming.canonical(type)),
  });
  if (name !== undefined) {
    checkName(name, 'attribute');
    const [iri, facts] = [...found].find(([one]) => one === name || naming.canonical(one) === naming.canonical(name)) ?? [];
    if (iri === undefined || facts === undefined) throw notFound();
    const attributeCount = await catalogue.count(facts.types, iri, reader);
    return {
      body: { ...shown(iri, facts.types), attributeCount, attributeTypes: [...facts.kinds] },
      naming,
      media: asked.media,
      entities: 0,
    };
  }
  const body = details
    ? [...found].map(([iri, { types }]) => shown(iri, types))
    : {
        id: 'urn:ngsi-ld:AttributeList:readable',
        type: 'AttributeList',
        attributeList: [...found.keys()].map((iri) => naming.canonical(iri)),
      };
  return { body, naming, media: asked.media, entities: 0 };
}

function readListing(
  { url, links }: Asked,
  namings: Namings,
  name: string | undefined,
): { readonly naming: Naming; readonly details: boolean } {
  const params = readParams(url, new Set(name === undefined ? ['details', 'local'] : ['local']));
  flagOf(params['local'], 'local');
  return { naming: namings.of(links, name === undefined ? [] : [name]), details: flagOf(params['details'], 'details') };
}

/** A body with its `@context` where the media type has it there. */
export function withContext(body: unknown, context: unknown): unknown {
  if (Array.isArray(body)) return body.map((one: unknown) => withContext(one, context));
  return isObject(body) ? { '@context': context, ...body } : body;
}
