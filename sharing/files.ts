import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
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

/** Names of partners with a queue that are none of `declared`: removed, renamed, or pulling now. */
export function leftBehind(dataDir: string, declared: readonly string[]): string[] {
  const folder = join(dataDir, 'sharing');
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((name) => !declared.includes(name) && existsSync(partnerFiles(dataDir, name).queue));
}

/** What our broker shows with its notifications; made at first use, readable by this user only. */
export function relayToken(dataDir: string): string {
  return kept(dataDir, 'relay-token', () => randomBytes(32).toString('base64url'));
}

/** The name of this Klavže where none is configured: of machine and data folder, and the same for as long as the folder lives. */
export function instanceName(dataDir: string): string {
  return kept(dataDir, 'instance', () => createHash('sha256').update(`${hostname()}\0${dataDir}`).digest('hex').slice(0, 8));
}

function kept(dataDir: string, name: string, make: () => string): string {
  const folder = join(dataDir, 'sharing');
  const file = join(folder, name);
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true });
    try {
      writeFileSync(file, make(), { mode: 0o600, flag: 'wx' });
    } catch (error) {
      // Another process was quicker.
      if ((error as { code?: string }).code !== 'EEXIST') throw error;
    }
  }
  return readFileSync(file, 'utf8').trim();
}
