import { Command } from 'commander';
import { SingleBar } from 'cli-progress';

import { encodeStrings } from '../../core/deliver/strings.ts';
import { replayJournal, type JournalReplayOptions, type JournalReplayReport } from '../../core/journal/replay.ts';
import type { Consignment, Outbox } from '../../core/outbox/outbox.ts';
import type { Instant } from '../../core/plugin.ts';
import { loadConfig, type Config } from '../../core/service/config.ts';
import { loadKnowledge, type LoadedKnowledge } from '../../core/service/knowledge.ts';
import { dryRunLines } from '../../core/source/dry-run.ts';
import { instant, localInstants } from '../../core/source/time.ts';
import { auditOf } from '../audit.ts';
import { adapterNamed, clock, note } from '../adapters.ts';
import { contextUrlOf } from '../context-url.ts';
import { CommandFailure, exitCodes } from '../exit.ts';
import { readAgents } from '../files.ts';
import { journalFolder } from '../journal.ts';

interface Flags {
  readonly from: string;
  readonly to?: string;
  readonly device?: string;
  readonly adapter?: string;
  readonly dryRun?: boolean;
  readonly config?: string;
}

/** Days are those of the municipality. */
const zone = 'Europe/Ljubljana';

export function replayCommand(): Command {
  return new Command('replay')
    .description('run what was received in a time through the line again, for example after a decoder was mended')
    .requiredOption('--from <time>', 'from when it was received: 2026-05-01 or 2026-05-01T10:00:00Z')
    .option('--to <time>', 'until when, counted in (default: now)')
    .option('--device <id>', 'only messages of this device')
    .option('--adapter <name>', 'only files of this adapter')
    .option('--dry-run', 'print entities and rejections as JSON lines; publish nothing')
    .option('--config <file>', 'configuration file (default klavze.yaml)')
    .action(run);
}

async function run(flags: Flags): Promise<void> {
  const config = loadConfig(process.env, process.cwd(), flags.config);
  const knowledge = await loadKnowledge(config);
  const { device, adapter } = flags;
  if (device !== undefined && adapter !== undefined) throw new CommandFailure(exitCodes.usage, 'give --device or --adapter, not both');
  if (adapter !== undefined) adapterNamed(adapter, knowledge);
  const from = momentOf('--from', flags.from, 'start');
  const to = flags.to === undefined ? clock() : momentOf('--to', flags.to, 'end');
  if (to < from) throw new CommandFailure(exitCodes.usage, `--to ${flags.to} is before --from ${flags.from}`);
  const agents = readAgents(config, knowledge);
  const options: JournalReplayOptions = {
    folder: journalFolder(config),
    from,
    to,
    device,
    adapter,
    agents,
    adapters: knowledge.adapters,
    onDamage: (file, what) => note(`${file}: ${what}`),
  };
  const progress = startProgress(flags.dryRun === true);
  try {
    const report =
      flags.dryRun === true
        ? await dryRun({ ...options, onProgress: progress.at })
        : await publish(config, knowledge, { ...options, onProgress: progress.at });
    progress.end();
    const { messages, files, entities } = report;
    if (flags.dryRun !== true) auditOf(config)('replay', [device ?? adapter ?? 'all'], { from, to, messages, files, entities });
    tell(report, config, flags);
  } finally {
    progress.end();
  }
}

async function dryRun(options: JournalReplayOptions): Promise<JournalReplayReport> {
  const onConsignment = (consignment: Consignment): void => {
    for (const line of dryRunLines([consignment], 0).slice(0, -1)) process.stdout.write(`${line}\n`);
  };
  const report = await replayJournal({ ...options, onConsignment });
  const { messages, files, entities, rejections } = report;
  process.stdout.write(`${JSON.stringify({ summary: { received: messages + files, entities, rejections } })}\n`);
  return report;
}

async function publish(config: Config, knowledge: LoadedKnowledge, options: JournalReplayOptions): Promise<JournalReplayReport> {
  const { models } = knowledge;
  const { tenant, token, forbiddenCharacters } = config.broker;
  // Loaded only here: a dry run needs no broker.
  const { createBrokerHistory } = await import('../../core/journal/history.ts');
  const { publishOnce } = await import('../publish-once.ts');
  const report = await publishOnce(config, knowledge, async (outbox: Outbox, urls) => {
    const contexts = new Map([...models.subjects.values()].map((subject) => [subject.name, contextUrlOf(config, subject, urls.http)]));
    const contextOf = ({ type }: { type: string }): string => contexts.get(models.types.get(type)?.subject ?? '') ?? '';
    const history = createBrokerHistory({ url: urls.broker, tenant, token, contextOf });
    try {
      const target = { outbox, history, ...(forbiddenCharacters === 'encode' && { prepare: encodeStrings }) };
      return await replayJournal({ ...options, target });
    } finally {
      history.close();
    }
  });
  process.stdout.write(`${JSON.stringify(report)}\n`);
  return report;
}

/** What a person should know beyond the numbers. */
function tell({ messages, files, skipped, withoutHistory, beside }: JournalReplayReport, config: Config, flags: Flags): void {
  for (const { adapter, from, reason } of skipped) note(`${adapter}: ${from} is not read once more: ${reason}`);
  if (withoutHistory > 0) note(`${withoutHistory} older values were left out: the broker keeps no history`);
  if (beside > 0) note(`${beside} values stay in the history beside the right ones: the broker lets nobody change its history`);
  if (messages + files > 0) return;
  const days = config.journal.days === 0 ? 'the journal is off (journal.days)' : `the journal keeps ${config.journal.days} days`;
  const whose = flags.device ?? flags.adapter;
  note(`nothing ${whose === undefined ? '' : `of ${whose} `}was kept in this time in ${journalFolder(config)}; ${days}`);
}

function momentOf(flag: string, text: string, edge: 'start' | 'end'): Instant {
  const day = /^\d{4}-\d{2}-\d{2}$/.test(text);
  const start = day ? localInstants(`${text} 00:00`, zone)?.[0] : instant(text);
  const moment = start !== undefined && day && edge === 'end' ? endOf(text) : start;
  if (moment !== undefined) return new Date(moment).toISOString();
  throw new CommandFailure(exitCodes.usage, `${flag} ${text}: expected a day such as 2026-05-01 or a moment such as 2026-05-01T10:00:00Z`);
}

/** The last millisecond of a day, which may have 23 or 25 hours. */
function endOf(day: string): Instant | undefined {
  const next = new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
  const start = localInstants(`${next} 00:00`, zone)?.[0];
  return start === undefined ? undefined : new Date(Date.parse(start) - 1).toISOString();
}

/** A bar where somebody looks on, a line for each tenth elsewhere; a dry run prints something else. */
function startProgress(isQuiet: boolean): { at(share: number): void; end(): void } {
  if (isQuiet) return { at: () => undefined, end: () => undefined };
  if (process.stderr.isTTY) {
    const bar = new SingleBar({
      format: 'klavze: replay [{bar}] {percentage} % | {eta_formatted} to go',
      stream: process.stderr,
      hideCursor: true,
    });
    bar.start(1_000, 0);
    return { at: (share) => bar.update(Math.floor(share * 1_000)), end: () => bar.stop() };
  }
  let told = 0;
  return {
    at(share) {
      const tenths = Math.floor(share * 10);
      if (tenths > told) note(`replay: ${tenths * 10} %`);
      told = Math.max(told, tenths);
    },
    end: () => undefined,
  };
}
