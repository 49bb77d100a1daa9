import { setTimeout as sleep } from 'node:timers/promises';
import type { ConsumerMessages, JsMsg } from '@nats-io/jetstream';
import type { Logger } from 'pino';

import { renewConsumer, type Cluster, type Names } from './cluster.ts';

export interface Handed {
  readonly message: JsMsg;
  /** Where its acknowledgement goes. */
  readonly reply: string;
}

export interface FeedOptions {
  readonly cluster: Cluster;
  readonly names: Names;
  /** Names the process among the consumers of the stream. */
  readonly instance: string;
  readonly logger: Logger;
  /** The next message is handed over when this has resolved. */
  handed(handed: Handed): Promise<void>;
  /** Asked before the consumer is made anew, for it may be the next owner who has just done so. */
  isOwner(): Promise<boolean>;
  fenced(): void;
  /** All that is not acknowledged will be handed out once more. */
  onRenewed(): void;
}

export interface Feed {
  /** Resolves when `complete` was called. */
  readonly restored: Promise<void>;
  complete(): void;
  close(): Promise<void>;
}

const pauseMs = 1_000;

/** Reads the stream for as long as it takes; after each loss of the connection from the start, for what was under way is not known. */
export function readStream({ cluster, names, instance, logger, handed, isOwner, fenced, onRenewed }: FeedOptions): Feed {
  let complete = (): void => undefined;
  const restored = new Promise<void>((resolve) => (complete = resolve));
  let closed = false;
  let messages: ConsumerMessages | undefined;

  async function read(): Promise<void> {
    for (let turn = 0; !closed; turn++) {
      const name = `klavze-${instance}-${turn}`;
      try {
        if (!(await isOwner())) return fenced();
        await renewConsumer(cluster, names, name);
        onRenewed();
        const consumer = await cluster.js.consumers.get(names.stream, name);
        messages = await consumer.consume({ max_messages: 32 });
        for await (const message of messages) await handed({ message, reply: (message as JsMsg & { readonly reply: string }).reply });
      } catch (error) {
        if (!closed) logger.warn({ err: error, stream: names.stream }, 'the stream cannot be read; trying again');
      }
      if (!closed) await sleep(pauseMs);
    }
  }

  async function watchConnection(): Promise<void> {
    for await (const { type } of cluster.connection.status()) {
      if (type === 'reconnect') messages?.stop();
    }
  }

  void read();
  void watchConnection();
  return {
    restored,
    complete: () => complete(),
    async close() {
      closed = true;
      await messages?.close();
    },
  };
}
