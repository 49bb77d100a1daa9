import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';

import type { Entity } from '../entity/entity.ts';
import type { Outbox, Queued, Settlement } from '../outbox/outbox.ts';
import type { Instant } from '../plugin.ts';
import { jitter, Signal } from './backoff.ts';
import { Circuit, type Fault, type Ticket } from './circuit.ts';
import type { BrokerClient } from './client.ts';
import { Courier } from './courier.ts';
import { Lane, type LaneLimits } from './lane.ts';
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
  readonly contextOf: (entity: Entity) => string;
  readonly observer?: DeliveryObserver;
  /** Default `keep`. */
  readonly forbiddenCharacters?: ForbiddenCharacters;
  /** `off` (default): every value is sent, since history is made of what arrives. `newest`: only the newest state of those that wait. */
  readonly coalesce?: 'off' | 'newest';
  /** Batches under way at the same time; an entity always has the same lane. Divides 16. Default 4. */
  readonly lanes?: number;
  /** Entities in a batch. Default 200. */
  readonly batchEntities?: number;
  /** Bytes of a batch. Default 900 kB: Orion-LD takes 1 MiB. */
  readonly batchBytes?: number;
  /** First and longest pause of the full-jitter backoff. Default 1 s and 30 s; 5 s while no connection comes about. */
  readonly backoffMs?: { readonly first: number; readonly longest: number; readonly longestUnreached: number };
  /** An idle lane waits so long after an append, so that what comes together goes together. Default 20 ms. */
  readonly lingerMs?: number;
  /** How often to look for what another process appended. Default 1 s. */
  readonly pollMs?: number;
  readonly random?: () => number;
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
}

const defaultBackoff = { first: 1_000, longest: 30_000, longestUnreached: 5_000 };
const stopMs = 10_000;

/** Carries the outbox to the broker: in order for each entity, each value once, and for as long as it takes. */
export function createDeliverer(options: DelivererOptions): Deliverer {
  const { outbox, logger } = options;
  const lanes = options.lanes ?? 4;
  const pollMs = options.pollMs ?? 1_000;
  const now = options.now ?? Date.now;
  const random = options.random ?? Math.random;
  const backoff = options.backoffMs ?? defaultBackoff;
  const limits: LaneLimits = { entities: options.batchEntities ?? 200, bytes: options.batchBytes ?? 900_000 };
  const circuit = new Circuit({
    baseMs: backoff.first,
    capMs: backoff.longest,
    unreachedCapMs: backoff.longestUnreached,
    now,
    random,
  });
  const appended = new Signal();
  const abort = new AbortController();
  let running: Promise<unknown> | undefined;
  let stopping = false;
  let lastSuccess: number | undefined;

  const pause = (attempts: number) => Math.max(50, jitter(attempts, backoff.first, backoff.longest, random));

  function succeeded(ticket: Ticket): void {
    lastSuccess = now();
    if (circuit.succeeded(ticket)) logger.info('the NGSI-LD broker takes publications again');
  }

  function failed(ticket: Ticket, fault: Fault): void {
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

  async function run(lane: Lane): Promise<void> {
    const courier = new Courier({
      client: options.client,
      lane,
      limits,
      signal: abort.signal,
      settle,
      succeeded,
      failed,
      observe,
      requested: (request) => options.observer?.requested?.(request),
      pause,
    });
    while (!stopping) {
      if (!lane.fill()) {
        await appended.wait(Math.min(pollMs, lane.nextUnblock()));
        await sleep(options.lingerMs ?? 20);
        continue;
      }
      const ticket = await circuit.enter();
      if (ticket === undefined) return;
      try {
        await courier.carry(lane.take(), ticket);
      } finally {
        circuit.release(ticket);
      }
    }
  }

  /** A defect must not end a lane for good. */
  async function keepRunning(lane: Lane): Promise<void> {
    for (let attempt = 0; !stopping; attempt++) {
      try {
        await run(lane);
      } catch (error) {
        logger.error({ err: error }, 'delivery failed unexpectedly; it goes on after a pause');
        await appended.wait(pause(attempt));
      }
    }
  }

  return {
    start() {
      if (running !== undefined) return;
      outbox.onAppended(() => appended.fire());
      const prepare = options.forbiddenCharacters === 'encode' ? encodeStrings : (entity: Entity) => entity;
      const all = Array.from({ length: lanes }, (_, lane) =>
        keepRunning(
          new Lane({ outbox, lane, lanes, limits, coalesce: options.coalesce ?? 'off', contextOf: options.contextOf, prepare, now }),
        ),
      );
      running = Promise.all(all);
    },
    async stop() {
      stopping = true;
      circuit.close();
      appended.fire();
      const timer = setTimeout(() => abort.abort(), stopMs);
      await running;
      clearTimeout(timer);
      options.client.close();
    },
    wake: () => appended.fire(),
    status() {
      const { fault } = circuit;
      return {
        state: stopping || running === undefined ? 'stopped' : (fault?.kind ?? 'ready'),
        ...(fault !== undefined && { lastError: fault.message }),
        ...(lastSuccess !== undefined && { lastSuccessAt: new Date(lastSuccess).toISOString() }),
      };
    },
  };
}
