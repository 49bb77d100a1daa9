import { setMaxListeners } from 'node:events';
import type { Logger } from 'pino';

import type { Entity } from '../entity/entity.ts';
import type { Outbox, Queued, Settlement } from '../outbox/outbox.ts';
import type { Instant } from '../plugin.ts';
import { jitter, Signal } from './backoff.ts';
import type { BrokerClient } from './client.ts';
import { Lane, shareOf } from './lane.ts';
import { logTrace } from './trace.ts';
import { encodeStrings, type ForbiddenCharacters } from './strings.ts';

export type DeliveryResult = 'accepted' | 'refused' | 'retried' | 'late' | 'repeated';

/** Told what happens, for metrics. */
export interface DeliveryObserver {
  /** `late`: given to the broker's history. `repeated`: known to the broker already, not sent; counts as accepted. */
  delivered?(result: DeliveryResult, publications: readonly Queued[]): void;
  /** One request; `status` 0: no answer. */
  requested?(request: { readonly status: number; readonly seconds: number; readonly entities: number; readonly bytes: number }): void;
}

export interface DelivererOptions {
  readonly outbox: Outbox;
  readonly client: BrokerClient;
  readonly logger: Logger;
  /** Context URL for an entity; entities of one batch share it. */
  readonly contextOf: (entity: Pick<Entity, 'type'>) => string;
  readonly observer?: DeliveryObserver;
  /** Default `keep`. */
  readonly forbiddenCharacters?: ForbiddenCharacters;
  /**
   * `off` (default): every value is sent, since history is made of what arrives. `always`: only the newest state of those that wait.
   * `drain`: that while the broker catches up after an outage of more than a minute.
   */
  readonly coalesce?: 'off' | 'drain' | 'always';
  /** Batches under way at the same time, none of them with an entity of another. Tenants share them. Default 4. */
  readonly lanes?: number;
  /** Entities in a batch at first, default 200, and the most it may grow to while the broker answers soon; default: the same. */
  readonly batchEntities?: number;
  readonly mostBatchEntities?: number;
  /** An answer that takes longer makes batches smaller. Default 1 s. */
  readonly targetMs?: number;
  /** Bytes of a batch. Default 900 kB: Orion-LD takes 1 MiB. */
  readonly batchBytes?: number;
  /** First and longest pause of the full-jitter backoff. Default 1 s and 30 s; 5 s while no connection comes about. */
  readonly backoffMs?: { readonly first: number; readonly longest: number; readonly longestUnreached: number };
  /** A batch that is not full waits so long for more. Default 20 ms. */
  readonly lingerMs?: number;
  /** How often to look for what another process appended. Default 1 s. */
  readonly pollMs?: number;
  readonly random?: () => number;
  /** Milliseconds for pauses. Default the monotonic clock: the time of day may be set back by years. */
  readonly now?: () => number;
}

export interface DeliveryStatus {
  /** `unavailable`: the broker is away or overloaded. `denied`: it does not let us in; see the configuration. Both are retried for ever. */
  readonly state: 'stopped' | 'ready' | 'unavailable' | 'denied';
  readonly lastError?: string;
  readonly lastSuccessAt?: Instant;
}

export interface Deliverer {
  start(): void;
  /** Ends the requests under way within 10 s; what is not answered stays in the outbox. */
  stop(): Promise<void>;
  /** Looks into the outbox now. Appends of this process do this by themselves. */
  wake(): void;
  status(): DeliveryStatus;
  /** The broker takes what it is given, and yet more waits than goes in one batch. */
  isBehind(): boolean;
}

