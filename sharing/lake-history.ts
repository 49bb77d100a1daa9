import { isServiceMissing } from '../core/deliver/answer.ts';
import { taken } from './documents-api.ts';
import type { Reply } from './http.ts';
import { statesOf, type State } from './notice.ts';

/** Values of a time, as the broker gives them. */
export interface Found {
  readonly entities: State[];
  /** Not all of them: ask for a shorter time or for fewer entities at once. */
  readonly partial: boolean;
  readonly bytes: number;
}

type Params = Readonly<Record<string, string | undefined>>;

/** Mintaka gives no longer pages. */
export const largestHistoryPage = 100;

/**
 * Reads temporal entities page by page. Sources: ETSI GS CIM 009, 5.5.9, 6.3.10; Mintaka, which takes no offset: it names the first entity of
 * the next page (`Next-Page`, `pageAnchor`), but only where a page is full, and a page may be short before the last one; so it is asked for
 * the number of entities, too.
 */
export function createHistoryReader(get: (params: Params, context: string) => Promise<Reply>, what: string) {
  let counts = true;

  async function page(params: Params, context: string): Promise<Reply> {
    if (counts) {
      const reply = await get({ ...params, options: 'sysAttrs,count' }, context);
      if (reply.status !== 400) return reply;
    }
    const reply = await get({ ...params, options: 'sysAttrs' }, context);
    if (reply.status !== 400) counts = false;
    return reply;
  }

  return {
    /** Undefined: the broker has no history. @throws {RetryableError} while it cannot be asked. */
    async values(filters: Params, context: string, from: number, to: number, limit: number): Promise<Found | undefined> {
      const [timeAt, endTimeAt] = [from, to].map((moment) => new Date(moment).toISOString());
      const params = { ...filters, timerel: 'between', timeAt, endTimeAt, timeproperty: 'modifiedAt', limit: String(limit) };
      const entities: State[] = [];
      let bytes = 0;
      let offset = 0;
      let anchor: string | undefined;
      for (let pages = 1; ; pages++) {
        const place = { offset: offset === 0 || anchor !== undefined ? undefined : String(offset), pageAnchor: anchor };
        const reply = await page({ ...params, ...place }, context);
        if (reply.status === 404 && !isServiceMissing(reply.body)) return { entities, partial: false, bytes };
        if ([400, 404, 405, 501].includes(reply.status)) return undefined;
        if (reply.tooLong === true) return { entities, partial: true, bytes };
        const { status, body, nextPage, total } = taken(reply, what);
        const some = statesOf(body);
        // Whoever takes no offset gives the same again.
        const isSame = some.length > 0 && offset > 0 && some[0]?.id === entities[0]?.id;
        if (!isSame) entities.push(...some);
        bytes += reply.bytes;
        const count = Array.isArray(body) ? body.length : 0;
        offset += count;
        // 206: of an entity there are more values. Which were left out the range in the answer does not say for each of them.
        if (status === 206 || isSame || (nextPage !== undefined && nextPage === anchor)) return { entities, partial: true, bytes };
        const isAll = total === undefined ? count < limit && reply.hasNext !== true : pages * limit >= total || offset >= total;
        anchor = nextPage;
        if (nextPage !== undefined) continue;
        if (isAll || count === 0) return { entities, partial: !isAll, bytes };
        if (total !== undefined && count < limit) return { entities, partial: true, bytes };
      }
    },
  };
}
