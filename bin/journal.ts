import { join } from 'node:path';

import { openJournal, type Journal } from '../core/journal/journal.ts';
import type { Passage } from '../core/pipeline.ts';
import type { MqttMessage } from '../core/plugin.ts';
import type { Config } from '../core/service/config.ts';
import type { LoadedKnowledge } from '../core/service/knowledge.ts';
import type { Logger } from '../core/service/log.ts';
import type { Metrics } from '../core/service/metrics.ts';
import type { RunningDevices } from './devices.ts';

/** The journal in the data folder. */
export function journalFolder({ dataDir }: Pick<Config, 'dataDir'>): string {
  return join(dataDir, 'journal');
}

/** The journal as the configuration wants it; undefined: nothing is kept. */
export function openJournalOf(config: Config, logger: Logger, metrics?: Metrics): Journal | undefined {
  const { days, megabytes } = config.journal;
  if (days === 0) return undefined;
  return openJournal({
    folder: journalFolder(config),
    days,
    bytes: megabytes * 1_000_000,
    clock: () => new Date().toISOString(),
    logger,
    ...(metrics && { onWritten: (bytes) => metrics.journal('written', bytes), onLost: (records) => metrics.journal('lost', records) }),
  });
}

/**
 * Which messages are worth keeping: those of devices that are known, since all others are dead letters with their raw bytes, and what an
 * envelope remembers. Not those of families of personal data.
 */
export function messageKeeper(
  journal: Journal | undefined,
  { agents: { families } }: LoadedKnowledge,
  devices: Pick<RunningDevices, 'find'>,
): (message: MqttMessage, passage: Passage) => void {
  const isPersonal = (id: string): boolean => families.get(devices.find(id)?.family ?? '')?.personal === true;
  return (message, passage) => {
    if (journal === undefined || (passage.devices.length === 0 && passage.remember === undefined)) return;
    if (!passage.devices.some(isPersonal)) journal.message(message);
  };
}
