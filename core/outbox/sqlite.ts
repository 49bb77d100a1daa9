import { mkdirSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Logger } from 'pino';

import type { Entity } from '../entity/entity.ts';
import type { Instant } from '../plugin.ts';
import type { Rejection } from '../rejection.ts';
import { createGroupCommit } from './group-commit.ts';
import { shardOf } from './hash.ts';
import { letterOf } from './letters.ts';
import type {
  Consignment,
  DeadLetter,
  DeadLetterStore,
  Origin,
  Outbox,
  Settlement,
  StateStore,
  StoredDeadLetter,
  Watermark,
} from './outbox.ts';
import { isDamage, isWhole, salvage, setAside } from './salvage.ts';
import { openFile, preparePeek, type DeadLetterRow, type PeekStatement } from './sqlite-file.ts';
import { advance, type Marks } from './watermarks.ts';

export interface SqliteOutboxOptions {
  /** The database file; its folder is made where it is missing. */
  readonly path: string;
  readonly logger: Logger;
  readonly clock?: () => Instant;
  /** A busy outbox commits at most once in so many milliseconds. Default 3. */
  readonly commitPauseMs?: number;
  /** Most consignments in one commit. Default 400. */
  readonly commitGroup?: number;
  /** Files up to this size are read through at start to find damage; in larger ones it is found when a damaged page is met. Default 64 MiB. */
  readonly checkAtStartBytes?: number;
  /** Free bytes of the disk's file system; a test hands in its own. */
  readonly freeBytes?: () => number;
}

/** Entities whose watermarks are held in memory beside the file. */
const marksInMemory = 50_000;
/** So much of the disk stays free for settling: a full outbox could otherwise not be emptied. At most, and as a share of the disk. */
const reserve = { bytes: 32 * 1024 * 1024, share: 0.02 };

interface Prepared {
  readonly publications: readonly {
    readonly shard: number;
    readonly at: Instant;
    readonly origin: string;
    readonly entity: string;
    readonly removal: 0 | 1;
  }[];
  readonly deadLetters: readonly DeadLetter[];
}

class DiskReserveReached extends Error {
  override readonly name = 'DiskReserveReached';
}

