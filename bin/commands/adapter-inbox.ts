import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';

import { loadConfig } from '../../core/service/config.ts';
import { loadKnowledge } from '../../core/service/knowledge.ts';
import { createLogger } from '../../core/service/log.ts';
import type { InboxResult } from '../../core/source/inbox.ts';
import { note, withRecords } from '../adapters.ts';
import { CommandFailure, exitCodes } from '../exit.ts';
import { openInbox } from '../inbox.ts';

interface Options {
  readonly once?: boolean;
  readonly acceptVanished?: boolean;
  readonly config?: string;
}

const lookEveryMs = 500;

/** `inbox`: the dropped files, for where `klavze up` does not run, or to accept one that it refused. */
export function addInboxCommand(adapter: Command): void {
  adapter
    .command('inbox')
    .description('take the files that lie in the inbox; while klavze up runs, it does so by itself')
    .option('--once', 'take what is there, wait for files that are still being copied, and end', true)
    .option('--accept-vanished', 'take files although more than half of the rows known so far are gone from them')
    .option('--config <file>', 'configuration file (default klavze.yaml)')
    .action(takeInbox);
}

async function takeInbox(options: Options): Promise<void> {
  const config = loadConfig(process.env, process.cwd(), options.config);
  const knowledge = await loadKnowledge(config);
  const choice = { onShrink: options.acceptVanished === true ? 'accept' : 'refuse' } as const;
  // Loaded only here: with it come the embedded brokers.
  const { publishOnce } = await import('../publish-once.ts');
  const results: InboxResult[] = [];
  await withRecords(config, 'write', (records) =>
    publishOnce(config, knowledge, async (outbox) => {
      const inbox = openInbox(config, knowledge, outbox, records, createLogger('error'), choice);
      for (let first = true, waiting = 0; first || waiting > 0; first = false) {
        const looked = await inbox.scan();
        results.push(...looked.results);
        waiting = looked.waiting;
        if (waiting > 0) await sleep(lookEveryMs);
      }
    }),
  );
  for (const result of results) process.stdout.write(`${JSON.stringify(result)}\n`);
  if (results.length === 0) note('no file lies in the inbox');
  const refused = results.filter(({ outcome }) => outcome === 'refused').length;
  if (refused > 0) {
    throw new CommandFailure(exitCodes.dataRefused, `${refused} of ${results.length} files were refused; a report lies beside each`);
  }
}
