import type { Logger } from 'pino';

import type { Done } from './outbox.ts';

export interface GroupCommitOptions<T> {
  /** Writes a group in one transaction, or as many of its first as there is room for; says how many. Throws when it cannot write any. */
  commit(group: readonly T[]): number;
  /** Resolves when all that was committed is on disk; meanwhile more is gathered, and written with the next commit. */
  sync(): Promise<void>;
  /** Whether an error may heal by waiting: the disk is full or does not answer. */
  mayHeal(error: unknown): boolean;
  /** A busy outbox waits so many milliseconds for more after each commit; a quiet one commits at once. */
  readonly pauseMs: number;
  /** Most entries in one transaction. */
  readonly maxGroup: number;
  readonly logger: Logger;
}

/** What is to be written, and who is told of it. */
export interface Entry {
  readonly done: Done;
}

export interface GroupCommit<T extends Entry> {
  append(entry: T): void;
  readonly writable: boolean;
  /** Writes what waits; refuses it when that is not possible. */
  close(): Promise<void>;
}

const firstRetryMs = 100;
const longestRetryMs = 5_000;

/** Lets many appends share one commit: a sync to disk costs the same for one row as for hundreds. */
export function createGroupCommit<T extends Entry>(options: GroupCommitOptions<T>): GroupCommit<T> {
  let waiting: T[] = [];
  let timer: NodeJS.Timeout | NodeJS.Immediate | undefined;
  let syncing: Promise<void> | undefined;
  let lastCommit = -Infinity;
  let lastGroup = 0;
  let failures = 0;
  let closed = false;

  function schedule(): void {
    if (timer !== undefined || syncing !== undefined || waiting.length === 0 || failures > 0 || closed) return;
    // One appender that waits for each commit gains nothing from a pause.
    const busy = lastGroup > 1 && waiting.length < options.maxGroup;
    const pause = busy ? options.pauseMs - (performance.now() - lastCommit) : 0;
    timer = pause > 0 ? setTimeout(flush, pause) : setImmediate(flush);
  }

  function flush(): void {
    timer = undefined;
    const group = write(waiting.slice(0, options.maxGroup));
    if (group === undefined) {
      retry();
      return;
    }
    waiting = waiting.slice(group.length);
    syncing = options.sync().then(
      () => {
        syncing = undefined;
        healed();
        lastCommit = performance.now();
        lastGroup = group.length;
        for (const { done } of group) done();
        schedule();
      },
      (error: unknown) => {
        // Whether it is on disk cannot be known any more: it is written again, and nothing of it is acknowledged before that.
        syncing = undefined;
        waiting = [...group, ...waiting];
        failed(error);
        if (!closed) retry();
      },
    );
  }

  /** What was written of the group; undefined when it must be tried again later. An entry that no waiting helps is refused and left out. */
  function write(group: readonly T[]): readonly T[] | undefined {
    try {
      return group.slice(0, options.commit(group));
    } catch (error) {
      if (options.mayHeal(error)) {
        failed(error);
        return undefined;
      }
      // It must not hold up the others: from here they go one by one.
      if (group.length > 1) return write(group.slice(0, 1));
      const [hopeless] = group;
      waiting = waiting.slice(1);
      hopeless?.done(error);
      return [];
    }
  }

  function failed(error: unknown): void {
    if (failures++ === 0) options.logger.error({ err: error }, 'the outbox cannot be written; nothing is acknowledged until it can');
  }

  function healed(): void {
    if (failures > 0) options.logger.info('the outbox can be written again');
    failures = 0;
  }

  function retry(): void {
    timer = setTimeout(flush, Math.random() * Math.min(longestRetryMs, firstRetryMs * 2 ** failures));
  }

  return {
    append(entry) {
      if (closed) {
        entry.done(new Error('the outbox is closed'));
        return;
      }
      waiting.push(entry);
      schedule();
    },
    get writable() {
      return failures === 0;
    },
    async close() {
      closed = true;
      clearTimeout(timer as NodeJS.Timeout);
      clearImmediate(timer as NodeJS.Immediate);
      await syncing;
      while (waiting.length > 0) {
        const before = waiting.length;
        const group = write(waiting) ?? [];
        waiting = waiting.slice(group.length);
        const failure = await options.sync().then(
          () => undefined,
          (error: unknown) => error ?? new Error('the disk could not be synced'),
        );
        for (const { done } of group) done(failure);
        if (waiting.length === before) break;
      }
      for (const { done } of waiting) done(new Error('the outbox was closed before its disk could be written'));
      waiting = [];
    },
  };
}
