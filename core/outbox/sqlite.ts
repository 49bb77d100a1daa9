import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Logger } from 'pino';

import type { Instant } from '../plugin.ts';
import { freeBeyondReserve, mayHeal, DiskReserveReached } from './disk.ts';
import { createFollowUp } from './follow-up.ts';
import { createGroupCommit, type Entry } from './group-commit.ts';
import { shardOf } from './hash.ts';
import { deadLetterStore, keepLetter, letterOf } from './letters.ts';
import type { Consignment, DeadLetter, Done, Outbox, Queued, Settlement, StateStore } from './outbox.ts';
import { mostKept } from './kept.ts';
import { MarkBook } from './mark-book.ts';
import { bytesOnDisk, isSegment, prepare, rowOf, SegmentIndex, segmentSize, type HeldPublication, type Segment } from './segments.ts';
import type { SegmentRow } from './sqlite-file.ts';
import { idOf } from './watermarks.ts';
import { createSqliteStore } from './sqlite-store.ts';

export interface SqliteOutboxOptions {
  /** The database file; its folder is made where it is missing. */
  readonly path: string;
  readonly logger: Logger;
  readonly clock?: () => Instant;
  /** A busy outbox waits so many milliseconds for more after each commit. Default 8. */
  readonly commitPauseMs?: number;
  /** Most consignments in one commit. Default 400. */
  readonly commitGroup?: number;
  /** Files up to this size are read through at start to find damage; in larger ones it is found when a damaged page is met. Default 64 MiB. */
  readonly checkAtStartBytes?: number;
  /** The file is a copy of what is safe elsewhere: the disk is never waited for. */
  readonly isCopy?: boolean;
  /** Free bytes of the disk's file system; a test hands in its own. */
  readonly freeBytes?: () => number;
}

export interface SqliteOutbox extends Outbox {
  /** All watermarks of an entity in one text; undefined: it has none. */
  marksOf(entityId: string): string | undefined;
}

/** Where the tenants are kept that ever had publications. */
const tenantsKey = 'core/outbox/tenants';
/** Entities whose watermarks are held in memory beside the file. */
const marksInMemory = 20_000;

interface Waiting extends Entry {
  readonly publications: readonly HeldPublication[];
  readonly deadLetters: readonly DeadLetter[];
}

/**
 * The durable outbox: one SQLite file (WAL, synced before anything is acknowledged), commits in groups, many publications in a row. What was just
 * committed is delivered from memory; the file is read only for what waits longer. Damage is set aside and what can be read is kept.
 */
