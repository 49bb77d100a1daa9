import { closeSync, fdatasync, openSync, statSync } from 'node:fs';
import type { Logger } from 'pino';

import type { Instant } from '../plugin.ts';
import { mayHeal } from './disk.ts';
import { isDamage } from './damaged.ts';
import { isWhole, salvage, setAside } from './salvage.ts';
import { openFile, type OutboxFile } from './sqlite-file.ts';

export interface SqliteStoreOptions {
  readonly path: string;
  readonly logger: Logger;
  readonly clock: () => Instant;
  readonly checkAtStartBytes: number;
  /** Nothing is lost with the file: no transaction waits for the disk. */
  readonly isCopy?: boolean;
  /** The file was damaged and is now another one: what was known of it must be read anew. */
  onRescued(): void;
}

/** The file, replaced by what can be saved of it when it turns out to be damaged. */
export interface SqliteStore {
  readonly file: OutboxFile;
  /** Runs a step on the file; when the file is damaged, again on its successor. */
  onFile<T>(step: () => T): T;
  /** Replaces a file of which somebody else has seen that it is damaged. */
  rescue(): void;
  /**
   * One transaction. `synced`: on disk when it returns. What only follows from it need not be: when the power fails it is as if it had not
   * happened yet, and the same publications are delivered again.
   */
  transact(step: () => void, durability?: 'synced' | 'follows'): void;
  /**
   * Resolves when all that was committed is on disk, as after a commit with `synchronous = FULL`, which syncs the same log; but here the
   * thread goes on meanwhile.
   */
  sync(): Promise<void>;
  close(): void;
  /** Bytes of pages that hold nothing any more. */
  reusableBytes(): number;
  /** Brings the write-ahead log into the file and gives its place back to the disk, as far as the disk allows it. */
  shrinkLog(): void;
}

export function createSqliteStore(options: SqliteStoreOptions): SqliteStore {
  const { path, logger, clock } = options;
  let file = openWhole();
  let durable: 'synced' | 'follows' | undefined;
  /** The write-ahead log: it is the same file for as long as the database is open. */
  let log: number | undefined;

  function openWhole(): OutboxFile {
    try {
      const opened = openFile(path, clock());
      if (statSync(path).size > options.checkAtStartBytes || isWhole(opened)) return opened;
      opened.db.close();
    } catch (error) {
      if (!isDamage(error)) throw error;
    }
    return startAfresh();
  }

  function startAfresh(): OutboxFile {
    const aside = setAside(path, clock());
    const fresh = openFile(path, clock());
    const { saved, unreadable } = salvage(aside, fresh);
    logger.error(
      { file: path, setAside: aside, saved, unreadable },
      'the outbox file is damaged; it was set aside and what could be read was saved',
    );
    return fresh;
  }

  function onFile<T>(step: () => T): T {
    try {
      return step();
    } catch (error) {
      if (!isDamage(error)) throw error;
      rescue();
      return step();
    }
  }

  function rescue(): void {
    close();
    file = startAfresh();
    durable = undefined;
    options.onRescued();
  }

  function close(): void {
    if (log !== undefined) closeSync(log);
    log = undefined;
    file.db.close();
  }

  function sync(): Promise<void> {
    return new Promise((resolve, reject) => {
      log ??= openSync(`${path}-wal`, 'r');
      fdatasync(log, (error) => (error === null ? resolve() : reject(error)));
    });
  }

  function transact(step: () => void, durability: 'synced' | 'follows'): void {
    const level = durability === 'synced' ? 'FULL' : 'NORMAL';
    if (durable !== durability) file.db.pragma(`synchronous = ${options.isCopy === true ? 'OFF' : level}`);
    durable = durability;
    file.begin.run();
    try {
      step();
      file.commit.run();
    } catch (error) {
      if (file.db.inTransaction) file.rollback.run();
      throw error;
    }
  }

  function shrinkLog(): void {
    try {
      onFile(() => file.db.pragma('wal_checkpoint(TRUNCATE)'));
    } catch (error) {
      if (!mayHeal(error)) throw error;
    }
  }

  return {
    get file() {
      return file;
    },
    onFile,
    rescue,
    transact(step, durability = 'follows') {
      try {
        onFile(() => transact(step, durability));
      } catch (error) {
        if ((error as { code?: unknown } | null)?.code !== 'SQLITE_FULL') throw error;
        // The log cannot grow; what it holds may still find its place in the file, and the log begins anew.
        shrinkLog();
        onFile(() => transact(step, durability));
      }
    },
    reusableBytes: () => onFile(() => (file.freePages.get() ?? 0) * (file.pageSize.get() ?? 0)),
    shrinkLog,
    sync,
    close,
  };
}
