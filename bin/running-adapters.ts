import { ConfigError } from '../core/errors.ts';
import type { Journal } from '../core/journal/journal.ts';
import type { Consignment } from '../core/outbox/outbox.ts';
import type { Adapter, Instant } from '../core/plugin.ts';
import type { Config } from '../core/service/config.ts';
import type { LoadedKnowledge } from '../core/service/knowledge.ts';
import type { Logger } from '../core/service/log.ts';
import { watchSources, type Metrics } from '../core/service/metrics.ts';
import { watchInbox } from '../core/source/inbox-watch.ts';
import { ledgerFile, openLedger } from '../core/source/ledger.ts';
import { startSchedule, toldOf } from '../core/source/schedule.ts';
import { openInbox } from './inbox.ts';
import type { OwnOutbox } from './outbox.ts';

/** Runs adapters by their schedules and takes what lies in the inbox. @throws {ConfigError} for an adapter that does not exist. */
export function startAdapters(
  config: Config,
  knowledge: LoadedKnowledge,
  { outbox, owns, lineOf }: OwnOutbox,
  metrics: Metrics,
  clock: () => Instant,
  log: Logger,
  journal: Journal | undefined,
  closers: (() => void | Promise<void>)[],
): void {
  for (const name of Object.keys(config.adapters)) {
    if (!knowledge.adapters.has(name)) {
      throw new ConfigError(`the configuration names the adapter "${name}"; known: ${[...knowledge.adapters.keys()].join(', ')}`);
    }
  }
  // Without an address a table comes through the inbox only.
  const isRun = ({ name, dataset }: Adapter): boolean =>
    config.adapters[name]?.enabled !== false && dataset.url !== '' && owns?.(name) !== false;
  const enabled = [...knowledge.adapters.values()].filter(isRun);
  const ledger = openLedger({ path: ledgerFile(config.dataDir), clock, logger: log });
  closers.push(() => ledger.close());
  watchSources(
    metrics.registry,
    enabled.map(({ name }) => name),
    (name) => toldOf(ledger, name),
  );
  const records = { ledger, dataDir: config.dataDir, keep: journal?.file };
  const schedule = startSchedule({ adapters: enabled, settings: config.adapters, knowledge, outbox, clock, logger: log, metrics, records });
  closers.push(() => schedule.stop());
  const counted = {
    append(consignment: Consignment) {
      const plugin = [...consignment.publications, ...consignment.deadLetters][0]?.origin.plugin;
      if (plugin !== undefined) metrics.passed(plugin, { readings: [], devices: [], ...consignment });
      return lineOf(plugin?.replace('adapters/', '') ?? '').append(consignment);
    },
  };
  const inbox = watchInbox(openInbox(config, knowledge, counted, records, log), log);
  closers.push(() => inbox.stop());
}
