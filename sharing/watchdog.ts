import { createHash } from 'node:crypto';
import type { Logger } from 'pino';

import type { StateStore } from '../core/outbox/outbox.ts';
import type { Document, Documents } from './documents-api.ts';
import type { Wanted } from './documents.ts';
import { exposureOf, type AccessView } from './exposure.ts';
import { closeGap, type GapExtent, type GapOptions } from './gap.ts';
import { time } from './notice.ts';
import type { Partner } from './partner.ts';
import { changeStanding, endGap, lastApply, readStanding } from './standing.ts';

export interface WatchdogOptions extends GapOptions {
  readonly wanted: readonly Wanted[];
  readonly documents: Documents;
  /** Who may see what. Default: no device has an access of its own. */
  readonly around?: AccessView;
  readonly state: StateStore;
  readonly logger: Logger;
  readonly everyMs: number;
  /** So often what changed is asked for even where nothing seems wrong. Default 10 minutes. */
  readonly sweepMs?: number;
}

export interface Watchdog {
  start(): void;
  /** Looks now; resolves when it has looked. */
  look(): Promise<void>;
  stop(): Promise<void>;
}

/** A broker may tell of a failure so much later (Orion-LD writes its counters every 10 s), and a notification may be so long under way. */
const marginMs = 60_000;
/** A clock that goes back by less was not set: it is read in whole seconds. */
const clockStepMs = 2_000;
const clockStep = 'the clock of our broker was set back';
/** Values that were taken are remembered so much longer. */
const memoryMs = 10 * 60_000;
const defaultSweepMs = 10 * 60_000;

