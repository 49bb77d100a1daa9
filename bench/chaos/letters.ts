/** The dead letters that processes left behind, wherever their outboxes are. */
import { join } from 'node:path';
import { pino } from 'pino';

import { connectCluster } from '../../core/outbox/jetstream/cluster.ts';
import { openGuestOutbox } from '../../core/outbox/jetstream/guest.ts';
import type { Outbox, StoredDeadLetter } from '../../core/outbox/outbox.ts';
import { openSqliteOutbox } from '../../core/outbox/sqlite.ts';
import type { Agent, Stage } from './stage.ts';

const logger = pino({ level: 'silent' });

export async function lettersOf(stage: Stage, agent: Agent): Promise<StoredDeadLetter[]> {
  if (stage.natsUrl === '') return read(openSqliteOutbox({ path: join(agent.dataDir, 'outbox.db'), logger }));
  const cluster = await connectCluster({ url: stage.natsUrl, replicas: 1, prefix: 'klavze', leaseMs: 3_000, logger, isPatient: false });
  try {
    const letters: StoredDeadLetter[] = [];
    for (let index = 0; index < stage.shards; index++) {
      const copyFile = join(stage.folder, `letters-${index}.db`);
      letters.push(...(await read(await openGuestOutbox(cluster, { index, of: stage.shards }, { copyFile, logger }))));
    }
    return letters;
  } finally {
    await cluster.close();
  }
}

async function read(outbox: Outbox): Promise<StoredDeadLetter[]> {
  try {
    return outbox.deadLetters.list();
  } finally {
    await outbox.close();
  }
}
