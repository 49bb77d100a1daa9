import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where what is shared with a partner waits, in the data folder. */
export interface PartnerFiles {
  readonly queue: string;
  readonly staging: string;
  readonly ledger: string;
}

export function partnerFiles(dataDir: string, partner: string): PartnerFiles {
  const folder = join(dataDir, 'sharing', partner);
  return { queue: join(folder, 'queue.db'), staging: join(folder, 'staging.db'), ledger: join(folder, 'ledger.db') };
}

/** What our broker shows with its notifications; made at first use, readable by this user only. */
export function relayToken(dataDir: string): string {
  const folder = join(dataDir, 'sharing');
  const file = join(folder, 'relay-token');
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true });
    try {
      writeFileSync(file, randomBytes(32).toString('base64url'), { mode: 0o600, flag: 'wx' });
    } catch (error) {
      // Another process was quicker.
      if ((error as { code?: string }).code !== 'EEXIST') throw error;
    }
  }
  return readFileSync(file, 'utf8').trim();
}
