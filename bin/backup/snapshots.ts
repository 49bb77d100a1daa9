import { statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';

import { ConfigError, FatalError } from '../../core/errors.ts';

/** Left free beside a copy: what waits for the disk meanwhile needs room, too. */
const spareBytes = 64 * 1024 * 1024;
const allPages = 0x7fffffff;

export interface Snapshots {
  /** Copies what the database held when the snapshots were taken. @throws {ConfigError} where there is no room, {FatalError} when it is damaged. */
  copy(file: string, to: string): Promise<void>;
  close(): void;
}

/**
 * Looks at all databases at one moment, while other processes go on writing: each stays as it was for whoever reads it here. Written by
 * SQLite's own backup in one go, since it would begin anew whenever somebody else wrote between two of its steps.
 */
export function takeSnapshots(files: readonly string[]): Snapshots {
  const open = new Map<string, Database.Database>();
  const close = (): void => {
    for (const database of open.values()) database.close();
    open.clear();
  };
  try {
    for (const file of files) {
      const database = new Database(file, { fileMustExist: true, timeout: 5_000 });
      open.set(file, database);
    }
    for (const database of open.values()) {
      database.exec('BEGIN');
      // A transaction begins with the first look.
      database.prepare('SELECT count(*) FROM sqlite_schema').get();
    }
  } catch (error) {
    close();
    throw error;
  }
  return {
    async copy(file, to) {
      const database = open.get(file);
      if (database === undefined) throw new FatalError(`${file} is not among the snapshots`);
      mustHaveRoom(file, to);
      await database.backup(to, { progress: () => allPages });
      database.close();
      open.delete(file);
      mustBeWhole(file, to);
    },
    close,
  };
}

function mustHaveRoom(file: string, to: string): void {
  const { bavail, bsize } = statfsSync(dirname(to));
  const needed = statSync(file).size + spareBytes;
  if (bavail * bsize < needed)
    throw new ConfigError(
      `there is too little room for a copy of ${file}: ${Math.ceil(needed / 1e6)} MB are needed, ${Math.floor((bavail * bsize) / 1e6)} MB are free; back up to another disk`,
    );
}

function mustBeWhole(file: string, copy: string): void {
  const database = new Database(copy);
  try {
    const found = database.pragma('quick_check(1)', { simple: true });
    if (found !== 'ok') throw new FatalError(`${file} is damaged (${String(found)}); restart klavze, which saves what can be read of it`);
  } finally {
    database.close();
  }
}
