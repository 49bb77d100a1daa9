import { readFailure } from '../core/deliver/answer.ts';
import { ConfigError, RetryableError } from '../core/errors.ts';
import { klavzePrefix, type Wanted } from './documents.ts';
import type { Caller, Reply } from './http.ts';

export type Document = Readonly<Record<string, unknown>>;

/** Subscriptions and registrations at one broker. Each throws {RetryableError} while it cannot be asked, {ConfigError} when it says no for good. */
export interface Documents {
  /** Undefined: there is none. Names in it are short by `context`. */
  get(kind: Wanted['kind'], id: string, context: string): Promise<Document | undefined>;
  /** Ids of ours and of other Klavže. Where a broker lists registrations only by type, those of `candidates` that are there. */
  ofKlavze(kind: Wanted['kind'], candidates: readonly string[]): Promise<string[]>;
  /** Registrations that have to do with any of the types. */
  registrations(types: readonly { readonly type: string; readonly context: string }[]): Promise<Document[]>;
  create(wanted: Wanted): Promise<void>;
  patch(kind: Wanted['kind'], id: string, context: string, members: Document): Promise<void>;
  remove(kind: Wanted['kind'], id: string): Promise<void>;
}

const pageSize = 100;

/** `url`: of the broker, without /ngsi-ld. */
export function createDocuments(url: string, caller: Caller): Documents {
  const base = `${url.replace(/\/+$/, '')}/ngsi-ld/v1`;
  const at = (kind: string, id: string): string => `${base}/${kind}/${encodeURIComponent(id)}`;

  async function all(kind: Wanted['kind'], selection = '', context = ''): Promise<Document[] | undefined> {
    const found: Document[] = [];
    for (let last = pageSize; last === pageSize;) {
      const reply = await caller.call({
        method: 'GET',
        url: `${base}/${kind}?limit=${pageSize}&offset=${found.length}${selection}`,
        context,
      });
      // A tenant that nobody has written to yet has none.
      if (reply.status === 404) return [];
      // Some brokers want to be asked for registrations of something.
      if (reply.status === 400 && kind === 'csourceRegistrations' && selection === '') return undefined;
      const { body } = taken(reply, `the ${kind} of ${url}`);
      const some = Array.isArray(body) ? (body as Document[]) : [];
      last = some.length;
      found.push(...some);
    }
    return found;
  }

  async function probe(kind: Wanted['kind'], ids: readonly string[]): Promise<string[]> {
    const found: string[] = [];
    for (const id of ids) if ((await caller.call({ method: 'GET', url: at(kind, id) })).status === 200) found.push(id);
    return found;
  }

  return {
    async registrations(types) {
      const listed = await all('csourceRegistrations');
      if (listed !== undefined) return listed;
      const found: Document[] = [];
      for (const { type, context } of types) found.push(...((await all('csourceRegistrations', `&type=${type}`, context)) ?? []));
      return found;
    },
    async get(kind, id, context) {
      const reply = await caller.call({ method: 'GET', url: at(kind, id), context });
      return reply.status === 404 ? undefined : (taken(reply, id).body as Document);
    },
    async ofKlavze(kind, candidates) {
      const listed = await all(kind);
      const ids = listed === undefined ? await probe(kind, candidates) : listed.map(({ id }) => String(id));
      return ids.filter((id) => id.startsWith(klavzePrefix[kind]));
    },
    async create({ kind, id, context, body, optional }) {
      const post = (document: Document) =>
        caller.call({ method: 'POST', url: `${base}/${kind}`, context, body: JSON.stringify({ id, ...document }) });
      let reply = await post({ ...body, ...optional });
      if (optional !== undefined && [400, 501].includes(reply.status)) reply = await post(body);
      taken(reply, id);
    },
    async patch(kind, id, context, members) {
      taken(await caller.call({ method: 'PATCH', url: at(kind, id), context, body: JSON.stringify(members) }), id);
    },
    async remove(kind, id) {
      const reply = await caller.call({ method: 'DELETE', url: at(kind, id) });
      if (reply.status !== 404) taken(reply, id);
    },
  };
}

/** @throws {RetryableError} @throws {ConfigError} for all but a 2xx. */
export function taken(reply: Reply, what: string): Reply {
  if (reply.status >= 200 && reply.status < 300) return reply;
  const { kind, message } = readFailure(reply);
  if (kind === 'unavailable') throw new RetryableError(`${what}: ${message}`);
  throw new ConfigError(`${what}: ${message}`);
}
