import type { Logger } from 'pino';

export interface GroupCommitOptions<T> {
  /** Writes a group in one transaction. Throws when it cannot. */
  commit(group: readonly T[]): void;
  /** Whether an error of `commit` may heal by waiting: the disk is full or does not answer. */
  mayHeal(error: unknown): boolean;
  /** A busy outbox commits at most once in so many milliseconds, or three times as long as the last commit took; a quiet one at once. */
  readonly pauseMs: number;
  /** Most entries in one transaction. */
  readonly maxGroup: number;
  readonly logger: Logger;
}

export interface GroupCommit<T> {
  /** Resolves after the commit that wrote the entry. */
  append(entry: T): Promise<void>;
  readonly writable: boolean;
  /** Writes what waits; rejects it when that is not possible. */
  close(): void;
}

interface Waiting<T> {
  readonly entry: T;
  resolve(): void;
  reject(error: unknown): void;
}

const longestPauseMs = 30;
const firstRetryMs = 100;
const longestRetryMs = 5_000;

/** Lets many appends share one commit: a sync to disk costs the same for one row as for hundreds. */
export function createGroupCommit<T>(options: GroupCommitOptions<T>): GroupCommit<T> {
  let waiting: Waiting<T>[] = [];
  let timer: NodeJS.Timeout | NodeJS.Immediate | undefined;
  let lastCommit = -Infinity;
  let lastTook = 0;
  let lastGroup = 0;
  let failures = 0;
  let closed = false;

  function schedule(): void {
    if (timer !== undefined || waiting.length === 0 || failures > 0) return;
    // One appender that waits for each commit gains nothing from a pause.
    const busy = lastGroup > 1 && waiting.length < options.maxGroup;
    // A slow disk is asked less often, with more at a time: it must not hold up everything else.
    const pause = busy ? Math.min(longestPauseMs, Math.max(options.pauseMs, 3 * lastTook)) - (performance.now() - lastCommit) : 0;
    timer = pause > 0 ? setTimeout(flush, pause) : setImmediate(flush);
  }

  function flush(): void {
    timer = undefined;
    const group = waiting.slice(0, options.maxGroup);
    const start = performance.now();
    const done = write(group);
    waiting = waiting.slice(done);
    if (done === 0 && group.length > 0) {
      timer = setTimeout(flush, Math.random() * Math.min(longestRetryMs, firstRetryMs * 2 ** failures));
      return;
    }
    lastCommit = performance.now();
    lastTook = lastCommit - start;
    lastGroup = done;
    schedule();
  }

  /** How many of the group are done; 0 when it must be tried again later. */
  function write(group: readonly Waiting<T>[]): number {
    try {
      options.commit(group.map(({ entry }) => entry));
    } catch (error) {
      if (options.mayHeal(error)) {
        if (failures++ === 0) options.logger.error({ err: error }, 'the outbox cannot be written; nothing is acknowledged until it can');
        return 0;
      }
      // An entry that no waiting helps must not hold up the others: from here they go one by one.
      if (group.length > 1) return write(group.slice(0, 1));
      group[0]?.reject(error);
      return 1;
    }
    if (failures > 0) options.logger.info('the outbox can be written again');
    failures = 0;
    for (const one of group) one.resolve();
    return group.length;
  }

  return {
    append(entry) {
      if (closed) return Promise.reject(new Error('the outbox is closed'));
      return new Promise((resolve, reject) => {
        waiting.push({ entry, resolve, reject });
        schedule();
      });
    },
    get writable() {
      return failures === 0;
    },
    close() {
      closed = true;
      clearTimeout(timer as NodeJS.Timeout);
      clearImmediate(timer as NodeJS.Immediate);
      for (let done = -1; done !== 0 && waiting.length > 0; waiting = waiting.slice(done)) done = write(waiting);
      for (const one of waiting) one.reject(new Error('the outbox was closed before its disk could be written'));
    },
  };
}
