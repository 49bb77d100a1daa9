import type { Logger } from 'pino';

import { jitter, Signal } from '../core/deliver/backoff.ts';
import { Circuit, type Fault, type Ticket } from '../core/deliver/circuit.ts';
import type { Outbox, Queued, Settlement } from '../core/outbox/outbox.ts';
import { reject } from '../core/rejection.ts';
import { planBatch, type Batch, type Parcel } from './batch.ts';
import { fenceOf } from './fence.ts';
import type { Partner } from './partner.ts';
import { noteTrouble } from './standing.ts';
import type { Transport } from './transport.ts';

export interface CourierOptions {
  readonly partner: Partner;
  readonly queue: Outbox;
  readonly transport: Transport;
  readonly logger: Logger;
  readonly counted?: (result: 'delivered' | 'refused' | 'retried' | 'withheld', states: number) => void;
  /** States of these are not sent any more, although they wait. Default: none. */
  readonly isWithheld?: (id: string) => boolean;
  /** First and longest pause of the full-jitter backoff. Default 1 s and 60 s; 10 s while no connection comes about. */
  readonly backoffMs?: { readonly first: number; readonly longest: number; readonly longestUnreached: number };
  readonly random?: () => number;
  /** So often it is looked for what another process put in, or what may be tried again. Default 1 s. */
  readonly pollMs?: number;
}

export interface CourierStatus {
  readonly state: 'ready' | 'unavailable' | 'denied';
  readonly lastError?: string;
  readonly lastSuccessAt?: string;
}

/** Brings what waits to one partner: in order for each entity, for as long as it takes. Others have couriers of their own. */
export interface Courier {
  start(): void;
  stop(): Promise<void>;
  status(): CourierStatus;
}

const readAhead = 2_000;
const limits = { entities: 200, bytes: 900_000 };
const stopMs = 5_000;
const defaultBackoff = { first: 1_000, longest: 60_000, longestUnreached: 10_000 };

