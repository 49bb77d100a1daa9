/** A data folder that fills up: a small file system of its own where this may be mounted, else a limit on the size of files. */
import { spawnSync } from 'node:child_process';

export interface SmallDisk {
  readonly kind: string;
  /** To be called for each process that writes on it. */
  limit(pid: number): void;
  /** The limit goes; a small file system stays small, and must be emptied by delivering. */
  lift(pid: number): void;
  remove(): void;
}

const bytes = 8 * 1024 * 1024;

/** Undefined where neither is possible. */
export function smallDisk(folder: string): SmallDisk | undefined {
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'klavze-chaos', folder], { stdio: 'ignore' }).status === 0;
  if (mounted) {
    return {
      kind: `file system of ${bytes / 1024 / 1024} MB`,
      limit: () => undefined,
      lift: () => undefined,
      remove: () => void spawnSync('umount', ['-l', folder], { stdio: 'ignore' }),
    };
  }
  const limits = (pid: number, most: string): number | null =>
    spawnSync('prlimit', ['--pid', String(pid), `--fsize=${most}:unlimited`], { stdio: 'ignore' }).status;
  if (limits(process.pid, 'unlimited') !== 0) return undefined;
  return {
    kind: `files of at most ${bytes / 1024 / 1024} MB (a file system of its own may not be mounted here)`,
    limit: (pid) => void limits(pid, String(bytes)),
    lift: (pid) => void limits(pid, 'unlimited'),
    remove: () => undefined,
  };
}
