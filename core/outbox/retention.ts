import type { Logger } from 'pino';

import type { DeadLetterStore, Forgotten, LetterLimits } from './outbox.ts';
import type { SqliteStore } from './sqlite-store.ts';

/** Letters that one step forgets; the thread is free between two steps. */
const atOnce = 500;

interface Row {
  readonly id: number;
  readonly at: string;
  readonly plugin: string;
  readonly code: string;
  readonly size: number;
}

/**
 * One step of forgetting letters in a file: those that are too old, else, where all of them take too much place, the oldest of the kind
 * that takes most of it, so that a flood of one kind does not push out the others; replayed ones go first.
 */
export function forgetIn(store: SqliteStore, limits: LetterLimits): Forgotten[] {
  const doomed = tooOld(store, limits.before) ?? tooMuch(store, limits.bytes);
  if (doomed.length === 0) return [];
  const remove = store.file.db.prepare<[number]>('DELETE FROM dead_letters WHERE id = ?');
  store.transact(() => doomed.forEach(({ id }) => remove.run(id)));
  const counts = new Map<string, Forgotten>();
  for (const { plugin, code } of doomed) {
    const key = `${plugin}\t${code}`;
    counts.set(key, { plugin, code, count: (counts.get(key)?.count ?? 0) + 1 });
  }
  return [...counts.values()];
}

/** Deletes letters. What stood there is written over, also in the log, as far as no other process still reads it. */
export function eraseIn(store: SqliteStore, ids: readonly number[]): void {
  store.onFile(() => store.file.db.pragma('secure_delete = ON'));
  const remove = store.file.db.prepare<[number]>('DELETE FROM dead_letters WHERE id = ?');
  store.transact(() => ids.forEach((id) => remove.run(id)), 'synced');
  store.shrinkLog();
}

const columns = 'id, at, plugin, code, length(raw) + length(origin) + length(rejection) AS size';

function tooOld(store: SqliteStore, before: string): Row[] | undefined {
  const oldest = store.onFile(() =>
    store.file.db.prepare<[number], Row>(`SELECT ${columns} FROM dead_letters ORDER BY id LIMIT ?`).all(atOnce),
  );
  const end = oldest.findIndex(({ at }) => at >= before);
  const old = end === -1 ? oldest : oldest.slice(0, end);
  return old.length === 0 ? undefined : old;
}

function tooMuch(store: SqliteStore, most: number): Row[] {
  return store.onFile(() => {
    const { db, pageSize, freePages } = store.file;
    const pages = db.prepare<[], number>('PRAGMA page_count').pluck().get() ?? 0;
    // The letters cannot take more than the file does: mostly nothing need be added up.
    if ((pages - (freePages.get() ?? 0)) * (pageSize.get() ?? 0) <= most) return [];
    const kinds = db
      .prepare<[], { plugin: string; code: string; done: number; bytes: number }>(
        `SELECT plugin, code, replayed_at IS NOT NULL AS done, sum(length(raw) + length(origin) + length(rejection)) AS bytes
         FROM dead_letters GROUP BY 1, 2, 3 ORDER BY done DESC, bytes DESC`,
      )
      .all();
    let excess = kinds.reduce((sum, { bytes }) => sum + bytes, 0) - most;
    const [largest] = kinds;
    if (excess <= 0 || largest === undefined) return [];
    const rows = db
      .prepare<[string, string, number, number], Row>(
        `SELECT ${columns} FROM dead_letters WHERE plugin = ? AND code = ? AND (replayed_at IS NOT NULL) = ? ORDER BY id LIMIT ?`,
      )
      .all(largest.plugin, largest.code, largest.done, atOnce);
    return rows.filter(({ size }) => {
      const isNeeded = excess > 0;
      excess -= size;
      return isNeeded;
    });
  });
}

export interface RetentionOptions {
  readonly letters: DeadLetterStore;
  /** Zero: as long as there is place. */
  readonly days: number;
  readonly megabytes: number;
  readonly now: () => number;
  readonly logger: Logger;
  /** Told of each step. */
  readonly onForgotten?: (forgotten: readonly Forgotten[]) => void;
  /** Default: an hour. */
  readonly everyMs?: number;
}

/** Keeps dead letters within their limits, at once and then each hour. Nothing goes without a count and a line in the log. */
export function startRetention(options: RetentionOptions): { readonly stop: () => void } {
  const { letters, days, megabytes, now, logger, onForgotten, everyMs = 3_600_000 } = options;
  let timer: NodeJS.Timeout | undefined;
  const tally = new Map<string, number>();

  function tell(): void {
    if (tally.size > 0)
      logger.warn(
        { forgotten: Object.fromEntries(tally), days, megabytes },
        'dead letters were forgotten: too old, or too many for their place',
      );
    tally.clear();
  }

  function step(): void {
    try {
      const before = days === 0 ? '' : new Date(now() - days * 86_400_000).toISOString();
      const forgotten = letters.forget?.({ before, bytes: megabytes * 1_000_000 }) ?? [];
      if (forgotten.length > 0) onForgotten?.(forgotten);
      for (const { plugin, code, count } of forgotten) tally.set(`${plugin} ${code}`, (tally.get(`${plugin} ${code}`) ?? 0) + count);
      if (forgotten.length === 0) tell();
      timer = setTimeout(step, forgotten.length === 0 ? everyMs : 10).unref();
    } catch (error) {
      logger.warn({ err: error }, 'old dead letters could not be looked for; trying again in an hour');
      timer = setTimeout(step, everyMs).unref();
    }
  }

  timer = setTimeout(step, 0).unref();
  return {
    stop() {
      clearTimeout(timer);
      tell();
    },
  };
}
