import { RetryableError } from '../core/errors.ts';
import { taken } from './documents-api.ts';
import { ringOf } from './documents.ts';
import type { Caller, Reply } from './http.ts';
import { isState, type State } from './notice.ts';
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
  /** Values that came to be between two moments, as the broker gives them; `partial`: not all, ask for less; undefined: it has no history. */
  values(
    partner: Partner,
    share: Share,
    context: string,
    from: number,
    to: number,
  ): Promise<{ entities: State[]; partial: boolean; bytes: number } | undefined>;
}

const pageSize = 500;
/** Pages overlap: what is deleted meanwhile moves the others forward. */
const overlap = 25;

export function createLake(url: string, caller: Caller): Lake {
  const base = `${url.replace(/\/+$/, '')}/ngsi-ld/v1`;

  function get(path: string, params: Readonly<Record<string, string | undefined>>, context = ''): Promise<Reply> {
    const given = Object.entries(params).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`]));
    return caller.call({ method: 'GET', url: `${base}/${path}${given.length === 0 ? '' : `?${given.join('&')}`}`, context });
  }

  async function pages(params: Readonly<Record<string, string | undefined>>, context: string): Promise<State[]> {
    const found = new Map<string, State>();
    for (let offset = 0; ; offset += pageSize - overlap) {
      const reply = await get('entities', { ...params, limit: String(pageSize), offset: String(offset) }, context);
      // A tenant that nobody has written to yet has none.
      if (reply.status === 404) return [];
      const { body } = taken(reply, `the entities of ${url}`);
      const some = statesOf(body);
      for (const state of some) found.set(state.id, state);
      if (some.length < pageSize) return [...found.values()];
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
      return reply.status !== 404 && taken(reply, id).status === 200;
    },
    async values(partner, share, context, from, to) {
      const params = {
        type: share.type,
        timerel: 'between',
        timeAt: new Date(from).toISOString(),
        endTimeAt: new Date(to).toISOString(),
        timeproperty: 'modifiedAt',
        options: 'sysAttrs',
        ...filtersOf(partner, share),
      };
      const entities: State[] = [];
      let bytes = 0;
      for (let offset = 0; ; offset += pageSize) {
        const reply = await get('temporal/entities', { ...params, limit: String(pageSize), offset: String(offset) }, context);
        if ([400, 404, 405, 501].includes(reply.status)) return undefined;
        if (reply.tooLong === true) return { entities, partial: true, bytes };
        const { status, body } = taken(reply, `the history of ${url}`);
        const some = statesOf(body);
        entities.push(...some);
        bytes += reply.bytes;
        // Mintaka answers 206 where there are more values, and names the next page where there are more entities.
        if (status === 206 || reply.hasNext === true) return { entities, partial: true, bytes };
        if (some.length < pageSize) return { entities, partial: false, bytes };
      }
    },
  };
}

function statesOf(body: unknown): State[] {
  return Array.isArray(body) ? body.filter(isState) : [];
}

function filtersOf({ area }: Partner, { attributes, q }: Share): Record<string, string | undefined> {
  return {
    attrs: attributes === 'all' ? undefined : attributes.join(','),
    q,
    ...(area !== undefined && { georel: 'within', geometry: 'Polygon', coordinates: JSON.stringify(ringOf(area)) }),
  };
}
