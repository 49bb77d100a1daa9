import { notUnderstood, Refusal } from './refusal.ts';

/** What can be asked for; everything else of the broker's API stays inside. */
export type Route =
  | { readonly kind: 'entities' | 'query'; readonly isTemporal: boolean }
  | { readonly kind: 'entity'; readonly isTemporal: boolean; readonly id: string }
  | { readonly kind: 'types' | 'attributes' }
  | { readonly kind: 'type' | 'attribute'; readonly name: string };

const api = '/ngsi-ld/v1/';
/** Doors of the API that write, or that say how the platform is made. */
const inner =
  /^(?:entities\/[^/]+\/attrs(?:\/[^/]+){0,2}|entityOperations\/\w+|(?:subscriptions|csourceRegistrations|csourceSubscriptions|jsonldContexts)(?:\/[^/]+)?|temporal\/entities\/[^/]+\/attrs(?:\/[^/]+){0,2}|info\/\w+|entityMaps(?:\/[^/]+)?)\/?$/;

/** @throws {Refusal} 404 for paths that are not of the API, 405 for what does not read. */
export function routeOf(method: string, url: string): Route {
  const path = url.split('?', 1)[0] ?? '';
  const route = path.startsWith(api) ? match(path.slice(api.length)) : undefined;
  const verbs = route?.kind === 'query' ? ['POST'] : ['GET', 'HEAD'];
  if (route === undefined) {
    if (path.startsWith(api) && inner.test(path.slice(api.length))) throw notHere(method, 'nothing');
    throw new Refusal(404, 'ResourceNotFound', 'Not found', 'there is no such path');
  }
  if (!verbs.includes(method)) throw notHere(method, verbs.join(', '));
  return route;
}

function match(path: string): Route | undefined {
  const parts = path.replace(/\/$/, '').split('/');
  const isTemporal = parts[0] === 'temporal';
  const [first, second, ...more] = isTemporal ? parts.slice(1) : parts;
  if (more.length > 0 || second === '') return undefined;
  if (first === 'entityOperations') return second === 'query' ? { kind: 'query', isTemporal } : undefined;
  if (first === 'entities')
    return second === undefined ? { kind: 'entities', isTemporal } : { kind: 'entity', isTemporal, id: decoded(second) };
  if (isTemporal || (first !== 'types' && first !== 'attributes')) return undefined;
  if (second === undefined) return { kind: first };
  return { kind: first === 'types' ? 'type' : 'attribute', name: decoded(second) };
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw notUnderstood('the path is not encoded right');
  }
}

function notHere(method: string, allowed: string): Refusal {
  return new Refusal(
    405,
    'OperationNotSupported',
    'Not taken here',
    `${method.slice(0, 20)} has no place at this path: this is a gateway for reading`,
    {
      Allow: allowed === 'nothing' ? '' : `${allowed}, OPTIONS`,
    },
  );
}
