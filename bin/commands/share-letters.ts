import { existsSync } from 'node:fs';
import { Command } from 'commander';

import { openSqliteOutbox } from '../../core/outbox/sqlite.ts';
import type { Outbox, StoredDeadLetter } from '../../core/outbox/outbox.ts';
import { loadConfig } from '../../core/service/config.ts';
import { loadModels } from '../../core/service/load-models.ts';
import { createLogger } from '../../core/service/log.ts';
import { partnerFiles } from '../../sharing/files.ts';
import { openLedger } from '../../sharing/ledger.ts';
import { resend } from '../../sharing/letters.ts';
import type { Partner } from '../../sharing/partner.ts';
import { auditOf } from '../audit.ts';
import { CommandFailure, exitCodes } from '../exit.ts';
import { readPartners } from '../sharing.ts';
import { wholeNumber, wholeNumbers } from './numbers.ts';
import { printRows } from './table.ts';

interface Options {
  readonly config?: string;
  readonly partner?: string;
  readonly limit?: number;
  readonly all?: boolean;
  readonly json?: boolean;
}

/** `klavze share letters`: states that a partner refused for good. */
export function shareLettersCommand(): Command {
  const command = new Command('letters').description('states that a partner refused for good, kept in its queue');
  withOptions(command.command('list'))
    .description('oldest first')
    .option('--limit <n>', 'at most so many of each partner', wholeNumber)
    .option('--all', 'also those that were sent again')
    .option('--json', 'print JSON')
    .action(async (options: Options) => {
      const rows: Readonly<Record<string, unknown>>[] = [];
      await ofPartners(options, ({ name }, queue) => {
        const filter = { ...(options.limit !== undefined && { limit: options.limit }), replayed: options.all === true };
        rows.push(...queue.deadLetters.list(filter).map((letter) => rowOf(name, letter)));
      });
      printRows(rows, options.json === true);
    });
  command
    .command('show')
    .argument('<id>', 'its number', wholeNumber)
    .requiredOption('--partner <name>', 'of this partner')
    .option('--config <file>', 'configuration file (default klavze.yaml)')
    .description('one of them, with the state as it was sent')
    .action((id: number, options: Options) =>
      ofPartners(options, ({ name }, queue) => {
        const letter = mustExist(queue, name, id);
        const state = JSON.parse(Buffer.from(letter.raw).toString('utf8')) as unknown;
        process.stdout.write(`${JSON.stringify({ ...rowOf(name, letter), rejection: letter.rejection, state }, null, 2)}\n`);
      }),
    );
  command
    .command('replay')
    .argument('[ids...]', 'their numbers; without any, all that were not sent again yet', wholeNumbers)
    .requiredOption('--partner <name>', 'of this partner')
    .option('--config <file>', 'configuration file (default klavze.yaml)')
    .description('send them again, after the partner mended what it refused; none goes over a newer state of its entity')
    .action((ids: number[] | undefined, options: Options) =>
      ofPartners(options, async (partner, queue, ledgerFile) => {
        const letters =
          ids === undefined || ids.length === 0 ? queue.deadLetters.list() : ids.map((id) => mustExist(queue, partner.name, id));
        const ledger = openLedger(ledgerFile);
        try {
          const report = await resend(letters, { partner, queue, ledger, at: new Date().toISOString() });
          auditOf(loadConfig(process.env, process.cwd(), options.config))('share.replay', [partner.name], { ...report });
          process.stdout.write(`${JSON.stringify({ partner: partner.name, ...report })}\n`);
        } finally {
          ledger.close();
        }
      }),
    );
  return command;
}

function withOptions(command: Command): Command {
  return command.option('--partner <name>', 'only this partner').option('--config <file>', 'configuration file (default klavze.yaml)');
}

async function ofPartners(
  options: Options,
  use: (partner: Partner, queue: Outbox, ledgerFile: string) => void | Promise<void>,
): Promise<void> {
  const config = loadConfig(process.env, process.cwd(), options.config);
  const all = readPartners(config, loadModels()).filter(({ mode }) => mode !== 'federation');
  const chosen = all.filter(({ name }) => options.partner === undefined || name === options.partner);
  if (options.partner !== undefined && chosen.length === 0)
    throw new CommandFailure(
      exitCodes.usage,
      `there is no partner "${options.partner}" that is sent data; known: ${all.map(({ name }) => name).join(', ') || 'none'}`,
    );
  for (const partner of chosen) {
    const files = partnerFiles(config.dataDir, partner.name);
    if (!existsSync(files.queue)) continue;
    const queue = openSqliteOutbox({ path: files.queue, logger: createLogger('error') });
    try {
      await use(partner, queue, files.ledger);
    } finally {
      await queue.close();
    }
  }
}

function rowOf(partner: string, { id, at, replayedAt, rejection, raw }: StoredDeadLetter) {
  const { id: entity = '?', removal } = JSON.parse(Buffer.from(raw).toString('utf8')) as { id?: string; removal?: { id: string } };
  return { partner, id, at, ...(replayedAt !== undefined && { replayedAt }), entity: removal?.id ?? entity, message: rejection.message };
}

function mustExist(queue: Outbox, partner: string, id: number): StoredDeadLetter {
  const letter = queue.deadLetters.get(id);
  if (letter === undefined) throw new CommandFailure(exitCodes.dataRefused, `${partner} has no letter ${id}; klavze share letters list`);
  return letter;
}
