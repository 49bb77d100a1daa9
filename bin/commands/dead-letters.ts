import { existsSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';

import type { DeadLetterFilter, Outbox, StoredDeadLetter } from '../../core/outbox/outbox.ts';
import { replay } from '../../core/outbox/replay.ts';
import { rejectionCodes } from '../../core/rejection.ts';
import { loadConfig, type Config } from '../../core/service/config.ts';
import { loadKnowledge } from '../../core/service/knowledge.ts';
import { createLogger } from '../../core/service/log.ts';
import { auditOf } from '../audit.ts';
import { CommandFailure, exitCodes } from '../exit.ts';
import { outboxFile, readAgents } from '../files.ts';
import { openOutboxBeside } from '../outbox.ts';
import { wholeNumber, wholeNumbers } from './numbers.ts';
import { printRows } from './table.ts';

interface FilterOptions {
  readonly code?: string;
  readonly plugin?: string;
  readonly limit?: number;
  readonly all?: boolean;
  readonly config?: string;
  readonly json?: boolean;
}

const shownBytes = 4_000;

export function deadLettersCommand(): Command {
  const command = new Command('dead-letters').description('what was refused, kept with its raw bytes');
  withFilter(command.command('list'))
    .description('dead letters, oldest first')
    .option('--json', 'print JSON')
    .action(async (options: FilterOptions) => {
      await withOutbox(options.config, (outbox) => {
        const letters = outbox.deadLetters.list(filterOf(options));
        printRows(options.json === true ? letters.map(asJson) : letters.map(asRow), options.json === true);
      });
    });
  command
    .command('show')
    .argument('<id>', 'number of the dead letter', wholeNumber)
    .description('one dead letter with what was received')
    .option('--config <file>', 'configuration file (default klavze.yaml)')
    .action(async (id: number, options: FilterOptions) => {
      await withOutbox(options.config, (outbox) => {
        const letter = outbox.deadLetters.get(id);
        if (letter === undefined) throw new CommandFailure(exitCodes.dataRefused, `there is no dead letter ${id}`);
        process.stdout.write(`${JSON.stringify({ ...asJson(letter), raw: rawOf(letter) }, null, 2)}\n`);
      });
    });
  withFilter(command.command('replay'))
    .argument('[ids...]', 'numbers of dead letters; without any, all that the filter takes', wholeNumbers)
    .description('run dead letters through the line again, for example after a device was registered')
    .action(replayLetters);
  command
    .command('delete')
    .argument('<ids...>', 'numbers of dead letters', wholeNumbers)
    .description('delete dead letters with what was received, for example for a person who asks for it')
    .option('--config <file>', 'configuration file (default klavze.yaml)')
    .action(async (ids: number[], options: FilterOptions) => {
      await withOutbox(options.config, (outbox) => {
        for (const id of ids) mustExist(outbox, id);
        if (outbox.deadLetters.erase === undefined)
          throw new CommandFailure(exitCodes.unavailable, 'the dead letters are in NATS, which deletes them by their age: docs/outgrow.md');
        outbox.deadLetters.erase(ids);
      });
      auditOf(loadConfig(process.env, process.cwd(), options.config))('dead-letters.delete', ids.map(String), {});
      process.stdout.write(`${JSON.stringify({ deleted: ids.length })}\n`);
    });
  return command;
}

async function replayLetters(ids: number[] | undefined, options: FilterOptions): Promise<void> {
  const config = loadConfig(process.env, process.cwd(), options.config);
  const knowledge = await loadKnowledge(config);
  if (!existsSync(config.devices)) note(`there is no device registry at ${config.devices}; KLAVZE_DEVICES_FILE names another file`);
  const agents = readAgents(config, knowledge);
  // Loaded only here: with it come the embedded brokers.
  const { publishOnce } = await import('../publish-once.ts');
  const report = await publishOnce(config, knowledge, (outbox) => {
    const letters =
      ids === undefined || ids.length === 0 ? outbox.deadLetters.list(filterOf(options)) : ids.map((id) => mustExist(outbox, id));
    return replay(letters, { outbox, agents, adapters: knowledge.adapters, clock: () => new Date().toISOString() });
  });
  auditOf(config)('dead-letters.replay', ids?.map(String) ?? [], {
    code: options.code,
    plugin: options.plugin,
    letters: report.letters,
    replayed: report.replayed,
    stillRefused: report.stillRefused,
  });
  process.stdout.write(`${JSON.stringify(report)}\n`);
  if (report.stillRefused > 0) {
    note(`${report.stillRefused} of ${report.letters} would be refused for the same reason and stay as they are; klavze dead-letters list`);
  }
}

/** For the person who reads along; standard output is for scripts. */
function note(text: string): void {
  process.stderr.write(`klavze: ${text}\n`);
}

function mustExist(outbox: Outbox, id: number): StoredDeadLetter {
  const letter = outbox.deadLetters.get(id);
  if (letter === undefined) throw new CommandFailure(exitCodes.dataRefused, `there is no dead letter ${id}`);
  return letter;
}

async function withOutbox(path: string | undefined, use: (outbox: Outbox) => void): Promise<void> {
  const config: Config = loadConfig(process.env, process.cwd(), path);
  if (config.outbox.url === undefined && !existsSync(outboxFile(config))) {
    throw new CommandFailure(
      exitCodes.configuration,
      `there is no outbox in ${config.dataDir}; klavze up makes it, KLAVZE_DATA_DIR names another folder`,
    );
  }
  const outbox = await openOutboxBeside(config, createLogger('error'), true);
  if (outbox === undefined) return;
  try {
    use(outbox);
  } finally {
    await outbox.close();
  }
}

function withFilter(command: Command): Command {
  return command
    .option('--code <code>', 'only this rejection code', knownCode)
    .option('--plugin <plugin>', 'only this plug-in, for example adapters/arso-air')
    .option('--limit <n>', 'at most so many', wholeNumber)
    .option('--all', 'also those already replayed')
    .option('--config <file>', 'configuration file (default klavze.yaml)');
}

function filterOf({ code, plugin, limit, all }: FilterOptions): DeadLetterFilter {
  return {
    ...(code === undefined ? {} : { code }),
    ...(plugin === undefined ? {} : { plugin }),
    ...(limit === undefined ? {} : { limit }),
    replayed: all === true,
  };
}

function asRow(letter: StoredDeadLetter) {
  const { id, at, origin, rejection } = letter;
  const row = origin.row === undefined ? '' : `, row ${origin.row}`;
  return { id, at, plugin: origin.plugin, from: `${origin.from}${row}`, code: rejection.code, message: rejection.message };
}

function asJson(letter: StoredDeadLetter) {
  const { id, at, replayedAt, origin, rejection } = letter;
  return { id, at, ...(replayedAt === undefined ? {} : { replayedAt }), origin, rejection };
}

/** Text as it came where it is text, else base64. */
function rawOf({ raw }: StoredDeadLetter): { encoding: 'utf8' | 'base64'; bytes: number; content: string } {
  const head = raw.subarray(0, shownBytes);
  try {
    const content = new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true });
    return { encoding: 'utf8', bytes: raw.length, content };
  } catch {
    return { encoding: 'base64', bytes: raw.length, content: Buffer.from(head).toString('base64') };
  }
}

function knownCode(text: string): string {
  if (!rejectionCodes.some((code) => code === text)) throw new InvalidArgumentError('docs/rejections.md lists the codes.');
  return text;
}
