import type { Entity } from '../entity/entity.ts';
import type { Rejection } from '../rejection.ts';
import type { Instant } from '../plugin.ts';
import type { DeadLetter, DeadLetterStore, Origin, Publication, StoredDeadLetter } from './outbox.ts';
import { eraseIn, forgetIn } from './retention.ts';
import type { DeadLetterRow, OutboxFile } from './sqlite-file.ts';
import type { SqliteStore } from './sqlite-store.ts';

/** The dead letter of a publication that cannot be delivered: its raw bytes are the entity as JSON, or `{"removal":…}` with it. */
export function letterOf({ entity, origin, removal }: Publication, rejection: Rejection): DeadLetter {
  return { origin, rejection, raw: Buffer.from(JSON.stringify(removal === true ? { removal: entity } : entity)) };
}

/** The publication of such a letter, to be delivered again; undefined when the bytes are not those of one. */
export function publicationOf({ origin, raw }: DeadLetter): Publication | undefined {
  try {
    const value = JSON.parse(Buffer.from(raw).toString()) as Entity | { readonly removal: Entity };
    return typeof value.removal === 'object' && 'id' in value.removal
      ? { entity: value.removal, origin, removal: true }
      : { entity: value as Entity, origin };
  } catch {
    return undefined;
  }
}

/** Writes a letter into the file, within a transaction. */
export function keepLetter(file: OutboxFile, { origin, rejection, raw }: DeadLetter, at: Instant): void {
  file.insertLetter.run(at, origin.plugin, JSON.stringify(origin), rejection.code, JSON.stringify(rejection), raw);
}

/** The letters of a file. */
export function deadLetterStore(store: SqliteStore): DeadLetterStore {
  return {
    list: ({ code, plugin, limit, replayed } = {}) =>
      store
        .onFile(() =>
          store.file.letters.all({ code: code ?? null, plugin: plugin ?? null, limit: limit ?? -1, replayed: replayed === true ? 1 : 0 }),
        )
        .map(storedLetter),
    get(id) {
      const row = store.onFile(() => store.file.letter.get(id));
      return row === undefined ? undefined : storedLetter(row);
    },
    markReplayed: (ids, at) => store.transact(() => ids.forEach((id) => store.file.markReplayed.run(at, id))),
    count: () => store.onFile(() => store.file.countLetters.get()) ?? 0,
    forget: (limits) => forgetIn(store, limits),
    erase: (ids) => eraseIn(store, ids),
  };
}

function storedLetter(row: DeadLetterRow): StoredDeadLetter {
  return {
    id: row.id,
    at: row.at,
    origin: JSON.parse(row.origin) as Origin,
    rejection: JSON.parse(row.rejection) as Rejection,
    raw: row.raw,
    ...(row.replayed_at !== null && { replayedAt: row.replayed_at }),
  };
}
