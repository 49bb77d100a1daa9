import type { Logger } from 'pino';

import type { Channel } from './channel.ts';
import { changesOf } from './history.ts';
import type { Lake } from './lake.ts';
import { largestHistoryPage } from './lake-history.ts';
import type { Ledger } from './ledger.ts';
import type { State } from './notice.ts';
import type { Partner } from './partner.ts';

export interface GapOptions {
  readonly partner: Partner;
  readonly channel: Channel;
  readonly lake: Lake;
  readonly ledger: Ledger;
  readonly contextOf: (type: string) => string;
  readonly logger: Logger;
}

export interface ClosedGap {
  /** Up to this moment of the broker everything is taken. */
  readonly until: number;
  /** False: the broker has no history or did not give all of it, so that of some only the newest states could be had. */
  readonly complete: boolean;
}

export interface GapExtent {
  /** With full history every value since then comes before the present state. */
  readonly valuesSince: number;
  /** Also look for entities that were deleted. */
  readonly sweep: boolean;
}

const atOnce = 200;
const fewRemovals = 5;
const firstWindowMs = 60_000;
const longestWindowMs = 24 * 3_600_000;
const shortestWindowMs = 1_000;
const manyBytes = 8 * 1024 * 1024;
const fewBytes = 1024 * 1024;

/**
 * Takes from our broker whatever changed at `since` or later and was not taken yet; without it everything. Notifications must wait meanwhile.
 * @throws {RetryableError} while the broker cannot be asked; doing it again does no harm.
 */
export async function closeGap(options: GapOptions, since: number | undefined, { sweep, valuesSince }: GapExtent): Promise<ClosedGap> {
  const { partner, channel, lake, ledger, contextOf } = options;
  const until = await lake.now();
  let complete = true;
  for (const share of partner.entities) {
    const context = contextOf(share.type);
    const asked = channel.mark();
    const states = await lake.changed(partner, share, context, since);
    // Of an entity that comes to be shared only now, by its place or its values, nothing was taken, however old it is.
    const unknown = new Set(states.filter(({ id }) => ledger.get(id) === undefined).map(({ id }) => id));
    if (partner.history === 'full') {
      complete = (await takeValues(options, share, states, valuesSince, until)) && complete;
    }
    for (let from = 0; from < states.length; from += atOnce) {
      const some = states.slice(from, from + atOnce);
      await channel.admit(
        some.filter(({ id }) => unknown.has(id)),
        { asked },
      );
      await channel.admit(
        some.filter(({ id }) => !unknown.has(id)),
        { asked, ...(since !== undefined && { since }) },
      );
    }
    if (sweep) await takeRemovals(options, share.type, until);
  }
  return { until, complete };
}

/** Every value in between, in windows of time that suit the broker. False: it has no history, or gives not all of it. */
async function takeValues(
  { partner, channel, lake, ledger, contextOf }: GapOptions,
  share: Partner['entities'][number],
  states: readonly State[],
  since: number,
  until: number,
): Promise<boolean> {
  const current = new Map(states.map((state) => [state.id, state]));
  let size = firstWindowMs;
  let entities = largestHistoryPage;
  let complete = true;
  for (let from = since; from <= until;) {
    // A second more: the time of the broker is known in whole seconds.
    const to = Math.min(from + size, until + 1_000);
    const found = await lake.values(partner, share, contextOf(share.type), from, to, entities);
    if (found === undefined) return false;
    if (found.partial && size > shortestWindowMs) {
      size = Math.max(shortestWindowMs, Math.floor(size / 4));
      continue;
    }
    if (found.partial && entities > 1) {
      entities = Math.ceil(entities / 10);
      continue;
    }
    entities = largestHistoryPage;
    complete &&= !found.partial;
    const allowed = found.entities.filter(({ id }) => current.has(id) || ledger.get(id) !== undefined);
    const { present, late } = changesOf(allowed, current);
    for (let at = 0; at < present.length; at += atOnce) await channel.admit(present.slice(at, at + atOnce), { parts: 'present' });
    for (let at = 0; at < late.length; at += atOnce) await channel.admit(late.slice(at, at + atOnce), { parts: 'late' });
    from = to;
    if (found.bytes > manyBytes) size = Math.max(shortestWindowMs, Math.floor(size / 2));
    else if (found.bytes < fewBytes) size = Math.min(longestWindowMs, size * 2);
    if (to > until) break;
  }
  return complete;
}

async function takeRemovals({ partner, channel, lake, ledger, contextOf, logger }: GapOptions, type: string, now: number): Promise<void> {
  const shared = ledger.ids(type);
  if (shared.length === 0) return;
  const ids = await lake.ids(type, contextOf(type));
  const gone = shared.filter((id) => !ids.has(id));
  // A broker that was emptied or set up anew is no reason to empty the partner's.
  if (gone.length > fewRemovals && gone.length > shared.length / 2) {
    logger.warn(
      { partner: partner.name, type, gone: gone.length, of: shared.length },
      'more than half of what was shared is gone; it is not deleted at the partner',
    );
    return;
  }
  for (const id of gone) {
    if (await lake.exists(id)) continue;
    const at = Math.max(now, (ledger.get(id)?.stamp ?? 0) + 1);
    await channel.admit([{ id, type, deletedAt: new Date(at).toISOString() }]);
  }
}
