import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';

/** So much of the disk stays free for settling: a full outbox could otherwise not be emptied. At most, and as a share of the disk. */
const reserve = { bytes: 32 * 1024 * 1024, share: 0.02 };

export class DiskReserveReached extends Error {
  override readonly name = 'DiskReserveReached';
}

/** Free bytes of a file's disk beyond the reserve. */
export function freeBeyondReserve(path: string): number {
  const { bavail, blocks, bsize } = statfsSync(dirname(path));
  return bavail * bsize - Math.min(reserve.bytes, blocks * bsize * reserve.share);
}

/** A full disk, one that fails or is read-only, and a file that another process holds: all may heal. */
export function mayHeal(error: unknown): boolean {
  if (error instanceof DiskReserveReached) return true;
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^(SQLITE_(FULL|IOERR|BUSY|READONLY|CANTOPEN|NOMEM|LOCKED)|ENOSPC|EIO)/.test(code);
}
