import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** In the data folder, and in no backup: a restored folder has not been backed up yet. */
const backupMark = 'last-backup';

/** Notes that the data folder was backed up as of `at` (ISO 8601), for whoever asks how old the newest backup is. */
export function markBackup(dataDir: string, at: string): void {
  writeFileSync(join(dataDir, backupMark), `${at}\n`, { mode: 0o640 });
}

/** Milliseconds since 1970 of the newest backup; undefined: none was made, or nobody knows. */
export function lastBackup(dataDir: string): number | undefined {
  try {
    const at = Date.parse(readFileSync(join(dataDir, backupMark), 'utf8').trim());
    return Number.isNaN(at) ? undefined : at;
  } catch {
    return undefined;
  }
}
