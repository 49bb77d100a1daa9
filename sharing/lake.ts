import { isServiceMissing } from '../core/deliver/answer.ts';
import { RetryableError } from '../core/errors.ts';
import { taken } from './documents-api.ts';
import { ringOf } from './documents.ts';
import type { Caller, Reply } from './http.ts';
import { createHistoryReader, type Found } from './lake-history.ts';
import { statesOf, type State } from './notice.ts';
import type { Partner, Share } from './partner.ts';

/** Reads our own broker. Each throws {RetryableError} while it cannot be asked. */
export interface Lake {
  /** The time at the broker, milliseconds, never later than it is there. */
  now(): Promise<number>;
  /** Present states of what is shared that changed at `since` or later; without it all. */
  changed(partner: Partner, share: Share, context: string, since: number | undefined): Promise<State[]>;
  /** Ids of all entities of a type. */
  ids(type: string, context: string): Promise<Set<string>>;
  exists(id: string): Promise<boolean>;
  /** Values that came to be between two moments, of `atOnce` entities a page; undefined: the broker has no history. */
  values(partner: Partner, share: Share, context: string, from: number, to: number, atOnce: number): Promise<Found | undefined>;
}

const largestPage = 500;
/** What a broker takes that refuses more. */
const modestPage = 100;
/** Pages overlap: what is deleted meanwhile moves the others forward. */
const overlap = 25;

export function createLake(url: string, caller: Caller): Lake {
  const base = `${url.replace(/\/+$/, '')}/ngsi-ld/v1`;

  function get(path: string, params: Readonly<Record<string, string | undefined>>, context = ''): Promise<Reply> {
    const given = Object.entries(params).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`]));
    return caller.call({ method: 'GET', url: `${base}/${path}${given.length === 0 ? '' : `?${given.join('&')}`}`, context });
  }

  const history = createHistoryReader((params, context) => get('temporal/entities', params, context), `the history of ${url}`);
  let usual = largestPage;

  async function pages(params: Readonly<Record<string, string | undefined>>, context: string): Promise<State[]> {
    const found = new Map<string, State>();
    let limit = usual;
    for (let offset = 0; ;) {
      const reply = await get('entities', { ...params, limit: String(limit), offset: String(offset) }, context);
      if (reply.tooLong === true && limit > 1) {
        limit = Math.ceil(limit / 4);
        continue;
      }
      if ([400, 403].includes(reply.status) && limit > modestPage) {
        limit = modestPage;
        continue;
      }
      // A tenant that nobody has written to yet has none. What else answers 404 is not the broker, and knows nothing of its entities.
      if (reply.status === 404 && !isServiceMissing(reply.body)) return [];
      const { body } = taken(reply, `the entities of ${url}`);
      usual = Math.max(limit, modestPage);
      const before = found.size;
      for (const state of statesOf(body)) found.set(state.id, state);
      const count = Array.isArray(body) ? body.length : 0;
      // Whoever takes no offset gives the same for ever.
      if (found.size === before || (count < limit && reply.hasNext !== true)) return [...found.values()];
      offset += count - Math.min(overlap, count >> 2);
    }
  }

  return {
    async now() {
      const reply = await caller.call({ method: 'GET', url: `${url.replace(/\/+$/, '')}/version` });
      if (reply.status === 0) throw new RetryableError(`${url}: ${reply.failure ?? 'no answer'}`);
      return reply.date === undefined ? Date.now() - 1_000 : Date.parse(reply.date);
    },
    async changed(partner, share, context, since) {
      const params = { type: share.type, options: 'sysAttrs', ...filtersOf(partner, share) };
      if (since === undefined) return pages(params, context);
      const moment = `modifiedAt>=${new Date(since).toISOString()}`;
      try {
        return await pages({ ...params, q: share.q === undefined ? moment : `(${share.q});${moment}` }, context);
      } catch (error) {
        if (error instanceof RetryableError) throw error;
        // A broker that cannot ask for modifiedAt gives all; what was taken already is known.
        return pages(params, context);
      }
    },
    async ids(type, context) {
      return new Set((await pages({ type, options: 'keyValues' }, context)).map(({ id }) => id));
    },
    async exists(id) {
      const reply = await get(`entities/${encodeURIComponent(id)}`, {});
      return (reply.status !== 404 || isServiceMissing(reply.body)) && taken(reply, id).status === 200;
    },
    values: (partner, share, context, from, to, atOnce) =>
      history.values({ type: share.type, ...filtersOf(partner, share) }, context, from, to, atOnce),
  };
}

function filtersOf({ area }: Partner, { attributes, q }: Share): Record<string, string | undefined> {
  return {
    attrs: attributes === 'all' ? undefined : attributes.join(','),
    q,
    ...(area !== undefined && { georel: 'within', geometry: 'Polygon', coordinates: JSON.stringify(ringOf(area)) }),
  };
}
