import { existsSync } from 'node:fs';

import type { Adapter, Instant } from '../core/plugin.ts';
import type { Config } from '../core/service/config.ts';
import type { LoadedKnowledge } from '../core/service/knowledge.ts';
import { createLogger } from '../core/service/log.ts';
import { ledgerFile, openLedger } from '../core/source/ledger.ts';
import type { Records } from '../core/source/recorded.ts';
import { CommandFailure, exitCodes } from './exit.ts';
import { openJournalOf } from './journal.ts';

/** The clock of a command. */
export function clock(): Instant {
  return new Date().toISOString();
}

/** @throws {CommandFailure} when no adapter has this name. */
export function adapterNamed(name: string, { adapters }: LoadedKnowledge): Adapter {
  const adapter = adapters.get(name);
  if (adapter !== undefined) return adapter;
  throw new CommandFailure(exitCodes.usage, `there is no adapter "${name}"; known: ${[...adapters.keys()].join(', ')}`);
}

/**
 * Opens what is kept of adapter runs for the time of `use`; it may be open in a running `klavze up` too. Who only looks (`read`) makes no
 * file.
 */
export async function withRecords<T>(config: Config, mode: 'read' | 'write', use: (records: Records) => Promise<T> | T): Promise<T> {
  const { dataDir, logLevel } = config;
  const file = ledgerFile(dataDir);
  const path = mode === 'write' || existsSync(file) ? file : ':memory:';
  const logger = createLogger(logLevel);
  const ledger = openLedger({ path, clock, logger });
  const journal = mode === 'write' ? openJournalOf(config, logger) : undefined;
  try {
    return await use({ ledger, dataDir, keep: journal?.file });
  } finally {
    await journal?.close();
    ledger.close();
  }
}

/** For the person who reads along; standard output is for scripts. */
export function note(text: string): void {
  process.stderr.write(`klavze: ${text}\n`);
}
