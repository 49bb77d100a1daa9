import { once } from 'node:events';
import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { Command } from 'commander';

import { RetryableError } from '../../core/errors.ts';
import type { Consignment } from '../../core/outbox/outbox.ts';
import { createMemoryOutbox } from '../../core/outbox/memory.ts';
import type { Adapter } from '../../core/plugin.ts';
import { loadConfig, type Config } from '../../core/service/config.ts';
import { loadKnowledge, type LoadedKnowledge } from '../../core/service/knowledge.ts';
import { readTableFile } from '../../core/service/tables.ts';
import { runAdapter, type AdapterRun, type RunReport, type Stations } from '../../core/source/dataset.ts';
import { dryRunLines } from '../../core/source/dry-run.ts';
import { isStreamable, streamedFrom } from '../../core/source/stream.ts';
import { noticesOf } from '../../core/source/notices.ts';
import { recordedRun } from '../../core/source/recorded.ts';
import { adapterNamed, clock, note, withRecords } from '../adapters.ts';
import { CommandFailure, exitCodes } from '../exit.ts';
import { addInboxCommand } from './adapter-inbox.ts';
import { addPastCommands } from './adapter-past.ts';
import { addStatusCommands } from './adapter-status.ts';
import { readBytes } from './entity.ts';

interface RunOptions {
  readonly input?: string;
  readonly dryRun?: boolean;
  readonly stations?: string;
  readonly mapping?: string;
  readonly config?: string;
  readonly acceptVanished?: boolean;
  readonly partial?: boolean;
}

export function adapterCommand(): Command {
  const adapter = new Command('adapter').description('datasets that are read on a schedule');
  addStatusCommands(adapter);
  adapter
    .command('run')
    .argument('<name>', 'adapter, as `klavze adapter list` names it')
    .description('run an adapter once, now')
    .option('--input <file>', 'take this file instead of fetching the dataset; - is standard input')
    .option('--mapping <file>', 'mapping of a table, with the name `table`')
    .option('--dry-run', 'print entities and rejections as JSON lines; publish nothing')
    .option(
      '--stations <keys>',
      '`all`, `configured` or a comma-separated list (default: all of a file, the configured ones of the dataset)',
    )
    .option('--accept-vanished', 'take the snapshot although more than half of the rows known so far are gone from it')
    .option('--partial', 'the file is a part of the dataset: rows that are not in it are not gone')
    .option('--config <file>', 'configuration file (default klavze.yaml)')
    .action(run);
  addPastCommands(adapter);
  addInboxCommand(adapter);
  return adapter;
}

async function run(name: string, options: RunOptions): Promise<void> {
  const config = loadConfig(process.env, process.cwd(), options.config);
  const knowledge = await loadKnowledge(config);
  const adapter = adapterOf(name, options, knowledge);
  const settings = config.adapters[name];
  const base = { adapter, knowledge, stations: wantedStations(adapter, config, options), clock };
  const file = options.input === undefined ? undefined : fileInput(options.input, adapter);
  const asked = { ...(settings?.url !== undefined && { url: settings.url }), ...(settings !== undefined && { credentials: settings }) };

  if (options.dryRun === true) {
    const input = file ?? { kind: 'fetch', state: createMemoryOutbox(clock).state, ...asked };
    await dryRun({ ...base, input });
    return;
  }
  // Loaded only here: with it come the embedded brokers.
  const { publishOnce } = await import('../publish-once.ts');
  const choice = {
    isComplete: options.partial === true ? 'no' : 'yes',
    onShrink: options.acceptVanished === true ? 'accept' : 'refuse',
  } as const;
  const report = await withRecords(config, 'write', (records) =>
    publishOnce(config, knowledge, ({ append, state: kept }) => {
      // The snapshot that is to be accepted was refused before and is known as such.
      const state = options.acceptVanished === true ? { get: () => undefined, set: kept.set } : kept;
      return recordedRun({ ...base, input: file ?? { kind: 'fetch', state, ...asked }, sink: { append } }, records, 'command', choice);
    }),
  );
  process.stdout.write(`${JSON.stringify(report)}\n`);
  for (const { message, facts } of noticesOf({}, report, adapter, clock()).notices) note(`${message}: ${JSON.stringify(facts)}`);
  judge(report);
}

/** The adapter of that name; `table` is the one that a mapping file describes. @throws {CommandFailure} 64 when there is none. */
function adapterOf(name: string, { mapping, input }: RunOptions, knowledge: LoadedKnowledge): Adapter {
  if (mapping !== undefined && name !== 'table')
    throw new CommandFailure(exitCodes.usage, '--mapping goes with `klavze adapter run table`');
  if (mapping === undefined && name === 'table') {
    throw new CommandFailure(exitCodes.usage, 'table needs --mapping FILE; the mappings of the tables folder run by their own names');
  }
  const adapter = mapping === undefined ? adapterNamed(name, knowledge) : readTableFile(mapping, knowledge.models);
  if (input === undefined && adapter.dataset.url === '') {
    throw new CommandFailure(
      exitCodes.usage,
      `${adapter.name} has no address to fetch from; give its file with --input, or drop it into the inbox`,
    );
  }
  return adapter;
}

/** The bytes of a file, or its path where it is so large that it is read piece by piece. */
function fileInput(input: string, adapter: Adapter): AdapterRun['input'] {
  const name = basename(input);
  const size = input === '-' ? 0 : (statSync(input, { throwIfNoEntry: false })?.size ?? 0);
  if (size >= streamedFrom && isStreamable(adapter)) return { kind: 'path', path: input, name };
  return { kind: 'file', bytes: readBytes(input), name };
}

/** A large file, whose lines are printed as they come. */
async function streamedDryRun(run: Omit<AdapterRun, 'sink'>): Promise<void> {
  const sink = {
    async append(consignment: Consignment) {
      const lines = dryRunLines([consignment], 1).slice(0, -1);
      if (lines.length > 0 && !process.stdout.write(`${lines.join('\n')}\n`)) await once(process.stdout, 'drain');
    },
  };
  const report = await runAdapter({ ...run, sink });
  const { received, entities, rejections } = report;
  process.stdout.write(`${JSON.stringify({ summary: { received, entities, rejections } })}\n`);
  judge(report);
}

async function dryRun(run: Omit<AdapterRun, 'sink'>): Promise<void> {
  if (run.input.kind === 'path') return streamedDryRun(run);
  const consignments: Consignment[] = [];
  const sink = {
    append(consignment: Consignment) {
      consignments.push(consignment);
      return Promise.resolve();
    },
  };
  const report = await runAdapter({ ...run, sink });
  for (const line of dryRunLines(consignments, report.received)) process.stdout.write(`${line}\n`);
  judge(report);
}

/** A dataset that gave nothing at all is not fine for a script. */
function judge(report: RunReport): void {
  if (report.outcome === 'unavailable') throw new RetryableError(`${report.from} is unavailable: ${report.reason}`);
  if (report.outcome === 'refused') throw new CommandFailure(exitCodes.dataRefused, `${report.from} was refused: ${report.reason}`);
  if (report.entities === 0 && report.rejections > 0) {
    throw new CommandFailure(exitCodes.dataRefused, `${report.from}: all ${report.received} rows were refused`);
  }
}

function wantedStations(adapter: Adapter, config: Config, options: RunOptions): Stations {
  const configured = config.adapters[adapter.name]?.stations ?? adapter.defaultStations;
  if (options.stations === undefined) return options.input === undefined ? configured : 'all';
  if (options.stations === 'configured') return configured;
  return options.stations === 'all' ? 'all' : options.stations.split(',').map((key) => key.trim());
}
