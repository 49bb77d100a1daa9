import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';

import type { Instant } from '../../plugin.ts';
import { letterOf } from '../letters.ts';
import type { Consignment, DeadLetter, Outbox, Settlement } from '../outbox.ts';
import { prepare } from '../segments.ts';
import type { Shard } from '../shard.ts';
import { openSqliteOutbox } from '../sqlite.ts';
import { keyOf } from '../watermarks.ts';
import { decodePart } from './body.ts';
import { ensureStreams, namesOf, type Cluster } from './cluster.ts';
import { makeCopy, readLetters, readState, removeCopy } from './copy.ts';
import { readStream, type Handed } from './feed.ts';
import { FollowUp } from './follow-up.ts';
import { KeptMarks } from './marks.ts';
import { fromHeader, Publisher } from './publisher.ts';
import { Tracker, type Kept } from './tracker.ts';

export interface JetStreamOutboxOptions {
  readonly cluster: Cluster;
  readonly shard: Shard;
  /** From the lease: says whether another process became the owner. */
  readonly epoch: number;
  /** Nothing is written into NATS by a process that does not hold the lease any more. */
  isHeld(): boolean;
  /** Another process has the shard now. */
  onFenced(): void;
  /** A file for the copy from which is read; made anew at each start, removed at the end. */
  readonly copyFile: string;
  readonly logger: Logger;
  readonly clock?: () => Instant;
}

/** Where the newest owner of a shard is named. */
const epochKey = (shard: string): string => `epoch.${shard}`;
const closePatienceMs = 5_000;

/**
 * The outbox of one shard on NATS JetStream: the stream is what is durable, and what another machine goes on with. A file beside the
 * process, in which nothing is safe and nothing needs to be, holds a copy of what waits, so that it is read as fast as from SQLite. What
 * follows from a delivery (watermarks, dead letters, then the acknowledgement that takes the message out of the stream) is written a moment
 * later and in this order: after a crash in between the same publications are delivered again, in order, and known as repeats.
 * Resolves when all that the shard's last owner left is there.
 */
