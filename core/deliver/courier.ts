import type { Entity } from '../entity/entity.ts';
import type { Queued, Settlement } from '../outbox/outbox.ts';
import { reject, type Rejection } from '../rejection.ts';
import { isServiceMissing, readAnswer, readFailure, readRemoval, type Answer } from './answer.ts';
import { Bodies } from './bodies.ts';
import type { Fault, Ticket } from './circuit.ts';
import type { BrokerClient } from './client.ts';
import type { DeliveryObserver, DeliveryResult } from './deliverer.ts';
import type { Parcel } from './parcel.ts';
import { temporalBody } from './plan.ts';
import type { BatchPace } from './pace.ts';
import type { Batch, DeliveryQueue } from './queue.ts';

export interface CourierOptions {
  readonly client: BrokerClient;
  readonly queue: DeliveryQueue;
  readonly pace: BatchPace;
  readonly signal: AbortSignal;
  /** Last change before an entity is sent; left out: none. */
  readonly prepare?: ((entity: Entity) => Entity) | undefined;
  /** False when stopping before it could be recorded. */
  settle(settlement: Settlement): Promise<boolean>;
  succeeded(ticket: Ticket): void;
  failed(ticket: Ticket, fault: Fault): void;
  observe(result: DeliveryResult, publications: readonly Queued[]): void;
  /** A request is over, for who follows messages on their way. */
  sent(answer: Answer, parcels: readonly Parcel[]): void;
  requested: NonNullable<DeliveryObserver['requested']>;
  /** Wait of one entity by how often it failed. */
  pause(attempts: number): number;
  /** Requests to the history for one batch at the same time: other tenants need connections too. */
  historiesAtOnce(): number;
}

/** Brings batches to the broker and settles each entity by what the broker says of it. */
export class Courier {
  /** Undefined until the broker was asked for the first time. */
  private takesHistory: boolean | undefined;
  /** Late parts that are in the history although their publication is not settled yet. */
  private readonly inHistory = new Set<number>();
  private readonly bodies = new Bodies();

  constructor(private readonly options: CourierOptions) {}

  async carry(batch: Batch, ticket: Ticket): Promise<void> {
    const lateLetters = await this.addHistories(
      batch.parcels.filter(({ late }) => late !== undefined),
      batch.context,
      ticket,
    );
    if (lateLetters === undefined) return;
    const known = batch.parcels.filter((parcel) => !isLive(parcel) && parcel.late === undefined);
    if (known.length > 0) {
      for (const { queued } of known) this.options.observe('repeated', queued);
      if (!(await this.settle(known, [], lateLetters))) return;
    }
    const live = batch.parcels.filter(isLive);
    if (live.length > 0) await this.send(live, batch.context, ticket, lateLetters);
  }

  /** False when the rest must wait. */
  private async send(
    parcels: readonly Parcel[],
    context: string,
    ticket: Ticket,
    letters: ReadonlyMap<string, Rejection>,
  ): Promise<boolean> {
    const { client, queue, pace, signal } = this.options;
    const ids = parcels.map(({ id }) => id);
    const removes = parcels[0]?.removal === true;
    const body = this.bodies.arrayOf(parcels.map(({ id, json }) => (removes ? JSON.stringify(id) : (json ?? '{}'))));
    const request = () => (removes ? client.remove(body, signal) : client.upsert(body, context, signal));
    const start = performance.now();
    const answer = await this.timed(parcels.length, body, request);
    const ms = performance.now() - start;
    this.options.sent(answer, parcels);
    this.bodies.giveBack(body);
    const verdict = removes ? readRemoval(answer, ids) : readAnswer(answer, ids);
    if (verdict.kind === 'unavailable' || verdict.kind === 'denied') {
      this.options.observe(
        'retried',
        parcels.flatMap(({ queued }) => queued),
      );
      this.takesHistory = undefined;
      this.options.failed(ticket, verdict);
      return false;
    }
    this.options.succeeded(ticket);
    if (verdict.kind !== 'refused') pace.took(parcels.length, ms);
    else {
      if (verdict.code === 'too_large_for_broker' && parcels.length > 1) pace.tooLarge(parcels.length, body.length);
      if (parcels.length > 1) return this.sendHalves(parcels, context, ticket, letters);
      return this.settle(
        [],
        parcels.map((parcel) => [parcel, reject('deliver', verdict.code, verdict.message)]),
        letters,
      );
    }
    const accepted = new Set(verdict.accepted);
    const faults = new Map(verdict.refused.map(({ id, message }) => [id, reject('deliver', 'refused_by_broker', message)]));
    const refused = parcels.flatMap((parcel): [Parcel, Rejection][] => {
      const fault = faults.get(parcel.id);
      return fault === undefined ? [] : [[parcel, fault]];
    });
    const settled = await this.settle(
      parcels.filter(({ id }) => accepted.has(id)),
      refused,
      letters,
    );
    if (!settled) return false;
    const retry = new Set(verdict.retry.map(({ id }) => id));
    for (const { id, queued } of parcels.filter((parcel) => retry.has(parcel.id))) {
      this.options.observe('retried', queued);
      queue.block(id, this.options.pause);
    }
    const apart = parcels.filter(({ id }) => verdict.apart.includes(id));
    return apart.length === 0 || this.sendHalves(apart, context, ticket, letters);
  }