/** Looks after the subscriptions of one partner: revives them, and closes every gap by asking our broker for what changed. */
export function createWatchdog(options: WatchdogOptions): Watchdog {
  const { partner, channel, lake, ledger, wanted, documents, state, logger, around = {} } = options;
  const sweepMs = options.sweepMs ?? defaultSweepMs;
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> | undefined;
  let stopping = false;
  let closedAt = -Infinity;
  let isAway = false;
  /** The newest moment that our broker's clock showed, and when that was. */
  let shown = { at: 0, seenAt: -Infinity };

  /** Why something may have been missed. */
  async function examine(): Promise<string | undefined> {
    const standing = readStanding(state);
    const failures: Record<string, string> = {};
    const missing: string[] = [];
    let trouble: string | undefined;
    const exposure = exposureOf(partner, around);
    for (const one of wanted) {
      const document = await documents.get(one.kind, one.id, one.context);
      if (document === undefined) {
        missing.push(one.id);
        trouble = `${one.id} is not at the broker`;
        continue;
      }
      const failed = failureOf(document);
      failures[one.id] = failed;
      if (standing.failures[one.id] !== undefined && standing.failures[one.id] !== failed) trouble ??= `${one.id}: notifications failed`;
      if (exposure !== undefined) {
        if (document['isActive'] === false) continue;
        await documents.patch(one.kind, one.id, one.context, { isActive: false });
        logger.error({ subscription: one.id }, `a subscription was stopped: ${exposure}`);
      } else if (document['isActive'] === false || document['status'] === 'paused') {
        // From here on notifications wait until the gap before them is closed.
        channel.part();
        // Until that is done, whatever comes between.
        changeStanding(state, { unfinished: true });
        await documents.patch(one.kind, one.id, one.context, { isActive: true });
        trouble = `${one.id} was paused`;
        logger.warn({ partner: partner.name, subscription: one.id }, 'a paused subscription was revived; what it missed is fetched');
      }
    }
    if (missing.length > 0 && standing.missing?.length !== missing.length)
      logger.error({ partner: partner.name, missing }, 'subscriptions are not at the broker; klavze share apply puts them there');
    changeStanding(state, { failures: { ...standing.failures, ...failures }, missing });
    return trouble;
  }

  async function check(wasAway: boolean): Promise<void> {
    const applied = lastApply(state);
    if (applied === undefined) return;
    const declared = declarationOf(partner, around);
    const now = await lake.now();
    followClock(now);
    const before = readStanding(state);
    const trouble = await examine();
    const isFirst = closedAt === -Infinity;
    const isOther = applied !== before.seenApply || (before.declared !== undefined && before.declared !== declared);
    const reason =
      trouble ??
      (isOther ? (before.declared === '' ? clockStep : 'subscriptions were changed') : undefined) ??
      (before.unfinished === true ? 'unfinished' : isFirst ? 'start' : undefined) ??
      (wasAway ? 'our broker was away' : undefined);
    const isDue = performance.now() - closedAt >= sweepMs;
    if (reason === undefined && !isDue) {
      quiet(now - marginMs);
      return;
    }
    const verified = before.verifiedUntil === undefined ? undefined : time(before.verifiedUntil);
    // What came between the subscription and the first look may still be under way.
    const valuesSince = verified ?? Math.min(time(applied), now) - marginMs;
    // What is declared newly may have been there for long.
    const since = isOther ? undefined : verified;
    await close(since, reason ?? 'routine', { valuesSince, sweep: verified !== undefined && (isFirst || isDue) });
    changeStanding(state, { seenApply: applied, declared });
  }

  /**
   * Where our broker's clock was set back, what changes now is older by it than what was taken before, and nobody would ask for it: everything
   * is asked for, and of the values those since the clock shows what it shows.
   */
  function followClock(now: number): void {
    const { verifiedUntil, quietUntil } = readStanding(state);
    const elapsed = Math.min(performance.now() - shown.seenAt, sweepMs);
    if (now + clockStepMs < Math.max(shown.at, time(verifiedUntil), time(quietUntil))) {
      const until = new Date(now - elapsed - marginMs).toISOString();
      // Another declaration than any asks for everything, also after a restart.
      changeStanding(state, { verifiedUntil: until, quietUntil: until, declared: '' });
      logger.warn({ partner: partner.name, now: new Date(now).toISOString() }, `${clockStep}; everything is asked for`);
    }
    shown = { at: now, seenAt: performance.now() };
  }

  async function close(since: number | undefined, reason: string, extent: GapExtent): Promise<void> {
    const { verifiedUntil, quietUntil } = readStanding(state);
    const from = new Date(verifiedUntil === undefined ? 0 : Math.max(time(verifiedUntil), time(quietUntil))).toISOString();
    channel.part();
    changeStanding(state, { openSince: from, unfinished: false });
    const beganAt = Date.now();
    try {
      const { until, complete } = await closeGap(options, since, extent);
      await channel.join();
      closedAt = performance.now();
      const isGap = verifiedUntil !== undefined && reason !== 'routine' && reason !== 'start';
      const lastGap = { from, to: new Date(until).toISOString(), reason, complete };
      endGap(state, isGap ? lastGap : undefined);
      verified(until - marginMs, beganAt);
      if (isGap) logger.info({ partner: partner.name, ...lastGap }, 'a gap in the notifications is closed');
      if (!complete)
        logger.warn({ partner: partner.name }, 'our broker gave no history, or not all of it; of some only the newest states were shared');
    } catch (error) {
      changeStanding(state, { unfinished: true });
      throw error;
    }
  }

  /** Never back: a subscription that was new took everything at once. */
  function verified(until: number, beganAt: number): void {
    const before = time(readStanding(state).verifiedUntil);
    if (until > before) changeStanding(state, { verifiedUntil: new Date(until).toISOString() });
    quiet(until);
    // What is older by the broker's clock is not asked for again; when it was taken is known by ours.
    ledger.prune(beganAt - marginMs - memoryMs);
  }

  function quiet(until: number): void {
    if (until > time(readStanding(state).quietUntil)) changeStanding(state, { quietUntil: new Date(until).toISOString() });
  }

  async function look(): Promise<void> {
    try {
      await check(isAway);
      if (isAway) logger.info({ partner: partner.name }, 'our broker can be asked again');
      isAway = false;
    } catch (error) {
      if (!isAway)
        logger.warn({ partner: partner.name, reason: (error as Error).message }, 'the subscriptions cannot be looked after; trying on');
      isAway = true;
    }
  }

  function once(): Promise<void> {
    looking ??= look().finally(() => (looking = undefined));
    return looking;
  }

  function schedule(): void {
    if (stopping) return;
    timer = setTimeout(() => void once().then(schedule), options.everyMs);
  }

  return {
    start: () => void once().then(schedule),
    look: once,
    async stop() {
      stopping = true;
      clearTimeout(timer);
      await looking;
    },
  };
}

/** What a broker says of failures, as one text that changes with each new one. */
function failureOf(document: Document): string {
  const { timesFailed, lastFailure } = (document['notification'] ?? {}) as Document;
  return JSON.stringify([timesFailed ?? 0, lastFailure ?? '']);
}

/** What decides which states are shared: the declaration, and which devices partners may see. */
function declarationOf({ entities, area, context }: Partner, { hidden }: AccessView): string {
  return createHash('sha256')
    .update(JSON.stringify([entities, area, context, hidden?.().pattern('partner')]))
    .digest('base64url')
    .slice(0, 22);
}
