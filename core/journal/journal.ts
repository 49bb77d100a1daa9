import { mkdirSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';

import type { Instant, MqttMessage } from '../plugin.ts';
import type { KeptFile } from '../source/dataset.ts';
import { pack } from './chunk.ts';
import { freeBesideOutbox } from '../outbox/disk.ts';
import { tighten } from './tighten.ts';
import { fileName, forget } from './files.ts';
import { fileRecord, roomFor, writeMessage } from './records.ts';

export interface JournalOptions {
  readonly folder: string;
  /** Files older than this go, and the oldest beyond so many bytes. */
  readonly days: number;
  readonly bytes: number;
  readonly clock: () => Instant;
  readonly logger: Pick<Logger, 'warn' | 'error'>;
  /** Told of chunks that are on disk, and of records that could not be kept. */
  onWritten?(bytes: number): void;
  onLost?(records: number): void;
  /** How often is written what came; default every second. */
  readonly flushMs?: number;
  /** Bytes that the disk has beyond what the outbox wants to find free; a test hands in its own. */
  readonly freeBytes?: () => number;
}

/**
 * The raw messages and dataset files of the last days, to be run again through tomorrow's decoders. It stands beside the line and never holds
 * it up: what was acknowledged is safe in the outbox already, so the journal follows within a second, and only that second is missing from it
 * when the power fails. A disk that cannot be written costs records of the journal, which are counted, and nothing else.
 */
export interface Journal {
  message(message: MqttMessage): void;
  file(file: KeptFile): void;
  /** Resolves when all that was given so far is on disk, or lost. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

const chunkBytes = 256 * 1024;
const fileBytes = 16 * 1024 * 1024;
const fileMs = 3_600_000;
/** Chunks that wait for a slow disk; more are not kept. */
const mostWaiting = 64;

export function openJournal(options: JournalOptions): Journal {
  const { folder, clock, logger } = options;
  const freeBytes = options.freeBytes ?? (() => freeBesideOutbox(folder));
  let chunk = Buffer.allocUnsafe(chunkBytes);
  let used = 0;
  let records = 0;
  let waiting = 0;
  let work: Promise<void> = Promise.resolve();
  let file: { readonly handle: FileHandle; readonly path: string; readonly since: number; bytes: number; chunks: number } | undefined;
  let order = 0;
  let failing = false;

  /** Hands what has come over to be written. */
  function seal(): void {
    if (used === 0) return;
    hand(chunk.subarray(0, used), records);
    chunk = Buffer.allocUnsafe(chunkBytes);
    used = 0;
    records = 0;
  }

  function hand(bytes: Buffer, count: number): void {
    if (waiting >= mostWaiting) {
      lost(count, 'the disk is too slow for the journal');
      return;
    }
    waiting++;
    const packed = pack(bytes);
    work = work
      .then(async () => write(await packed))
      .catch((error: unknown) => {
        lost(count, error);
        abandon();
      })
      .finally(() => void waiting--);
  }

  async function write(packed: Buffer): Promise<void> {
    file ??= await begin();
    const free = freeBytes();
    if (free < 0) {
      makeRoom(file.path, -free);
      if (freeBytes() < 0) throw new Error('the disk is nearly full, and the outbox comes first');
    }
    await file.handle.appendFile(packed);
    await file.handle.datasync();
    file.bytes += packed.length;
    file.chunks++;
    failing = false;
    options.onWritten?.(packed.length);
    if (file.bytes >= fileBytes || performance.now() - file.since >= fileMs) await end();
  }

  async function begin(): Promise<NonNullable<typeof file>> {
    mkdirSync(folder, { recursive: true });
    const path = join(folder, fileName(clock(), order++));
    const handle = await open(path, 'wx', 0o640);
    makeRoom(path, 0);
    return { handle, path, since: performance.now(), bytes: 0, chunks: 0 };
  }

  async function end(): Promise<void> {
    if (file === undefined) return;
    const { handle, path, bytes, chunks } = file;
    file = undefined;
    await handle.close();
    // Where little comes, each second is a chunk of its own; together they take a fraction of the place.
    if (chunks > 1 && bytes / chunks < chunkBytes / 16) await tighten(path, chunkBytes);
  }

  /** While the broker is away the outbox needs the disk more. */
  function makeRoom(path: string, short: number): void {
    const removed = forget(folder, { ...options, short }, Date.parse(clock()), path);
    const [first] = removed;
    if (first === undefined) return;
    const facts = {
      folder,
      files: removed.length,
      from: new Date(first.from).toISOString(),
      to: new Date(removed.at(-1)?.to ?? 0).toISOString(),
    };
    logger.warn(
      facts,
      'no room for the journal: its oldest files were removed before their time (journal.megabytes, or the disk is nearly full)',
    );
  }

  function lost(count: number, reason: unknown): void {
    options.onLost?.(count);
    if (!failing)
      logger.error({ folder, err: reason }, 'the journal cannot be written; messages are taken in, but klavze replay will not know them');
    failing = true;
  }

  /** A part of a chunk may be there: nothing may follow it. */
  function abandon(): void {
    const torn = file;
    file = undefined;
    torn?.handle.close().catch(() => undefined);
  }

  const timer = setInterval(seal, options.flushMs ?? 1_000).unref();
  return {
    message(message) {
      const room = roomFor(message);
      if (used + room > chunk.length) seal();
      if (room > chunk.length) {
        const own = Buffer.allocUnsafe(room);
        hand(own.subarray(0, writeMessage(own, 0, message)), 1);
        return;
      }
      used = writeMessage(chunk, used, message);
      records++;
    },
    file(kept) {
      seal();
      hand(fileRecord(kept), 1);
    },
    flush() {
      seal();
      return work;
    },
    async close() {
      clearInterval(timer);
      seal();
      await work;
      await end().catch((error: unknown) => logger.error({ folder, err: error }, 'the last file of the journal could not be closed'));
    },
  };
}
