import { Router, type Request, type Response } from 'express';
import { acceptOf, sendJson } from '../http/answer.ts';
import { flagOf, paramsOf } from '../http/params.ts';
import { contextOf, existingTenant } from '../http/request.ts';
import { route } from '../http/routing.ts';
import { expandChecked } from '../input/names.ts';
import { Problem } from '../problems.ts';
import type { BrokerDeps, ResolvedContext, StoredAttribute } from '../types.ts';

/** What is there of one type or attribute. */
interface TypeFacts {
  entityCount: number;
  /** Attribute IRI → the kinds it has. */
  readonly attributes: Map<string, Set<StoredAttribute['type']>>;
}

interface AttributeFacts {
  count: number;
  readonly kinds: Set<StoredAttribute['type']>;
  readonly types: Set<string>;
}

/** /types and /attributes (5.7.5 to 5.7.10). */
export function discoveryRouter(deps: BrokerDeps): Router {
  const router = Router();
  route(router, deps, '/types', { get: (req, res) => listTypes(deps, req, res) });
  route(router, deps, '/types/:name', { get: (req, res) => showType(deps, req, res) });
  route(router, deps, '/attributes', { get: (req, res) => listAttributes(deps, req, res) });
  route(router, deps, '/attributes/:name', { get: (req, res) => showAttribute(deps, req, res) });
  return router;
}

async function listTypes(deps: BrokerDeps, req: Request, res: Response): Promise<void> {
  const params = paramsOf(req, ['details', 'local'], deps);
  const context = await contextOf(req, deps);
  const types = typesOf(deps, existingTenant(req, deps));
  const name = (iri: string): string => context.compactName(iri);
  const body = flagOf(params, 'details')
    ? [...types].map(([iri, facts]) => ({
        id: iri,
        type: 'EntityType',
        typeName: name(iri),
        attributeNames: [...facts.attributes.keys()].map(name),
      }))
    : { id: listId(deps, 'EntityTypeList'), type: 'EntityTypeList', typeList: [...types.keys()].map(name) };
  sendJson(req, res, deps, { body, context, accept: acceptOf(req) });
}

async function showType(deps: BrokerDeps, req: Request, res: Response): Promise<void> {
  paramsOf(req, ['local'], deps);
  const context = await contextOf(req, deps);
  const iri = expandChecked(req.params['name'], 'type', context, deps.profile);
  const facts = typesOf(deps, existingTenant(req, deps), [iri]).get(iri);
  if (facts === undefined) throw new Problem('ResourceNotFound', 'No such type', iri);
  const body = {
    id: iri,
    type: 'EntityTypeInfo',
    typeName: context.compactName(iri),
    entityCount: facts.entityCount,
    attributeDetails: [...facts.attributes].map(([attribute, kinds]) => ({
      id: attribute,
      type: 'Attribute',
      attributeName: context.compactName(attribute),
      attributeTypes: [...kinds],
    })),
  };
  sendJson(req, res, deps, { body, context, accept: acceptOf(req) });
}

async function listAttributes(deps: BrokerDeps, req: Request, res: Response): Promise<void> {
  const params = paramsOf(req, ['details', 'local'], deps);
  const context = await contextOf(req, deps);
  const attributes = attributesOf(deps, existingTenant(req, deps));
  const body = flagOf(params, 'details')
    ? [...attributes].map(([iri, facts]) => ({ id: iri, type: 'Attribute', ...named(iri, facts, context) }))
    : {
        id: listId(deps, 'AttributeList'),
        type: 'AttributeList',
        attributeList: [...attributes.keys()].map((iri) => context.compactName(iri)),
      };
  sendJson(req, res, deps, { body, context, accept: acceptOf(req) });
}

async function showAttribute(deps: BrokerDeps, req: Request, res: Response): Promise<void> {
  paramsOf(req, ['local'], deps);
  const context = await contextOf(req, deps);
  const iri = expandChecked(req.params['name'], 'attribute', context, deps.profile);
  const facts = attributesOf(deps, existingTenant(req, deps)).get(iri);
  if (facts === undefined) throw new Problem('ResourceNotFound', 'No such attribute', iri);
  const body = { id: iri, type: 'Attribute', ...named(iri, facts, context), attributeCount: facts.count, attributeTypes: [...facts.kinds] };
  sendJson(req, res, deps, { body, context, accept: acceptOf(req) });
}

function named(iri: string, facts: AttributeFacts, context: ResolvedContext): Record<string, unknown> {
  return { attributeName: context.compactName(iri), typeNames: [...facts.types].map((type) => context.compactName(type)) };
}

function typesOf(deps: BrokerDeps, tenant: string, types?: readonly string[]): Map<string, TypeFacts> {
  const found = new Map<string, TypeFacts>();
  for (const entity of deps.store.list(tenant, types && { types })) {
    for (const type of entity.types) {
      const facts = getOrAdd(found, type, () => ({ entityCount: 0, attributes: new Map() }));
      facts.entityCount += 1;
      for (const [iri, instances] of Object.entries(entity.attributes)) {
        const kinds = getOrAdd(facts.attributes, iri, () => new Set());
        for (const instance of instances) kinds.add(instance.type);
      }
    }
  }
  return found;
}

function attributesOf(deps: BrokerDeps, tenant: string): Map<string, AttributeFacts> {
  const found = new Map<string, AttributeFacts>();
  for (const entity of deps.store.list(tenant)) {
    for (const [iri, instances] of Object.entries(entity.attributes)) {
      const facts = getOrAdd(found, iri, () => ({ count: 0, kinds: new Set(), types: new Set() }));
      facts.count += instances.length;
      for (const instance of instances) facts.kinds.add(instance.type);
      for (const type of entity.types) facts.types.add(type);
    }
  }
  return found;
}

function getOrAdd<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

function listId(deps: BrokerDeps, kind: string): string {
  return `urn:ngsi-ld:${kind}:${deps.clock().replace(/\D/g, '')}`;
}
