import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';

/**
 * Takes the data folder for this process: only one may deliver from an outbox, so that each entity has one writer.
 * The lock is one of the operating system on `lock.db`; it is gone when the process is, however it ended. The thread waits for it for up
 * to `patienceMs`: the doctor has it for a moment, and a service that comes up then must not give up for good.
 * @returns a function that releases it, or undefined when another process holds it.
 */
export function lockDataDir(dataDir: string, patienceMs = 0): (() => void) | undefined {
  mkdirSync(dataDir, { recursive: true });
  const database = new Database(join(dataDir, 'lock.db'), { timeout: patienceMs });
  try {
    // No journal on disk: the lock can be had also where the disk is full.
    database.pragma('journal_mode = MEMORY');
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if ((error as { code?: string }).code === 'SQLITE_BUSY') return undefined;
    throw error;
  }
  return () => database.close();
}
