import type { Command } from 'commander';

import type { Adapter } from '../../core/plugin.ts';
import { loadConfig } from '../../core/service/config.ts';
import { loadKnowledge } from '../../core/service/knowledge.ts';
import type { Ledger, RunEntry } from '../../core/source/ledger.ts';
import { statusOf, type AdapterStatus } from '../../core/source/status.ts';
import { adapterNamed, clock, note, withRecords } from '../adapters.ts';
import { wholeNumber } from './numbers.ts';
import { printRows } from './table.ts';

interface Options {
  readonly json?: boolean;
  readonly config?: string;
  readonly limit?: number;
}

/** `list`, `status` and `history`. */
export function addStatusCommands(adapter: Command): void {
  adapter
    .command('list')
    .description('adapters with publisher, landing page, licence, attribution, schedule and when the dataset was last fetched')
    .option('--json', 'print JSON')
    .option('--config <file>', 'configuration file (default klavze.yaml)')
    .action(async (options: Options) => {
      const config = loadConfig(process.env, process.cwd(), options.config);
      const { adapters } = await loadKnowledge(config);
      await withRecords(config, 'read', ({ ledger }) => {
        const all = [...adapters.values()];
        printRows(
          all.map((one) => (options.json === true ? describeAll(one, ledger) : describe(one, ledger))),
          options.json === true,
        );
      });
    });
  adapter
    .command('status')
    .argument('[name]', 'one adapter; without it all of them')
    .description('how each adapter is doing: last run, outcome, counts, next run, columns that are gone, and what to do')
    .option('--json', 'print JSON')
    .option('--config <file>', 'configuration file (default klavze.yaml)')
    .action(status);
  adapter
    .command('history')
    .argument('<name>', 'adapter, as `klavze adapter list` names it')
    .description('runs of an adapter, newest first')
    .option('--limit <n>', 'at most so many', wholeNumber)
    .option('--json', 'print JSON')
    .option('--config <file>', 'configuration file (default klavze.yaml)')
    .action(history);
}

async function status(name: string | undefined, options: Options): Promise<void> {
  const config = loadConfig(process.env, process.cwd(), options.config);
  const knowledge = await loadKnowledge(config);
  const adapters = name === undefined ? [...knowledge.adapters.values()] : [adapterNamed(name, knowledge)];
  await withRecords(config, 'read', ({ ledger, dataDir }) => {
    const all = adapters.map((one) => statusOf(one, config.adapters[one.name], ledger, dataDir, clock()));
    printRows(options.json === true ? all.map((one) => ({ ...one })) : all.map(asRow), options.json === true);
    if (options.json === true) return;
    for (const { adapter, advice, reason, missingColumns } of all) {
      if (advice !== undefined) note(`${adapter}: ${reason === undefined ? '' : `${reason}; `}${advice}`);
      if (missingColumns.length > 0) note(`${adapter}: no longer in the dataset: ${missingColumns.join(', ')}`);
    }
  });
}

async function history(name: string, options: Options): Promise<void> {
  const config = loadConfig(process.env, process.cwd(), options.config);
  const adapter = adapterNamed(name, await loadKnowledge(config));
  await withRecords(config, 'read', ({ ledger }) => {
    const runs = ledger.runs(adapter.name, options.limit);
    printRows(options.json === true ? runs.map((run) => ({ ...run })) : runs.map(asHistoryRow), options.json === true);
  });
}

function asRow({ adapter, state, lastRun, outcome, received, entities, rejections, newest, next, openRejects }: AdapterStatus) {
  return { adapter, state, lastRun, outcome, rows: received, entities, refused: rejections, newest, next, rejects: openRejects };
}

function asHistoryRow({ at, trigger, times, report }: RunEntry) {
  const { outcome, received, filtered, entities, rejections, reason, drift, vanished, from } = report;
  const remarks = [
    reason,
    ...Object.entries(drift ?? {}).map(([what, columns]) => (columns.length > 0 ? `columns ${what}: ${columns.join(', ')}` : undefined)),
    vanished === undefined ? undefined : `${vanished.rows} rows gone (${vanished.policy}), ${vanished.returned} back`,
  ];
  const text = remarks.filter((remark) => remark !== undefined).join('; ');
  return { at, trigger, times, outcome, rows: received, filtered, entities, refused: rejections, from, remarks: text };
}

/** When content of the dataset was last taken, or found unchanged. */
function lastFetched({ name }: Adapter, ledger: Ledger): string | undefined {
  return ledger.runs(name).find(({ report }) => report.outcome !== 'unavailable' && report.outcome !== 'failed')?.endedAt;
}

function describe(adapter: Adapter, ledger: Ledger) {
  const { name, title, dataset, schedule } = adapter;
  const { publisher, landingPage, licence, attribution } = dataset;
  return { name, title: title.en, publisher, landingPage, licence, attribution, schedule, lastFetched: lastFetched(adapter, ledger) };
}

function describeAll(adapter: Adapter, ledger: Ledger) {
  const { name, title, dataset, schedule, emits, defaultStations, history, vanished, staleAfterHours } = adapter;
  const fetched = lastFetched(adapter, ledger) ?? null;
  return {
    name,
    title,
    dataset,
    schedule,
    emits,
    defaultStations,
    history: history ?? null,
    vanished,
    staleAfterHours,
    lastFetched: fetched,
  };
}