/** The durable outbox: one SQLite file (WAL, appends with synchronous FULL), commits in groups. Damage is set aside and what can be read is kept. */
export function openSqliteOutbox(options: SqliteOutboxOptions): Outbox {
  const { path, logger } = options;
  const clock = options.clock ?? (() => new Date().toISOString());
  const freeBytes = options.freeBytes ?? (() => freeBeyondReserve(path));
  mkdirSync(dirname(path), { recursive: true });
  let file = openWhole();
  let peeks = new Map<string, PeekStatement>();
  const marks = new Map<string, Marks>();
  const listeners: (() => void)[] = [];

  function openWhole() {
    try {
      const opened = openFile(path, clock());
      if (statSync(path).size > (options.checkAtStartBytes ?? 64 * 1024 * 1024) || isWhole(opened)) return opened;
      opened.db.close();
    } catch (error) {
      if (!isDamage(error)) throw error;
    }
    return startAfresh();
  }

  function startAfresh() {
    const aside = setAside(path, clock());
    const fresh = openFile(path, clock());
    const { saved, unreadable } = salvage(aside, fresh);
    logger.error(
      { file: path, setAside: aside, saved, unreadable },
      'the outbox file is damaged; it was set aside and what could be read was saved',
    );
    return fresh;
  }

  /** Runs a step on the file; when it turns out to be damaged, on what could be saved of it. */
  function onFile<T>(step: () => T): T {
    try {
      return step();
    } catch (error) {
      if (!isDamage(error)) throw error;
      file.db.close();
      file = startAfresh();
      peeks = new Map();
      marks.clear();
      return step();
    }
  }

  /**
   * `synced`: on disk when it returns. What only follows from it need not be: when the power fails it is as if it had not happened yet, and
   * the same publications are delivered again.
   */
  function transact(step: () => void, durability: 'synced' | 'follows' = 'follows'): void {
    onFile(() => {
      file.db.pragma(`synchronous = ${durability === 'synced' ? 'FULL' : 'NORMAL'}`);
      file.db.transaction(step).immediate();
    });
  }

  function keepLetter({ origin, rejection, raw }: DeadLetter): void {
    file.insertLetter.run(clock(), origin.plugin, JSON.stringify(origin), rejection.code, JSON.stringify(rejection), raw);
  }

  function commit(group: readonly Prepared[]): void {
    if (freeBytes() <= 0) throw new DiskReserveReached(`the disk of ${path} has too little free space`);
    let added = 0;
    transact(() => {
      added = 0;
      for (const { publications, deadLetters } of group) {
        for (const { shard, at, origin, entity, removal } of publications) file.insertPublication.run(shard, at, origin, entity, removal);
        deadLetters.forEach(keepLetter);
        added += publications.length;
      }
      if (added > 0) file.addQueued.run(added);
    }, 'synced');
    if (added > 0) for (const listener of listeners) listener();
  }

  const groups = createGroupCommit<Prepared>({
    commit,
    mayHeal,
    pauseMs: options.commitPauseMs ?? 3,
    maxGroup: options.commitGroup ?? 400,
    logger,
  });

  function marksOf(entityId: string): Marks {
    const known = marks.get(entityId);
    if (known !== undefined) return known;
    const text = onFile(() => file.marks.get(entityId));
    const read: Marks = new Map(text === undefined ? [] : (JSON.parse(text) as [string, Watermark][]));
    remember(entityId, read);
    return read;
  }

  function remember(entityId: string, read: Marks): void {
    if (marks.size >= marksInMemory) marks.clear();
    marks.set(entityId, read);
  }

  function settle({ accepted, refused }: Settlement): void {
    const advanced = new Map<string, Marks>();
    for (const { entity, removal } of accepted) {
      if (removal === true) advanced.set(entity.id, new Map());
      else advanced.set(entity.id, advance(advanced.get(entity.id) ?? marksOf(entity.id), entity));
    }
    transact(() => {
      let removed = 0;
      for (const { seq } of accepted) removed += file.deletePublication.run(seq).changes;
      for (const { queued, rejection } of refused) {
        removed += file.deletePublication.run(queued.seq).changes;
        keepLetter(letterOf(queued, rejection));
      }
      for (const [id, read] of advanced) {
        if (read.size === 0) file.forgetMarks.run(id);
        else file.setMarks.run(id, JSON.stringify([...read]));
      }
      if (removed > 0) file.addQueued.run(-removed);
    });
    for (const [id, read] of advanced) remember(id, read);
  }

  const deadLetters: DeadLetterStore = {
    list: ({ code, plugin, limit, replayed } = {}) =>
      onFile(() =>
        file.letters.all({ code: code ?? null, plugin: plugin ?? null, limit: limit ?? -1, replayed: replayed === true ? 1 : 0 }),
      ).map(storedLetter),
    get(id) {
      const row = onFile(() => file.letter.get(id));
      return row === undefined ? undefined : storedLetter(row);
    },
    markReplayed: (ids, at) => transact(() => ids.forEach((id) => file.markReplayed.run(at, id))),
    count: () => onFile(() => file.countLetters.get()) ?? 0,
  };

  const state: StateStore = {
    get(key) {
      const text = onFile(() => file.getState.get(key));
      return text === undefined ? undefined : (JSON.parse(text) as unknown);
    },
    set: (key, value) => transact(() => file.setState.run(key, JSON.stringify(value))),
  };

  return {
    append: (consignment) => groups.append(prepare(consignment, clock())),
    get writable() {
      return groups.writable;
    },
    onAppended: (listener) => void listeners.push(listener),
    peek(limit, lane, lanes, after = 0) {
      const rows = onFile(() => {
        const key = `${lane}/${lanes}`;
        const peek = peeks.get(key) ?? preparePeek(file.db, lane, lanes);
        peeks.set(key, peek);
        return peek.all({ after, limit });
      });
      return rows.map(({ seq, origin, entity, removal }) => ({
        seq,
        origin: JSON.parse(origin) as Origin,
        entity: JSON.parse(entity) as Entity,
        ...(removal === 1 && { removal: true as const }),
      }));
    },
    settle,
    watermark: (entityId, attribute) => marksOf(entityId).get(attribute),
    depth(now) {
      const oldest = onFile(() => file.oldest.get());
      return { count: file.queued.get() ?? 0, oldestMs: oldest === undefined ? 0 : Math.max(0, Date.parse(now) - Date.parse(oldest)) };
    },
    deadLetters,
    state,
    async close() {
      groups.close();
      file.db.close();
    },
  };
}

function prepare(consignment: Consignment, at: Instant): Prepared {
  return {
    publications: consignment.publications.map(({ entity, origin, removal }) => ({
      shard: shardOf(entity.id),
      at,
      origin: JSON.stringify(origin),
      entity: JSON.stringify(entity),
      removal: removal === true ? 1 : 0,
    })),
    deadLetters: consignment.deadLetters,
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

/** A full disk, one that fails or is read-only, and a file that another process holds: all may heal. */
function mayHeal(error: unknown): boolean {
  if (error instanceof DiskReserveReached) return true;
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^(SQLITE_(FULL|IOERR|BUSY|READONLY|CANTOPEN|NOMEM|LOCKED)|ENOSPC|EIO)/.test(code);
}

function freeBeyondReserve(path: string): number {
  const { bavail, blocks, bsize } = statfsSync(dirname(path));
  return bavail * bsize - Math.min(reserve.bytes, blocks * bsize * reserve.share);
}
