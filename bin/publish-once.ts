import { setTimeout as sleep } from 'node:timers/promises';

import { RetryableError } from '../core/errors.ts';
import type { Outbox } from '../core/outbox/outbox.ts';
import type { Config } from '../core/service/config.ts';
import type { LoadedKnowledge } from '../core/service/knowledge.ts';
import { lockDataDir } from '../core/service/lock.ts';
import { createLogger } from '../core/service/log.ts';
import { openOutboxBeside } from './outbox.ts';
import { startUp, type Running } from './up.ts';

/** Where the broker is, and this process's own HTTP server. */
export type Urls = Pick<Running['urls'], 'broker' | 'http'>;

const lookEveryMs = 50;
const patienceMs = 30_000;

/**
 * Does `work` on the outbox and sees that what it appended reaches the broker. Where `klavze up` runs on the same data folder, or has the
 * shard, it delivers; else this process does and waits for it.
 * @throws {RetryableError} when the broker takes nothing for 30 s; what waits stays in the outbox.
 */
export async function publishOnce<T>(
  config: Config,
  knowledge: LoadedKnowledge,
  work: (outbox: Outbox, urls: Urls) => Promise<T>,
): Promise<T> {
  const release = lockDataDir(config.dataDir);
  release?.();
  const isShared = config.outbox.url !== undefined;
  const outbox =
    release === undefined || isShared ? await openOutboxBeside(config, createLogger('error'), release === undefined) : undefined;
  if (outbox !== undefined) {
    try {
      return await work(outbox, urlsOf(config));
    } finally {
      await outbox.close();
    }
  }
  const anyPort = { ...config, http: { ...config.http, port: 0 } };
  const running = await startUp(config.broker.contextUrl === undefined ? anyPort : config, knowledge, createLogger('error'), 'delivery');
  try {
    const result = await work(running.outbox, running.urls);
    await drained(running.outbox, () => running.deliverer.status().lastError);
    return result;
  } finally {
    await running.stop();
  }
}

/** Where a running `klavze up` with this configuration is. */
function urlsOf({ broker, http }: Config): Urls {
  return { broker: broker.url ?? `http://${broker.host}:${broker.port}`, http: `http://${http.host}:${http.port}` };
}

async function drained(outbox: Outbox, lastError: () => string | undefined): Promise<void> {
  let fewest = Infinity;
  let since = performance.now();
  for (;;) {
    const { count } = outbox.depth(new Date().toISOString());
    if (count === 0) return;
    if (count < fewest) since = performance.now();
    fewest = Math.min(fewest, count);
    if (performance.now() - since > patienceMs) {
      throw new RetryableError(
        `${count} entities wait in the outbox for the broker (${lastError() ?? 'no answer yet'}); klavze up delivers them later`,
      );
    }
    await sleep(lookEveryMs);
  }
}
