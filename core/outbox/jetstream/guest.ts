import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';

import type { Instant } from '../../plugin.ts';
import type { Outbox } from '../outbox.ts';
import { prepare } from '../segments.ts';
import type { Shard } from '../shard.ts';
import { openSqliteOutbox } from '../sqlite.ts';
import { pack } from './body.ts';
import { ensureStreams, namesOf, type Cluster } from './cluster.ts';
import { makeCopy, readLetters, readState, removeCopy, replayedKey, stateKey } from './copy.ts';
import { Publisher } from './publisher.ts';

/** Appends to the stream of a shard beside its owner, who delivers it. */
export function openGuestLine(cluster: Cluster, shard: Shard): Pick<Outbox, 'append'> & { close(): void } {
  const names = namesOf(cluster.options.prefix, shard);
  let ready: Promise<void> | undefined;
  const publisher = new Publisher({
    cluster,
    names,
    instance: randomUUID(),
    stored: () => Promise.resolve(),
    isOwner: () => Promise.resolve(true),
    fenced: () => undefined,
  });
  return {
    async append({ publications, deadLetters }) {
      await (ready ??= ensureStreams(cluster, names));
      await publisher.append({ publications: publications.map(prepare), deadLetters });
    },
    close: () => publisher.close(),
  };
}

/**
 * The outbox of a shard for a command that runs beside its owner: dead letters and small state as they were when it was opened; what is
 * appended goes to the owner, and nothing can be peeked.
 */
export async function openGuestOutbox(
  cluster: Cluster,
  shard: Shard,
  { copyFile, logger, clock = () => new Date().toISOString() }: { copyFile: string; logger: Logger; clock?: () => Instant },
): Promise<Outbox> {
  const names = namesOf(cluster.options.prefix, shard);
  await ensureStreams(cluster, names);
  const letters = await readLetters(cluster.jsm, names);
  makeCopy(copyFile, { letters, ...(await readState(cluster.state, names.shard)), marks: new Map() }, clock());
  const copy = openSqliteOutbox({ path: copyFile, logger, clock, isCopy: true });
  const line = openGuestLine(cluster, shard);
  const writes = new Set<Promise<unknown>>();
  const put = (key: string, value: string): void => {
    const write: Promise<unknown> = cluster.state.put(key, pack(value)).finally(() => writes.delete(write));
    writes.add(write);
  };
  // In the copy alone it would come back.
  const { erase: _erase, ...kept } = copy.deadLetters;
  return {
    ...copy,
    writable: true,
    append: (consignment) => line.append(consignment),
    deadLetters: {
      ...kept,
      markReplayed(ids, at) {
        copy.deadLetters.markReplayed(ids, at);
        for (const id of ids) put(replayedKey(names.shard, id), at);
      },
    },
    state: {
      get: (key) => copy.state.get(key),
      set(key, value) {
        copy.state.set(key, value);
        put(stateKey(names.shard, key), JSON.stringify(value));
      },
    },
    async close() {
      await Promise.all(writes);
      line.close();
      await copy.close();
      removeCopy(copyFile);
    },
  };
}