  private async sendHalves(
    parcels: readonly Parcel[],
    context: string,
    ticket: Ticket,
    letters: ReadonlyMap<string, Rejection>,
  ): Promise<boolean> {
    const middle = Math.ceil(parcels.length / 2);
    for (const half of [parcels.slice(0, middle), parcels.slice(middle)]) {
      if (half.length > 0 && !(await this.send(half, context, ticket, letters))) return false;
    }
    return true;
  }

  /** Parcels that came through and parcels that were refused, with the letters of late parts that found no history. */
  private async settle(
    accepted: readonly Parcel[],
    refused: readonly (readonly [Parcel, Rejection])[],
    letters: ReadonlyMap<string, Rejection>,
  ): Promise<boolean> {
    const settlement = {
      accepted: accepted.flatMap(({ queued }) => queued),
      refused: [
        ...refused.flatMap(([{ queued }, rejection]) => queued.map((one) => ({ queued: one, rejection }))),
        ...accepted.flatMap((parcel) => lateLetter(parcel, letters.get(parcel.id))),
      ],
    };
    if (!(await this.options.settle(settlement))) return false;
    const seqs = new Set([...settlement.accepted, ...settlement.refused.map(({ queued }) => queued)].map(({ seq }) => seq));
    for (const seq of seqs) this.inHistory.delete(seq);
    for (const { id } of accepted) this.options.queue.delivered(id);
    this.options.queue.settled(seqs);
    return true;
  }

  /** Whether the broker takes values into a history: tried with a state that waits, which is then known to be there. */
  async probeHistory(queued: Queued, context: string, ticket: Ticket): Promise<boolean> {
    if (this.takesHistory !== undefined) return this.takesHistory;
    const late = [{ queued, entity: queued.entity }];
    const parcel = { id: queued.entity.id, queued: [queued], late, historyJson: this.historyOf([queued.entity]) };
    return (await this.addHistory(parcel, context, ticket)) === 'taken';
  }

  private historyOf(entities: readonly Entity[]): string {
    const { prepare } = this.options;
    return temporalBody(prepare === undefined ? entities : entities.map(prepare));
  }

  /**
   * The late parts of a batch: a request for each entity, since no broker takes histories of several in one, some at a time. Gives the
   * reasons of those that were not taken; undefined when the rest must wait.
   */
  private async addHistories(parcels: readonly Parcel[], context: string, ticket: Ticket): Promise<Map<string, Rejection> | undefined> {
    const letters = new Map<string, Rejection>();
    const left = parcels.values();
    let waits = false;
    const next = async (): Promise<boolean> => {
      const { value: parcel } = left.next();
      if (parcel === undefined || waits) return false;
      const outcome = await this.addHistory(parcel, context, ticket);
      if (outcome === 'wait') waits = true;
      else if (outcome !== 'taken') letters.set(parcel.id, outcome);
      // At once: thousands of late states may follow in this batch, and would all be sent again if the process ended meanwhile.
      if (!waits && !isLive(parcel)) waits = !(await this.settle([parcel], [], letters));
      return !waits;
    };
    const all = async (): Promise<void> => {
      while (await next());
    };
    // Until it is known that there is a history, one asks.
    if (this.takesHistory !== true) await next();
    await Promise.all(Array.from({ length: this.options.historiesAtOnce() }, all));
    return waits ? undefined : letters;
  }

  /** Gives the late part to the broker's history. Anything but `taken` and `wait` is the reason why it is kept as a dead letter. */
  private async addHistory(parcel: Parcel, context: string, ticket: Ticket): Promise<'taken' | 'wait' | Rejection> {
    const { late: all = [], historyJson } = parcel;
    const late = all.filter(({ queued }) => !this.inHistory.has(queued.seq));
    if (historyJson === undefined || late.length === 0) return 'taken';
    const body = late.length === all.length ? historyJson : this.historyOf(late.map(({ entity }) => entity));
    if (this.takesHistory === false) return noHistory();
    const answer = await this.timed(1, body, () => this.options.client.addHistory(body, context, this.options.signal));
    this.options.sent(answer, [parcel]);
    if (answer.status >= 200 && answer.status < 300) {
      this.takesHistory = true;
      for (const { queued } of late) this.inHistory.add(queued.seq);
      this.options.succeeded(ticket);
      this.options.observe(
        'late',
        late.map(({ queued }) => queued),
      );
      return 'taken';
    }
    if (answer.status === 405 || answer.status === 501 || (answer.status === 404 && isServiceMissing(answer.body))) {
      this.takesHistory = false;
      return noHistory();
    }
    const verdict = readFailure(answer);
    if (verdict.kind === 'refused') return reject('deliver', 'refused_by_broker', verdict.message);
    this.options.failed(ticket, verdict);
    return 'wait';
  }

  private async timed(entities: number, body: string | Buffer, request: () => Promise<Answer>): Promise<Answer> {
    const start = performance.now();
    const answer = await request();
    this.options.requested({ status: answer.status, seconds: (performance.now() - start) / 1_000, entities, bytes: body.length });
    return answer;
  }
}

/** Something of it goes to the broker's present state. */
function isLive({ json, removal }: Parcel): boolean {
  return json !== undefined || removal !== undefined;
}

function noHistory(): Rejection {
  return reject('deliver', 'late_value', 'the broker holds a newer value and takes no values into its history; kept here for replay');
}

function lateLetter({ late = [] }: Parcel, rejection: Rejection | undefined): Settlement['refused'] {
  return rejection === undefined ? [] : late.map(({ queued, entity }) => ({ queued: { ...queued, entity }, rejection }));
}