export function createCourier(options: CourierOptions): Courier {
  const { partner, queue, transport, logger } = options;
  const backoff = options.backoffMs ?? defaultBackoff;
  const { random = Math.random, pollMs = 1_000 } = options;
  const circuit = new Circuit({
    baseMs: backoff.first,
    capMs: backoff.longest,
    unreachedCapMs: backoff.longestUnreached,
    now: () => performance.now(),
    random,
  });
  const fence = fenceOf(partner);
  const awake = new Signal();
  const abort = new AbortController();
  /** Entities that the partner could not take at the moment. */
  const blocked = new Map<string, { readonly attempts: number; readonly until: number }>();
  let running: Promise<void> | undefined;
  let stopping = false;
  let lastSuccessAt: string | undefined;
  /** What the last process left is not known. */
  let noted: string | undefined = '';

  /** For `klavze share status`, which is another process. */
  function note(reason: string | undefined): void {
    const words = reason?.replace('the broker', 'the partner');
    if (words === noted) return;
    try {
      noteTrouble(queue.state, words);
      noted = words;
    } catch {
      // The disk is full; the log has it.
    }
  }

  function failed(ticket: Ticket, fault: Fault): void {
    note(fault.message);
    if (!circuit.failed(ticket, fault)) return;
    const told = { partner: partner.name, reason: fault.message };
    if (fault.kind === 'denied')
      logger.error(told, 'the partner denies the service; check its endpoint, tenant and credentials; all waits');
    else logger.warn(told, 'the partner is unavailable; what is for it waits');
  }

  function succeeded(ticket: Ticket): void {
    lastSuccessAt = new Date().toISOString();
    if (circuit.succeeded(ticket)) logger.info({ partner: partner.name }, 'the partner takes data again');
  }

  /** What the partner said must not be forgotten because the disk is full. */
  async function settle(settlement: Settlement): Promise<boolean> {
    for (let attempt = 0; ; attempt++) {
      try {
        queue.settle(settlement);
        options.counted?.('delivered', settlement.accepted.length);
        options.counted?.('refused', settlement.refused.length);
        return true;
      } catch (error) {
        if (attempt === 0) logger.error({ err: error, partner: partner.name }, 'what was delivered cannot be recorded; trying again');
        if (stopping) return false;
        await awake.wait(jitter(attempt, 100, 5_000, random));
      }
    }
  }

  /** False when the rest must wait. */
  async function carry(batch: Batch, ticket: Ticket): Promise<boolean> {
    const verdict = await transport.send(batch, abort.signal);
    if (verdict.kind === 'unavailable' || verdict.kind === 'denied') {
      options.counted?.('retried', batch.parcels.length);
      failed(ticket, verdict);
      return false;
    }
    succeeded(ticket);
    if (verdict.kind === 'refused') note(undefined);
    const all = (ids: readonly string[]): Queued[] => batch.parcels.filter(({ id }) => ids.includes(id)).flatMap(({ queued }) => queued);
    if (verdict.kind === 'refused') {
      if (batch.parcels.length > 1) return halves(batch, ticket);
      const rejection = reject('deliver', verdict.code, verdict.message.replace('the broker', `the partner ${partner.name}`));
      return settle({ accepted: [], refused: all(batch.parcels.map(({ id }) => id)).map((queued) => ({ queued, rejection })) });
    }
    const refused = verdict.refused.flatMap(({ id, message }) =>
      all([id]).map((queued) => ({
        queued,
        rejection: reject('deliver', 'refused_by_broker', message.replace('the broker', `the partner ${partner.name}`)),
      })),
    );
    if (!(await settle({ accepted: all(verdict.accepted), refused }))) return false;
    for (const id of [...verdict.accepted, ...verdict.refused.map((one) => one.id)]) blocked.delete(id);
    for (const { id } of verdict.retry) {
      const attempts = blocked.get(id)?.attempts ?? 0;
      blocked.set(id, {
        attempts: attempts + 1,
        until: performance.now() + Math.max(50, jitter(attempts, backoff.first, backoff.longest, random)),
      });
    }
    options.counted?.('retried', verdict.retry.length);
    const [held] = verdict.retry;
    if (held !== undefined) note(`${held.id}: ${held.message}`);
    else if (blocked.size === 0) note(undefined);
    const apart = batch.parcels.filter(({ id }) => verdict.apart.includes(id));
    return apart.length === 0 || halves({ ...batch, parcels: apart }, ticket);
  }

  async function halves(batch: Batch, ticket: Ticket): Promise<boolean> {
    const middle = Math.ceil(batch.parcels.length / 2);
    for (const parcels of [batch.parcels.slice(0, middle), batch.parcels.slice(middle)]) {
      if (parcels.length > 0 && !(await carry({ ...batch, parcels }, ticket))) return false;
    }
    return true;
  }

  /** A device may have been made internal, or the declaration narrower, while states waited. That an entity is gone may be told. */
  function isWithheld({ entity, removal }: Queued): boolean {
    return removal !== true && (options.isWithheld?.(entity.id) === true || fence(entity) === undefined);
  }

  function fenced(parcel: Parcel): Parcel {
    const entity = fence(parcel.entity);
    return entity === undefined || entity === parcel.entity ? parcel : { ...parcel, entity };
  }

  function next(): Batch | undefined {
    const now = performance.now();
    const held = new Set([...blocked].filter(([, { until }]) => until > now).map(([id]) => id));
    const rules = { ...limits, coalesce: partner.history === 'newest', blocked: held };
    // Past entities that are held back one may have to look further.
    for (let size = readAhead; ;) {
      const waiting = queue.peek(size, 0, 1);
      const batch = planBatch(waiting, rules);
      const withheld = batch?.parcels.flatMap(({ queued }) => queued).filter(isWithheld) ?? [];
      if (withheld.length > 0) {
        queue.settle({ accepted: withheld, refused: [] });
        options.counted?.('withheld', withheld.length);
      } else if (batch !== undefined) return batch.removal ? batch : { ...batch, parcels: batch.parcels.map(fenced) };
      else if (waiting.length < size) return undefined;
      else size *= 4;
    }
  }

  async function round(): Promise<void> {
    const batch = next();
    if (batch === undefined) {
      await awake.wait(pollMs);
      return;
    }
    const waits = circuit.fault !== undefined;
    const ticket = await circuit.enter();
    if (ticket === undefined) return;
    try {
      // Meanwhile more may have come.
      const fresh = (waits ? next() : undefined) ?? batch;
      if ((await carry(fresh, ticket)) && partner.throttling !== undefined && !stopping) await awake.wait(partner.throttling * 1_000);
    } finally {
      circuit.release(ticket);
    }
  }

  async function run(): Promise<void> {
    while (!stopping) {
      try {
        await round();
      } catch (error) {
        logger.error({ err: error, partner: partner.name }, 'sharing failed unexpectedly; it goes on after a pause');
        await awake.wait(pollMs);
      }
    }
  }

  return {
    start() {
      queue.onAppended(() => {
        // While it is throttled or backs off nothing is hurried.
        if (partner.throttling === undefined) awake.fire();
      });
      running ??= run();
    },
    async stop() {
      stopping = true;
      circuit.close();
      awake.fire();
      const cut = setTimeout(() => abort.abort(), stopMs);
      await running;
      clearTimeout(cut);
      await transport.close();
    },
    status() {
      const { fault } = circuit;
      return {
        state: fault?.kind ?? 'ready',
        ...(fault !== undefined && { lastError: fault.message }),
        ...(lastSuccessAt !== undefined && { lastSuccessAt }),
      };
    },
  };
}
