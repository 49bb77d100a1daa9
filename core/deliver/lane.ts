import type { Logger } from 'pino';

import type { Settlement } from '../outbox/outbox.ts';
import { Circuit, type CircuitOptions, type Fault, type Ticket } from './circuit.ts';
import type { BrokerClient } from './client.ts';
import { Courier, type CourierOptions } from './courier.ts';
import { BatchPace, type PaceOptions } from './pace.ts';
import { DeliveryQueue, type QueueOptions } from './queue.ts';

export interface LaneOptions {
  /** Left out: the tenant of the configuration. */
  readonly tenant: string | undefined;
  readonly client: BrokerClient;
  readonly logger: Logger;
  readonly circuit: CircuitOptions;
  readonly pace: PaceOptions;
  readonly coalesce: 'off' | 'drain' | 'always';
  readonly queue: Pick<QueueOptions, 'outbox' | 'contextOf' | 'prepare' | 'now' | 'onOther'>;
  readonly courier: Pick<CourierOptions, 'prepare' | 'signal' | 'observe' | 'requested' | 'sent' | 'pause' | 'historiesAtOnce'>;
  settle(settlement: Settlement): Promise<boolean>;
  /** The broker took something. */
  succeeded(): void;
  /** A defect: goes on after this. */
  afterDefect(error: unknown): Promise<void>;
  isStopping(): boolean;
}

/** So much waits so long after an outage that is long. */
const longOutage = { publications: 1_000, ms: 60_000 };

/** The delivery to one tenant: what waits for it, whether the broker takes it, and how much at once. Others are not in its way, nor it in theirs. */
export class Lane {
  readonly tenant: string | undefined;
  readonly queue: DeliveryQueue;
  readonly pace: BatchPace;
  /** Rounds under way, with those that wait until the broker may be asked. */
  underWay = 0;
  waiting = 0;
  private readonly circuit: Circuit;
  private readonly courier: Courier;
  /** What waits is looked over once after each outage, before anything goes. */
  private looking: Promise<void> | undefined;

  constructor(private readonly options: LaneOptions) {
    const { tenant, client, queue, courier, settle, pace, coalesce } = options;
    this.tenant = tenant;
    this.pace = new BatchPace(pace);
    const { limits } = this.pace;
    this.circuit = new Circuit(options.circuit);
    this.queue = new DeliveryQueue({ ...queue, tenant, limits, coalesce: coalesce === 'always' ? 'newest' : 'off' });
    this.courier = new Courier({
      ...courier,
      client,
      queue: this.queue,
      pace: this.pace,
      settle,
      succeeded: (ticket) => this.succeeded(ticket),
      failed: (ticket, fault) => this.failed(ticket, fault),
    });
  }

  get fault(): Fault | undefined {
    return this.circuit.fault;
  }

  /** One round: asks for permission, takes a batch, brings it. Whether there was something to carry. */
  async carry(): Promise<boolean> {
    this.waiting++;
    const ticket = await this.circuit.enter().finally(() => this.waiting--);
    if (ticket === undefined) return false;
    await (this.looking ??= this.lookBack(ticket));
    if (this.options.isStopping() || this.looking === undefined) {
      this.circuit.release(ticket);
      return false;
    }
    const batch = this.queue.take();
    try {
      if (batch !== undefined) await this.courier.carry(batch, ticket);
    } catch (error) {
      await this.options.afterDefect(error);
    } finally {
      if (batch !== undefined) this.queue.finish(batch);
      this.circuit.release(ticket);
    }
    return batch !== undefined;
  }

  close(): void {
    this.circuit.close();
  }

  private succeeded(ticket: Ticket): void {
    this.options.succeeded();
    if (this.circuit.succeeded(ticket)) this.options.logger.info(this.told(), 'the NGSI-LD broker takes publications again');
  }

  private failed(ticket: Ticket, fault: Fault): void {
    const { logger } = this.options;
    this.looking = undefined;
    if (!this.circuit.failed(ticket, fault)) return;
    const told = { reason: fault.message, ...this.told() };
    if (fault.kind === 'denied') {
      logger.error(told, 'the NGSI-LD broker denies the service; check its URL, tenant and token; publications wait');
    } else logger.warn(told, 'the NGSI-LD broker is unavailable; publications wait in the outbox');
  }

  private told(): { readonly tenant?: string } {
    return this.tenant === undefined ? {} : { tenant: this.tenant };
  }

  /**
   * After a long outage the newest state of each entity goes first, where the broker has a history for the older ones: a state of the past
   * that is written over the present would be wrong for as long as the drain takes. With `drain` the older ones are left out instead.
   */
  private async lookBack(ticket: Ticket): Promise<void> {
    const { queue: source, coalesce, logger } = this.options;
    const { outbox, contextOf } = source;
    const { count, oldestMs } = outbox.depth(new Date().toISOString());
    // What waits may be another tenant's.
    if (count < longOutage.publications || oldestMs < longOutage.ms || this.queue.held < longOutage.publications) return;
    if (coalesce !== 'off') {
      this.queue.drain();
      return;
    }
    const hurried = this.queue.isHurrying;
    this.queue.hurry();
    const superseded = this.queue.superseded();
    // Where each entity waits with one state, each is its newest; an outbox that cannot look back finds none.
    if (superseded === undefined || !(await this.courier.probeHistory(superseded, contextOf(superseded.entity), ticket))) {
      if (!hurried) this.queue.calm();
      return;
    }
    logger.info({ waiting: count, ...this.told() }, 'a long outage is over; the newest states go first, the older ones to the history');
  }
}

/**
 * How many rounds each lane may have under way. The others' places stay free also while nothing waits for them: who hangs keeps his until
 * the time is over, and what comes for others meanwhile must not wait for that.
 */
export function shareOf(lanes: readonly Lane[], most: number): number {
  return Math.max(1, Math.floor(most / lanes.length));
}
