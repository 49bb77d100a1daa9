import { statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** So much of the disk stays free for settling: a full outbox could otherwise not be emptied. At most, and as a share of the disk. */
const reserve = { bytes: 32 * 1024 * 1024, share: 0.1 };

export class DiskReserveReached extends Error {
  override readonly name = 'DiskReserveReached';
}

/** Beyond this nobody looks closer: the write-ahead log stays far smaller. */
const plenty = 512 * 1024 * 1024;

/** Bytes that may still be written beside a file with a write-ahead log. `reusable`: bytes of its pages that hold nothing any more. */
export function freeBeyondReserve(path: string, reusable: () => number): number {
  const disk = statfsSync(dirname(path));
  if (disk.bavail * disk.bsize > plenty) return disk.bavail * disk.bsize - reserve.bytes;
  return roomOn(disk, statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0, reusable());
}

/**
 * What stands in the log needs its place in the file too, and pages of the file that hold nothing any more are as good as free ones; the
 * log itself can grow only into the disk.
 */
export function roomOn(
  disk: { readonly bavail: number; readonly blocks: number; readonly bsize: number },
  log: number,
  reusable: number,
): number {
  const free = disk.bavail * disk.bsize;
  const kept = keptOf(disk);
  return Math.min(free - kept / 2, free + reusable - kept - log);
}

function keptOf({ blocks, bsize }: { readonly blocks: number; readonly bsize: number }): number {
  return Math.min(reserve.bytes, blocks * bsize * reserve.share);
}

/** For what the outbox comes before: bytes beyond twice its reserve; below zero: so many too few. */
export function freeBesideOutbox(folder: string): number {
  const disk = statfsSync(folder);
  return disk.bavail * disk.bsize - 2 * keptOf(disk);
}

/** A full disk, one that fails or is read-only, and a file that another process holds: all may heal. */
export function mayHeal(error: unknown): boolean {
  if (error instanceof DiskReserveReached) return true;
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^(SQLITE_(FULL|IOERR|BUSY|READONLY|CANTOPEN|NOMEM|LOCKED)|ENOSPC|EIO)/.test(code);
}