export async function openJetStreamOutbox(options: JetStreamOutboxOptions): Promise<Outbox> {
  const { cluster, shard, epoch, copyFile, logger } = options;
  const clock = options.clock ?? (() => new Date().toISOString());
  const names = namesOf(cluster.options.prefix, shard);
  const instance = randomUUID();
  await ensureStreams(cluster, names);
  await cluster.state.put(epochKey(names.shard), String(epoch));
  // From here on the stream takes nothing more from the last owner, and all that it took lies before this message.
  const taken = await cluster.js.publish(names.take, String(epoch));

  const marks = new KeptMarks(cluster.state, names.shard);
  const letters = await readLetters(cluster.jsm, names);
  makeCopy(copyFile, { letters, ...(await readState(cluster.state, names.shard)), marks: await marks.load() }, clock());
  const copy = openSqliteOutbox({ path: copyFile, logger, clock, isCopy: true, commitPauseMs: 0 });
  const knownLetters = new Set(letters.map(({ key }) => key));
  let lastLetter = letters.at(-1)?.id ?? 0;
  const tracker = new Tracker();
  /** Own messages that the consumer handed out before NATS had confirmed them. */
  const early = new Map<number, string>();
  const followUp = new FollowUp({ cluster, names, tracker, marks, marksOf: copy.marksOf, isHeld: options.isHeld });

  /** It is in the copy already, where letters have the same numbers. */
  function keepLetter(letter: DeadLetter, key: string): void {
    const id = ++lastLetter;
    followUp.letter({ ...letter, id, at: copy.deadLetters.get(id)?.at ?? clock(), key });
  }

  const isOwner = async (): Promise<boolean> => (await cluster.state.get(epochKey(names.shard)))?.string() === String(epoch);
  let isFenced = false;
  function fenced(): void {
    if (isFenced) return;
    isFenced = true;
    publisher.close('another process has taken over the shard');
    options.onFenced();
  }

  /** Takes a message of the stream into the copy; resolves when it can be peeked. */
  async function enter({ publications, deadLetters }: Consignment, seq: number, reply?: string) {
    const kept = tracker.add(seq, publications.length, reply);
    const fresh = deadLetters.map((letter, at) => ({ letter, key: `${seq}.${publications.length + at}` }));
    const unknown = fresh.filter(({ key }) => !knownLetters.has(key));
    await copy.append({ publications, deadLetters: unknown.map(({ letter }) => letter) });
    for (const { letter, key } of unknown) keepLetter(letter, key);
    if (tracker.isDone(kept)) tracker.done.add(kept);
    if (tracker.done.size > 0) followUp.later();
  }

  const publisher = new Publisher({
    cluster,
    names,
    instance,
    last: taken.seq,
    stored(part, seq) {
      const reply = early.get(seq);
      early.delete(seq);
      return enter(part, seq, reply);
    },
    isOwner,
    fenced,
  });

  async function handed({ message, reply }: Handed): Promise<void> {
    const kept = tracker.at(message.seq);
    if (kept !== undefined) {
      kept.reply = reply;
      if (tracker.isDone(kept)) followUp.later();
    } else if (message.subject === names.take) {
      // The next owner waits for its own.
      if (message.seq > taken.seq) return fenced();
      message.ack();
      if (message.seq === taken.seq) feed.complete();
    } else if (message.headers?.get(fromHeader) === instance) early.set(message.seq, reply);
    else {
      const { unreadable, ...part } = decodePart(message.data);
      if (unreadable > 0) logger.error({ stream: names.stream, message: message.seq, unreadable }, 'parts of the outbox cannot be read');
      await enter(part, message.seq, reply);
    }
  }

  const feed = readStream({ cluster, names, instance, logger, handed, isOwner, fenced, onRenewed: () => early.clear() });
  await feed.restored;

  function settled(kept: Kept | undefined, seq: number): void {
    if (kept !== undefined) tracker.settle(kept, seq);
  }

  // In the copy alone it would come back.
  const { erase: _erase, ...kept } = copy.deadLetters;
  return {
    append({ publications, deadLetters }) {
      const isEmpty = publications.length === 0 && deadLetters.length === 0;
      return isEmpty && !isFenced ? Promise.resolve() : publisher.append({ publications: publications.map(prepare), deadLetters });
    },
    get writable() {
      return publisher.writable && copy.writable;
    },
    onAppended: (listener) => copy.onAppended(listener),
    peek: (limit, lane, lanes, after) => copy.peek(limit, lane, lanes, after),
    newest: (take) => copy.newest?.(take),
    settle(settlement: Settlement) {
      copy.settle(settlement);
      for (const queued of settlement.accepted) followUp.touched(keyOf(queued));
      for (const { queued, rejection } of settlement.refused) {
        const kept = tracker.find(queued.seq);
        keepLetter(letterOf(queued, rejection), `${kept?.seq ?? 0}.${queued.seq - (kept?.first ?? 0)}.${rejection.code}`);
      }
      for (const { seq } of [...settlement.accepted, ...settlement.refused.map(({ queued }) => queued)]) settled(tracker.find(seq), seq);
      followUp.later();
    },
    tenants: () => copy.tenants?.() ?? [],
    newestMark: (entityId) => copy.newestMark?.(entityId) ?? '',
    watermark: (entityId, attribute) => copy.watermark(entityId, attribute),
    wasTaken: (queued) => copy.wasTaken?.(queued) === true,
    depth: (now) => copy.depth(now),
    deadLetters: {
      ...kept,
      markReplayed(ids, at) {
        copy.deadLetters.markReplayed(ids, at);
        for (const id of ids) followUp.replayed(id, at);
      },
    },
    state: {
      get: (key) => copy.state.get(key),
      set(key, value) {
        copy.state.set(key, value);
        followUp.state(key, value);
      },
    },
    async close() {
      publisher.close();
      await feed.close();
      await followUp.close(closePatienceMs);
      await copy.close();
      removeCopy(copyFile);
    },
  };
}