export function openSqliteOutbox(options: SqliteOutboxOptions): SqliteOutbox {
  const { path, logger } = options;
  const clock = options.clock ?? (() => new Date().toISOString());
  const freeBytes = options.freeBytes ?? (() => freeBeyondReserve(path, () => store.reusableBytes()));
  mkdirSync(dirname(path), { recursive: true });
  const store = createSqliteStore({
    path,
    logger,
    clock,
    checkAtStartBytes: options.checkAtStartBytes ?? 64 * 1024 * 1024,
    isCopy: options.isCopy === true,
    onRescued: () => restart(),
  });
  const marks = new MarkBook((id) => store.onFile(() => store.file.marks.get(id)), marksInMemory);
  const state: StateStore = {
    get(key) {
      const text = store.onFile(() => store.file.getState.get(key));
      return text === undefined ? undefined : (JSON.parse(text) as unknown);
    },
    set: (key, value) => store.transact(() => store.file.setState.run(key, JSON.stringify(value))),
  };
  const tenants = new Set<string>();
  let index = emptyIndex();
  let seenVersion = -1;
  const listeners: (() => void)[] = [];
  const followUp = createFollowUp({ store, marks, index: () => index, hasRoom: () => freeBytes() > 4 * mostKept, logger });
  restart();

  function emptyIndex(): SegmentIndex {
    const read = (first: number) => store.onFile(() => store.file.body.get(first));
    // SQLite sees damage only where it hurts the order of the pages, not what lies on them.
    const fresh: SegmentIndex = new SegmentIndex(read, () => fresh === index && store.rescue());
    return fresh;
  }

  /** Reads what waits in the file. Watermarks of what was settled last may not be written yet: they follow from it. */
  function restart(): void {
    marks.clear();
    followUp.clear();
    index = emptyIndex();
    seenVersion = -1;
    lookForOthers();
  }

  /** Takes over what another process appended. */
  function lookForOthers(): void {
    const version = store.onFile(() => store.file.version.get()) ?? 0;
    if (version === seenVersion) return;
    seenVersion = version;
    for (const tenant of (state.get(tenantsKey) as string[] | undefined) ?? []) tenants.add(tenant);
    const rows = store.onFile(() => store.file.segments.all(index.newest));
    const own = index;
    for (const row of rows) {
      if (!isSegment(row)) return store.rescue();
      followUp.recover(takeOver(row));
      // The file turned out to be damaged, and its successor was read meanwhile.
      if (index !== own) return;
    }
  }

  function takeOver({ first, count, at, settled, marked, refused }: SegmentRow): Segment {
    const bits = { settled: settled ?? 0, marked: marked ?? 0, refused: refused ?? 0 };
    const segment: Segment = { first, count, at, ...bits, entries: undefined, size: 0 };
    index.add(segment);
    return segment;
  }

  function commit(waiting: readonly Waiting[]): number {
    let group = fitting(waiting, freeBytes());
    if (group.length < waiting.length) {
      makeRoom();
      group = fitting(waiting, freeBytes());
    }
    if (group.length === 0) throw new DiskReserveReached(`the disk of ${path} has too little free space`);
    const all: HeldPublication[] = [];
    for (const { publications } of group) {
      for (const one of publications) {
        all.push(one);
        if (one.origin.tenant !== undefined && !tenants.has(one.origin.tenant)) learn(one.origin.tenant);
      }
    }
    let segments: Segment[] = [];
    store.transact(() => {
      segments = all.length === 0 ? [] : insert(all);
      for (const { deadLetters } of group) for (const letter of deadLetters) keepLetter(store.file, letter, clock());
      followUp.write();
    });
    followUp.written();
    if (segments.length === 0) return group.length;
    if (segments[0]?.first !== index.next) lookForOthersBefore(segments[0]?.first ?? 0);
    for (const segment of segments) index.add(segment);
    for (const listener of listeners) listener();
    return group.length;
  }

  /** As many of the first as have their place. A disk that is small may never have place for all. */
  function fitting(waiting: readonly Waiting[], free: number): readonly Waiting[] {
    let bytes = 0;
    const end = waiting.findIndex(({ publications }) => {
      for (const one of publications) bytes += bytesOnDisk(one);
      return bytes >= free;
    });
    return end === -1 ? waiting : waiting.slice(0, end);
  }

  /** Kept before the first of its publications is: after a restart nothing of it may be overlooked. */
  function learn(tenant: string): void {
    state.set(tenantsKey, [...tenants, tenant]);
    tenants.add(tenant);
  }

  function makeRoom(): void {
    followUp.forgetKept();
    store.shrinkLog();
  }

  function insert(all: readonly HeldPublication[]): Segment[] {
    const at = clock();
    let first = (store.file.last.get() ?? 0) + 1;
    const segments: Segment[] = [];
    for (let from = 0; from < all.length; from += segmentSize) {
      const part = all.slice(from, from + segmentSize);
      const row = rowOf(part, first);
      store.file.insertSegment.run(first, part.length, at, row);
      segments.push({ first, count: part.length, at, settled: 0, marked: 0, refused: 0, entries: part, size: row.length });
      first += part.length;
    }
    store.file.setLast.run(first - 1);
    return segments;
  }

  /** Another process appended between two of our commits. */
  function lookForOthersBefore(first: number): void {
    for (const row of store.file.segments.all(index.newest)) {
      if (row.first >= first) break;
      takeOver(row);
    }
  }

  const groups = createGroupCommit<Waiting>({
    commit,
    sync: () => (options.isCopy === true ? Promise.resolve() : store.sync()),
    mayHeal,
    pauseMs: options.commitPauseMs ?? 8,
    maxGroup: options.commitGroup ?? 400,
    logger,
  });

  function enqueue({ publications, deadLetters }: Consignment, done: Done): void {
    groups.append({ publications: publications.map(prepare), deadLetters, done });
  }

  return {
    append: (consignment) =>
      new Promise((resolve, reject) => enqueue(consignment, (error) => (error === undefined ? resolve() : reject(error as Error)))),
    enqueue,
    get writable() {
      return groups.writable;
    },
    onAppended: (listener) => void listeners.push(listener),
    peek(limit, lane, lanes, after = 0) {
      lookForOthers();
      const found: Queued[] = [];
      index.each(after, (queued) => {
        if (lanes === 1 || shardOf(idOf(queued)) % lanes === lane) found.push(queued);
        return found.length < limit;
      });
      return found;
    },
    newest: (take) => index.eachBack(take),
    settle(settlement: Settlement) {
      const { accepted, refused } = settlement;
      if (refused.length > 0) {
        store.transact(() => {
          for (const { queued, rejection } of refused) keepLetter(store.file, letterOf(queued, rejection), clock());
          followUp.writeRefused(settlement);
        });
      }
      followUp.settled(accepted, refused);
    },
    tenants: () => [...tenants],
    newestMark: (entityId) => marks.newest(entityId),
    marksOf: (entityId) => marks.text(entityId),
    watermark: (entityId, attribute) => marks.watermark(entityId, attribute),
    wasTaken: (queued) => followUp.wasTaken(queued),
    depth(now) {
      lookForOthers();
      const oldest = index.oldest()?.at;
      return { count: index.waiting, oldestMs: oldest === undefined ? 0 : Math.max(0, Date.parse(now) - Date.parse(oldest)) };
    },
    deadLetters: deadLetterStore(store),
    state,
    async close() {
      await groups.close();
      followUp.close();
      store.close();
    },
  };
}
