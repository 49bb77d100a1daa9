import { existsSync, readdirSync, statSync, unlinkSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';

import type { Instant } from '../plugin.ts';
import { headerBytes, readHeader, unpack } from './chunk.ts';

const extension = '.klj';

export interface JournalFile {
  readonly path: string;
  readonly bytes: number;
  /** When it was begun and last written, in milliseconds. */
  readonly from: number;
  readonly to: number;
}

/** The name of a file begun now. `order` tells those of one process apart. */
export function fileName(at: Instant, order: number): string {
  return `${at.replaceAll(':', '-')}-${process.pid}-${order}${extension}`;
}

/** The files of a journal, oldest first; none where there is no folder. */
export function journalFiles(folder: string): JournalFile[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder)
    .filter((name) => name.endsWith(extension))
    .sort();
  return files.flatMap((name) => {
    const path = join(folder, name);
    const { size, mtimeMs } = statSync(path, { throwIfNoEntry: false }) ?? {};
    const [, day, hour, minute, rest] = /^(.+)T(\d\d)-(\d\d)-([\d.]+)Z/.exec(name) ?? [];
    if (size === undefined || mtimeMs === undefined || day === undefined) return [];
    return [{ path, bytes: size, from: Date.parse(`${day}T${hour}:${minute}:${rest}Z`), to: mtimeMs }];
  });
}

/**
 * Removes files that are older than `days`, then the oldest beyond `bytes`, and those that the disk is `short` of; `open` stays. Gives what
 * was removed for want of room.
 */
export function forget(
  folder: string,
  limits: { readonly days: number; readonly bytes: number; readonly short: number },
  now: number,
  open: string,
): JournalFile[] {
  const files = journalFiles(folder).filter(({ path }) => path !== open);
  const kept = files.filter(({ path, to }) => {
    if (to >= now - limits.days * 86_400_000) return true;
    unlinkSync(path);
    return false;
  });
  const crowdedOut: JournalFile[] = [];
  let total = kept.reduce((sum, { bytes }) => sum + bytes, 0);
  const most = Math.min(limits.bytes, total - limits.short);
  for (const file of kept) {
    if (total <= most) break;
    unlinkSync(file.path);
    total -= file.bytes;
    crowdedOut.push(file);
  }
  return crowdedOut;
}

/**
 * The chunks of a file in their order. A process that was killed, or a disk that failed, leaves a torn end: reading stops before it. A chunk
 * whose bytes are damaged is passed over. `onDamage` is told of both.
 */
export async function* chunksOf(path: string, onDamage: (what: string) => void): AsyncGenerator<Buffer> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    for (let at = 0; at < size;) {
      const head = readHeader((await file.read(Buffer.alloc(headerBytes), 0, headerBytes, at)).buffer);
      if (head === undefined || at + headerBytes + head.packed > size) {
        onDamage(`the last ${size - at} bytes are torn off or damaged`);
        return;
      }
      const packed = (await file.read(Buffer.alloc(head.packed), 0, head.packed, at + headerBytes)).buffer;
      const chunk = await unpack(packed, head.digest);
      if (chunk === undefined) onDamage(`${head.packed} bytes at ${at} are damaged`);
      else yield chunk;
      at += headerBytes + head.packed;
    }
  } finally {
    await file.close();
  }
}