const defaultBackoff = { first: 1_000, longest: 30_000, longestUnreached: 5_000 };
const stopMs = 10_000;
/** Carries the outbox to the broker: in order for each entity, each value once, and for as long as it takes. */
export function createDeliverer(options: DelivererOptions): Deliverer {
  const { outbox, logger } = options;
  const lanes = options.lanes ?? 4;
  const pollMs = options.pollMs ?? 1_000;
  const now = options.now ?? (() => performance.now());
  const random = options.random ?? Math.random;
  const backoff = options.backoffMs ?? defaultBackoff;
  const batchEntities = options.batchEntities ?? 200;
  const appended = new Signal();
  const abort = new AbortController();
  // Each request under way listens; there may be more than ten.
  setMaxListeners(0, abort.signal);
  const underWay = new Set<Promise<void>>();
  let timer: NodeJS.Timeout | undefined;
  let running = false;
  let stopping = false;
  let lastSuccess: number | undefined;

  const pause = (attempts: number) => Math.max(50, jitter(attempts, backoff.first, backoff.longest, random));

  /** The disk may be full: what the broker said must not be forgotten, so it is tried until it works. */
  async function settle(settlement: Settlement): Promise<boolean> {
    for (let attempt = 0; ; attempt++) {
      try {
        outbox.settle(settlement);
        break;
      } catch (error) {
        if (attempt === 0) logger.error({ err: error }, 'the outbox cannot record what was delivered; trying again');
        if (stopping) return false;
        await appended.wait(pause(attempt));
      }
    }
    observe('accepted', settlement.accepted);
    observe(
      'refused',
      settlement.refused.map(({ queued }) => queued),
    );
    return true;
  }

  function observe(result: DeliveryResult, publications: readonly Queued[]): void {
    if (publications.length > 0) options.observer?.delivered?.(result, publications);
  }

  const prepare = options.forbiddenCharacters === 'encode' ? encodeStrings : undefined;
  const byTenant = new Map<string | undefined, Lane>();
  let all: Lane[] = [];
  /** Who is asked first changes each time. */
  let turn = 0;

  function laneOf(tenant: string | undefined): Lane {
    const known = byTenant.get(tenant);
    if (known !== undefined) return known;
    const { contextOf, client } = options;
    const lane = new Lane({
      tenant,
      client: tenant === undefined ? client : client.forTenant(tenant),
      logger,
      circuit: { baseMs: backoff.first, capMs: backoff.longest, unreachedCapMs: backoff.longestUnreached, now, random },
      pace: {
        entities: batchEntities,
        mostEntities: options.mostBatchEntities ?? batchEntities,
        bytes: options.batchBytes ?? 900_000,
        targetMs: options.targetMs ?? 1_000,
      },
      coalesce: options.coalesce ?? 'off',
      queue: { outbox, contextOf, prepare, now, onOther: laneOf },
      courier: {
        prepare,
        signal: abort.signal,
        observe,
        requested: (request) => options.observer?.requested?.(request),
        sent: (answer, parcels) => logTrace(logger, answer, parcels),
        pause,
        historiesAtOnce: () => (all.length > 1 ? 1 : lanes),
      },
      settle,
      succeeded: () => {
        lastSuccess = Date.now();
      },
      async afterDefect(error) {
        logger.error({ err: error }, 'delivery failed unexpectedly; it goes on after a pause');
        await appended.wait(pause(0));
      },
      isStopping: () => stopping,
    });
    byTenant.set(tenant, lane);
    all = [...byTenant.values()];
    return lane;
  }
  laneOf(undefined);

  /** Starts what can be started; looks again when something was appended, answered or may be tried again. */
  function pump(): void {
    clearTimeout(timer);
    timer = undefined;
    if (!running) return;
    for (const tenant of outbox.tenants?.() ?? []) laneOf(tenant);
    let rest = Infinity;
    turn++;
    for (let place = 0; place < all.length; place++) {
      const lane = all[(turn + place) % all.length] as Lane;
      rest = Math.min(rest, start(lane));
    }
    timer = setTimeout(look, Math.min(pollMs, rest));
  }

  /** Milliseconds after which something more of the lane may go. */
  function start(lane: Lane): number {
    const { queue } = lane;
    const hasRoom = (): boolean => underWay.size - waiting() < lanes && lane.underWay < shareOf(all, lanes);
    while (hasRoom() && queue.fill()) {
      const rest = queue.rest(options.lingerMs ?? 20);
      if (rest > 0) return Math.min(rest, queue.nextRetry());
      lane.underWay++;
      const carried: Promise<void> = lane.carry().then((had) => {
        lane.underWay--;
        underWay.delete(carried);
        // Where all that could go is under way already, its end is waited for.
        if (had) look();
        else timer ??= setTimeout(look, Math.min(pollMs, 50));
      });
      underWay.add(carried);
    }
    return queue.isReading && hasRoom() ? 1 : queue.nextRetry();
  }

  /** Rounds that have no socket: the broker is away for their tenant. */
  function waiting(): number {
    let count = 0;
    for (const lane of all) count += lane.waiting;
    return count;
  }

  /** A defect must not end the delivery for good. */
  function look(): void {
    try {
      pump();
    } catch (error) {
      logger.error({ err: error }, 'delivery failed unexpectedly; it goes on after a pause');
      timer = setTimeout(look, pollMs);
    }
  }

  return {
    start() {
      if (running) return;
      running = true;
      outbox.onAppended(() => {
        for (const { queue } of all) if (queue.isHurrying) queue.hurry();
        if (underWay.size < lanes || all.length > 1) look();
      });
      look();
    },
    async stop() {
      stopping = true;
      running = false;
      clearTimeout(timer);
      for (const lane of all) lane.close();
      appended.fire();
      const ending = setTimeout(() => abort.abort(), stopMs);
      await Promise.all(underWay);
      clearTimeout(ending);
      options.client.close();
    },
    wake: look,
    isBehind: () => all.some(({ fault, queue, pace }) => fault === undefined && queue.held > pace.limits.entities),
    status() {
      const faulty = all.filter(({ fault }) => fault !== undefined);
      const used = all.filter(({ fault, queue, underWay: rounds }) => fault !== undefined || queue.held > 0 || rounds > 0);
      const [first] = faulty;
      // While others get through, the broker is there.
      const isAway = first !== undefined && faulty.length === used.length;
      const message = first?.tenant === undefined ? first?.fault?.message : `tenant ${first.tenant}: ${first.fault?.message}`;
      return {
        state: stopping || !running ? 'stopped' : isAway ? (first.fault?.kind ?? 'ready') : 'ready',
        ...(message !== undefined && { lastError: message }),
        ...(lastSuccess !== undefined && { lastSuccessAt: new Date(lastSuccess).toISOString() }),
      };
    },
  };
}
