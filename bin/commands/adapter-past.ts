import { basename } from 'node:path';
import type { Command } from 'commander';

import { createMemoryOutbox } from '../../core/outbox/memory.ts';
import type { Consignment } from '../../core/outbox/outbox.ts';
import { loadConfig } from '../../core/service/config.ts';
import { loadKnowledge } from '../../core/service/knowledge.ts';
import { backfill, planBackfill } from '../../core/source/backfill.ts';
import { dryRunLines } from '../../core/source/dry-run.ts';
import { recorded } from '../../core/source/recorded.ts';
import { readRejects, rejectsFiles, rejectsFolder, setResubmitted, writeRejects } from '../../core/source/rejects.ts';
import { resubmit } from '../../core/source/resubmit.ts';
import { auditOf } from '../audit.ts';
import { adapterNamed, clock, note, withRecords } from '../adapters.ts';
import { CommandFailure, exitCodes } from '../exit.ts';

interface BackfillFlags {
  readonly from: string;
  readonly to: string;
  readonly stations?: string;
  readonly dryRun?: boolean;
  readonly config?: string;
}

interface ResubmitFlags {
  readonly file?: string;
  readonly dryRun?: boolean;
  readonly config?: string;
}

/** `backfill` and `resubmit`. */
export function addPastCommands(adapter: Command): void {
  adapter
    .command('backfill')
    .argument('<name>', 'adapter, as `klavze adapter list` names it')
    .description('ask a source for past days, oldest first; interrupted, the same command goes on')
    .requiredOption('--from <day>', 'first day, such as 2026-05-01')
    .requiredOption('--to <day>', 'last day, counted in')
    .option('--stations <keys>', '`all` or a comma-separated list (default: the configured ones)')
    .option('--dry-run', 'print entities and rejections as JSON lines; publish nothing')
    .option('--config <file>', 'configuration file (default klavze.yaml)')
    .action(runBackfill);
  adapter
    .command('resubmit')
    .argument('<name>', 'adapter, as `klavze adapter list` names it')
    .description('run refused rows, corrected or not, through the adapter again')
    .option('--file <file>', 'a file of rejects/<name>/, or a corrected copy (default: the newest that was not resubmitted)')
    .option('--dry-run', 'print entities and rejections as JSON lines; publish nothing')
    .option('--config <file>', 'configuration file (default klavze.yaml)')
    .action(runResubmit);
}

async function runBackfill(name: string, flags: BackfillFlags): Promise<void> {
  const config = loadConfig(process.env, process.cwd(), flags.config);
  const knowledge = await loadKnowledge(config);
  const adapter = adapterNamed(name, knowledge);
  const settings = config.adapters[name];
  const stations = stationsOf(flags.stations) ?? settings?.stations ?? adapter.defaultStations;
  const plan = planBackfill(adapter, flags, stations, settings?.historyUrl, clock());
  if (!plan.ok) throw new CommandFailure(exitCodes.usage, plan.error);
  const { pieces, remark } = plan.value;
  if (remark !== undefined) note(remark);
  const job = `${flags.from}/${flags.to}/${stations === 'all' ? stations : [...stations].sort().join(',')}`;
  const credentials = settings === undefined ? {} : { credentials: settings };
  // Its own validators: what the schedule has read says nothing of the past.
  const input = { kind: 'fetch', state: createMemoryOutbox(clock).state, ...credentials } as const;
  const base = { adapter, knowledge, stations, clock, input };
  if (flags.dryRun === true) {
    const { sink, consignments } = listSink();
    const report = await backfill({ run: { ...base, sink }, pieces, job });
    for (const line of dryRunLines(consignments, report.received)) process.stdout.write(`${line}\n`);
    return;
  }
  const { publishOnce } = await import('../publish-once.ts');
  const report = await withRecords(config, 'write', ({ ledger, keep }) =>
    publishOnce(config, knowledge, (outbox) =>
      recorded(ledger, 'backfill', clock(), clock, job, adapter, () =>
        backfill({
          run: { ...base, sink: outbox, keep },
          pieces,
          job,
          ledger,
          onPiece: ({ from, outcome, entities }, done) => note(`${done} of ${pieces.length}: ${outcome}, ${entities} entities, ${from}`),
        }),
      ),
    ),
  );
  const { outcome, entities } = report;
  auditOf(config)('adapter.backfill', [name], { from: flags.from, to: flags.to, outcome, entities });
  process.stdout.write(`${JSON.stringify(report)}\n`);
  if (report.outcome === 'refused') throw new CommandFailure(exitCodes.dataRefused, `${report.from} was refused: ${report.reason}`);
}

async function runResubmit(name: string, flags: ResubmitFlags): Promise<void> {
  const config = loadConfig(process.env, process.cwd(), flags.config);
  const knowledge = await loadKnowledge(config);
  const adapter = adapterNamed(name, knowledge);
  const folder = rejectsFolder(config.dataDir, name);
  const file = flags.file ?? rejectsFiles(folder, 'open')[0];
  if (file === undefined) {
    note(`there is nothing to resubmit in ${folder}`);
    return;
  }
  const rows = readRejects(file);
  if (typeof rows === 'string') throw new CommandFailure(exitCodes.dataRefused, rows);
  const base = { adapter, knowledge, clock };
  if (flags.dryRun === true) {
    const { sink, consignments } = listSink();
    const { report, refused } = await resubmit(rows, basename(file), { ...base, sink });
    for (const line of dryRunLines(consignments, report.received)) process.stdout.write(`${line}\n`);
    for (const { row, code, reason } of refused) note(`row ${row ?? '?'}: ${code}: ${reason}`);
    return;
  }
  const { publishOnce } = await import('../publish-once.ts');
  const { report, refused, skipped } = await withRecords(config, 'write', ({ ledger }) =>
    publishOnce(config, knowledge, async (outbox) => {
      const at = clock();
      const outcome = await resubmit(rows, basename(file), { ...base, sink: outbox, letters: outbox.deadLetters });
      const rejects = writeRejects(folder, outcome.refused, at);
      if (file.startsWith(folder)) setResubmitted(file);
      const report = { ...outcome.report, ...(rejects !== undefined && { rejects }) };
      ledger.record({ at, endedAt: clock(), trigger: 'resubmit', report });
      return { ...outcome, report };
    }),
  );
  auditOf(config)('adapter.resubmit', [name], { file, received: report.received, stillRefused: refused.length });
  process.stdout.write(`${JSON.stringify({ ...report, file, stillRefused: refused.length, skipped })}\n`);
  if (skipped > 0) note(`${skipped} lines hold no row: run klavze adapter run ${name} for a file that was refused as a whole`);
  if (refused.length > 0) {
    throw new CommandFailure(
      exitCodes.dataRefused,
      `${refused.length} of ${report.received} rows are refused again: ${report.rejects ?? ''}`,
    );
  }
}

function listSink() {
  const consignments: Consignment[] = [];
  const sink = {
    append(consignment: Consignment) {
      consignments.push(consignment);
      return Promise.resolve();
    },
  };
  return { sink, consignments };
}

function stationsOf(text: string | undefined): 'all' | string[] | undefined {
  if (text === undefined || text === 'all') return text;
  return text.split(',').map((key) => key.trim());
}
