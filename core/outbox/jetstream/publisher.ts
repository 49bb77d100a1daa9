import { JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream';
import { headers } from '@nats-io/transport-node';

import { encodePart, partsOf, type Part } from './body.ts';
import type { Cluster, Names } from './cluster.ts';

/** Names the process in what it appends, so that it knows its own messages again. */
export const fromHeader = 'Klavze-From';

export interface PublisherOptions {
  readonly cluster: Cluster;
  readonly names: Names;
  readonly instance: string;
  /** The last message of the stream when this process became its owner; left out: a guest, who appends beside the owner. */
  readonly last?: number;
  /** A part is safe in the stream; resolves when it can be peeked. */
  stored(part: Part, seq: number): Promise<void>;
  /** Whether the shard is still ours. Asked when somebody else appended. */
  isOwner(): Promise<boolean>;
  /** It is not: closes this. */
  fenced(): void;
}

interface Waiting {
  readonly part: Part;
  resolve(): void;
  reject(error: unknown): void;
}

/** Consignments in one message. */
const mostInGroup = 400;
const firstRetryMs = 100;
const longestRetryMs = 3_000;

/**
 * Appends to the stream, many consignments in one message. The owner says each time which message must be the last one: when another
 * process has taken the shard over, NATS refuses what the old owner still wants to append.
 */
export class Publisher {
  private waiting: Waiting[] = [];
  private isBusy = false;
  private closed: Error | undefined;
  private failures = 0;
  private count = 0;
  private last: number;
  private wakeUp: (() => void) | undefined;

  constructor(private readonly options: PublisherOptions) {
    this.last = options.last ?? 0;
  }

  get writable(): boolean {
    return this.failures === 0 && this.closed === undefined;
  }

  append(part: Part): Promise<void> {
    if (this.closed !== undefined) return Promise.reject(this.closed);
    return new Promise((resolve, reject) => {
      this.waiting.push({ part, resolve, reject });
      if (!this.isBusy) void this.run();
    });
  }

  /** What is not in the stream yet is refused. */
  close(reason = 'the outbox is closed'): void {
    this.closed ??= new Error(reason);
    this.wakeUp?.();
    for (const one of this.waiting.splice(0)) one.reject(this.closed);
  }

  private async run(): Promise<void> {
    this.isBusy = true;
    // Those that come in the same turn share a message.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.waiting.length > 0) {
      const group = this.waiting.splice(0, mostInGroup);
      try {
        await this.write(group.map(({ part }) => part));
        for (const one of group) one.resolve();
      } catch (error) {
        for (const one of group) one.reject(error);
      }
    }
    this.isBusy = false;
  }

  private async write(group: readonly Part[]): Promise<void> {
    const { cluster, stored } = this.options;
    const most = cluster.connection.info?.max_payload ?? 1_048_576;
    const kept: Promise<void>[] = [];
    for (const part of partsOf(group, most)) kept.push(stored(part, await this.publish(encodePart(part))));
    await Promise.all(kept);
  }

  /** The number that the message has in the stream. Tries for as long as it takes. */
  private async publish(body: Uint8Array): Promise<number> {
    const { cluster, names, instance, last } = this.options;
    const { logger } = cluster.options;
    const isOwner = last !== undefined;
    const msgID = `${instance}.${++this.count}`;
    const own = headers();
    own.set(fromHeader, instance);
    for (;;) {
      if (this.closed !== undefined) throw this.closed;
      try {
        const expect = isOwner ? { lastSequence: this.last } : {};
        const { seq } = await cluster.js.publish(isOwner ? names.line : names.guest, body, { msgID, headers: own, expect, timeout: 5_000 });
        if (this.failures > 0) logger.info('the outbox can be written again');
        this.failures = 0;
        this.last = seq;
        return seq;
      } catch (error) {
        if (isWrongLast(error)) await this.catchUp().catch((reason: unknown) => this.pause(reason));
        else await this.pause(error);
      }
    }
  }

  /** Somebody appended: a guest, or the next owner. */
  private async catchUp(): Promise<void> {
    const { cluster, names, isOwner, fenced } = this.options;
    if (!(await isOwner())) return fenced();
    this.last = (await cluster.jsm.streams.info(names.stream)).state.last_seq;
  }

  private async pause(error: unknown): Promise<void> {
    const { logger } = this.options.cluster.options;
    if (this.failures++ === 0) logger.error({ err: error }, 'the outbox in NATS cannot be written; nothing is acknowledged until it can');
    const ms = Math.random() * Math.min(longestRetryMs, firstRetryMs * 2 ** this.failures);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function isWrongLast(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === (JetStreamApiCodes.StreamWrongLastSequence as number);
}
