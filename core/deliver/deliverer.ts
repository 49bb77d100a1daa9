import { setMaxListeners } from 'node:events';
import type { Logger } from 'pino';

import type { Entity } from '../entity/entity.ts';
import type { Outbox, Queued, Settlement } from '../outbox/outbox.ts';
import type { Instant } from '../plugin.ts';
import { jitter, Signal } from './backoff.ts';
import { Circuit, type Fault, type Ticket } from './circuit.ts';
import type { BrokerClient } from './client.ts';
import { Courier } from './courier.ts';
import { DeliveryQueue, type BatchLimits } from './queue.ts';
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
  /** `off` (default): every value is sent, since history is made of what arrives. `newest`: only the newest state of those that wait. */
  readonly coalesce?: 'off' | 'newest';
  /** Batches under way at the same time, none of them with an entity of another. Default 4. */
  readonly lanes?: number;
  /** Entities in a batch. Default 200. */
  readonly batchEntities?: number;
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
  /** The broker takes what it is given, and yet more waits than goes in some batches. */
  isBehind(): boolean;
}

const defaultBackoff = { first: 1_000, longest: 30_000, longestUnreached: 5_000 };
const stopMs = 10_000;
/** So much waits so long after an outage that is long. */
const longOutage = { publications: 1_000, ms: 60_000 };

/** Carries the outbox to the broker: in order for each entity, each value once, and for as long as it takes. */
export function createDeliverer(options: DelivererOptions): Deliverer {
  const { outbox, logger } = options;
  const lanes = options.lanes ?? 4;
  const pollMs = options.pollMs ?? 1_000;
  const now = options.now ?? (() => performance.now());
  const random = options.random ?? Math.random;
  const backoff = options.backoffMs ?? defaultBackoff;
  const limits: BatchLimits = { entities: options.batchEntities ?? 200, bytes: options.batchBytes ?? 900_000 };
  const circuit = new Circuit({
    baseMs: backoff.first,
    capMs: backoff.longest,
    unreachedCapMs: backoff.longestUnreached,
    now,
    random,
  });
  const appended = new Signal();
  const abort = new AbortController();
  // Each request under way listens; there may be more than ten.
  setMaxListeners(0, abort.signal);
  const underWay = new Set<Promise<void>>();
  let timer: NodeJS.Timeout | undefined;
  let running = false;
  /** What waits is looked over once after each outage, before anything goes. */
  let looking: Promise<void> | undefined;
  let stopping = false;
  let lastSuccess: number | undefined;

  const pause = (attempts: number) => Math.max(50, jitter(attempts, backoff.first, backoff.longest, random));

  function succeeded(ticket: Ticket): void {
    lastSuccess = Date.now();
    if (circuit.succeeded(ticket)) logger.info('the NGSI-LD broker takes publications again');
  }

  function failed(ticket: Ticket, fault: Fault): void {
    looking = undefined;
    if (!circuit.failed(ticket, fault)) return;
    if (fault.kind === 'denied') {
      logger.error({ reason: fault.message }, 'the NGSI-LD broker denies the service; check its URL, tenant and token; publications wait');
    } else logger.warn({ reason: fault.message }, 'the NGSI-LD broker is unavailable; publications wait in the outbox');
  }

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
  const queue = new DeliveryQueue({
    outbox,
    limits,
    coalesce: options.coalesce ?? 'off',
    contextOf: options.contextOf,
    prepare,
    now,
  });
  const courier = new Courier({
    client: options.client,
    queue,
    limits,
    prepare,
    signal: abort.signal,
    settle,
    succeeded,
    failed,
    observe,
    requested: (request) => options.observer?.requested?.(request),
    sent: (answer, parcels) => logTrace(logger, answer, parcels),
    pause,
  });

  /** Starts what can be started; looks again when something was appended, answered or may be tried again. */
  function pump(): void {
    clearTimeout(timer);
    timer = undefined;
    if (!running) return;
    let rest = Infinity;
    while (underWay.size < lanes && queue.fill()) {
      rest = queue.rest(options.lingerMs ?? 20);
      if (rest > 0) break;
      const carried: Promise<void> = carry().then((had) => {
        underWay.delete(carried);
        // Where all that could go is under way already, its end is waited for.
        if (had) look();
        else timer ??= setTimeout(look, Math.min(pollMs, 50));
      });
      underWay.add(carried);
    }
    timer = setTimeout(look, Math.min(pollMs, rest, queue.nextRetry()));
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

  /**
   * After a long outage the newest state of each entity goes first, where the broker has a history for the older ones: a state of the past
   * that is written over the present would be wrong for as long as the drain takes.
   */
  async function lookBack(ticket: Ticket): Promise<void> {
    const { count, oldestMs } = outbox.depth(new Date().toISOString());
    const [oldest] = outbox.peek(1, 0, 1);
    if (count < longOutage.publications || oldestMs < longOutage.ms || oldest === undefined || outbox.newest === undefined) return;
    if (!(await courier.probeHistory(oldest, options.contextOf(oldest.entity), ticket))) return;
    logger.info({ waiting: count }, 'a long outage is over; the newest states go first, the older ones to the history');
    queue.hurry();
  }

  /** Whether there was something to carry. */
  async function carry(): Promise<boolean> {
    const ticket = await circuit.enter();
    if (ticket === undefined) return false;
    await (looking ??= lookBack(ticket));
    if (stopping || looking === undefined) {
      circuit.release(ticket);
      return false;
    }
    const batch = queue.take();
    try {
      if (batch !== undefined) await courier.carry(batch, ticket);
    } catch (error) {
      logger.error({ err: error }, 'delivery failed unexpectedly; it goes on after a pause');
      await appended.wait(pause(0));
    } finally {
      if (batch !== undefined) queue.finish(batch);
      circuit.release(ticket);
    }
    return batch !== undefined;
  }

  return {
    start() {
      if (running) return;
      running = true;
      outbox.onAppended(() => {
        if (queue.isHurrying) queue.hurry();
        if (underWay.size < lanes) look();
      });
      look();
    },
    async stop() {
      stopping = true;
      running = false;
      clearTimeout(timer);
      circuit.close();
      appended.fire();
      const ending = setTimeout(() => abort.abort(), stopMs);
      await Promise.all(underWay);
      clearTimeout(ending);
      options.client.close();
    },
    wake: look,
    isBehind: () => circuit.fault === undefined && queue.held > 2 * limits.entities,
    status() {
      const { fault } = circuit;
      return {
        state: stopping || !running ? 'stopped' : (fault?.kind ?? 'ready'),
        ...(fault !== undefined && { lastError: fault.message }),
        ...(lastSuccess !== undefined && { lastSuccessAt: new Date(lastSuccess).toISOString() }),
      };
    },
  };
}
