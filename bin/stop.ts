import { setTimeout as sleep } from 'node:timers/promises';

/** What ends a part that was started. */
export type Closers = (() => void | Promise<void>)[];

/** Of a pino logger. */
type Log = Readonly<Record<'warn' | 'error', (of: object, text: string) => void>>;

/**
 * Ends the parts, the last to start first, and empties the list. One that cannot end, for the disk is full, does not hold up the others:
 * what is not acknowledged comes again, and what was is on disk.
 */
export async function closeAll(closers: Closers, log: Log, patienceMs = 10_000): Promise<void> {
  for (let close = closers.pop(); close !== undefined; close = closers.pop()) {
    const patience = new AbortController();
    const closing = Promise.resolve()
      .then(close)
      .catch((error: unknown) => log.error({ err: error }, 'a part could not be ended in order'));
    const late = sleep(patienceMs, true, { signal: patience.signal }).catch(() => false);
    const isLate = await Promise.race([closing.then(() => false), late]);
    patience.abort();
    if (isLate) log.warn({ seconds: patienceMs / 1_000 }, 'a part did not end in time and is left');
  }
}
