import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { ConfigError } from '../../core/errors.ts';
import type { Config, Environment } from '../../core/service/config.ts';
import { partOf } from './manifest.ts';
import { secretFiles } from './sources.ts';

/** Where what is to be restored waits: in the data folder, so that it need only be renamed. */
export function stagingIn(dataDir: string): string {
  return join(dataDir, '.restore');
}

/** There while files are moved: whoever finds it without a restore running has half of a data folder. */
function marker(dataDir: string): string {
  return join(stagingIn(dataDir), 'placing');
}

/** @throws {ConfigError} when a restore was interrupted while it moved files. */
export function refuseHalfRestored(dataDir: string): void {
  if (existsSync(marker(dataDir)))
    throw new ConfigError(`a restore into ${dataDir} was interrupted; run klavze restore once more, with --force`);
}

/** What does not count as content of a data folder. */
export function isOwnEntry(name: string): boolean {
  return ['.restore', '.klavze-backup', 'backup-lock', 'lost+found'].includes(name) || name.startsWith('lock.db');
}

interface Move {
  readonly from: string;
  readonly to: string;
}

export interface SettingsPlan {
  readonly missing: readonly Move[];
  /** Something else is at their place. */
  readonly differing: readonly Move[];
  readonly notPlaced: readonly string[];
}

export interface Placed {
  readonly placed: readonly string[];
  readonly setAside: readonly string[];
  readonly notPlaced: readonly string[];
}

/** Compares the settings of a backup with those that are there. */
export function planSettings(staged: string, configFile: string, config: Config, environment: Environment): SettingsPlan {
  const secrets = new Map(secretFiles(environment));
  const missing: Move[] = [];
  const differing: Move[] = [];
  const notPlaced: string[] = [];
  for (const path of filesIn(staged)) {
    const [, ...rest] = path.split('/');
    const name = rest.join('/');
    const to = {
      config: configFile,
      devices: config.devices,
      decoders: join(config.decodersDir, name),
      tables: join(config.tablesDir, name),
      partners: join(config.partnersDir, name),
      secrets: secrets.get(name),
      data: undefined,
    }[partOf(path) ?? 'data'];
    const from = join(staged, path);
    if (to === undefined) notPlaced.push(`${path} of the backup: ${name}_FILE is not set here, so that it has no place`);
    else if (!existsSync(to)) missing.push({ from, to });
    else if (!readFileSync(from).equals(readFileSync(to))) differing.push({ from, to });
  }
  return { missing, differing, notPlaced };
}

/** Puts the configuration of a backup, and the secrets that it needs to be read, in place where there are none. */
export function placeEarly(staged: string, configFile: string, environment: Environment): { readonly paths: string[]; takeBack(): void } {
  const moves = [
    { from: join(staged, 'config', 'klavze.yaml'), to: configFile },
    ...secretFiles(environment).map(([name, to]) => ({ from: join(staged, 'secrets', name), to })),
  ].filter(({ from, to }) => existsSync(from) && !existsSync(to));
  const paths: string[] = [];
  const takeBack = (): void => paths.forEach((path) => rmSync(path, { force: true }));
  try {
    for (const move of moves) {
      put(move);
      paths.push(move.to);
    }
  } catch (error) {
    takeBack();
    throw error;
  }
  return { paths, takeBack };
}

/** Moves everything to its place. Settings that this user may not write, as in a container, stay as they are. */
export function place(dataDir: string, { missing, differing, notPlaced }: SettingsPlan, now: string): Placed {
  const stamp = now.replace(/[:.]/g, '-');
  const setAside: string[] = [];
  writeFileSync(marker(dataDir), '');
  const there = readdirSync(dataDir).filter((name) => !isOwnEntry(name) && !name.startsWith('before-restore-'));
  if (there.length > 0) {
    const aside = join(dataDir, `before-restore-${stamp}`);
    mkdirSync(aside, { mode: 0o700 });
    for (const name of there) renameSync(join(dataDir, name), join(aside, name));
    setAside.push(aside);
  }
  const staged = join(stagingIn(dataDir), 'data');
  for (const name of existsSync(staged) ? readdirSync(staged) : []) {
    own(join(staged, name), dataDir);
    renameSync(join(staged, name), join(dataDir, name));
  }
  rmSync(stagingIn(dataDir), { recursive: true, force: true });
  const placed: string[] = [];
  const left = [...notPlaced];
  for (const move of [...missing, ...differing]) {
    const aside = `${move.to}.before-restore-${stamp}`;
    try {
      if (existsSync(move.to)) {
        renameSync(move.to, aside);
        setAside.push(aside);
      }
      put(move);
      placed.push(move.to);
    } catch (error) {
      if (!/^(EROFS|EACCES|EPERM|EBUSY)$/.test((error as { code?: string }).code ?? '')) throw error;
      left.push(`${move.to} cannot be written here (${(error as Error).message}); take it out of the backup with tar`);
    }
  }
  return { placed, setAside, notPlaced: left };
}

function put({ from, to }: Move): void {
  const folder = dirname(to);
  mkdirSync(folder, { recursive: true });
  const fresh = join(folder, `.${basename(to)}.restoring`);
  copyFileSync(from, fresh);
  chmodSync(fresh, statSync(from).mode & 0o777);
  own(fresh, folder);
  renameSync(fresh, to);
}

/** Restored by root, files belong to whom the folder belongs: the service must be able to read them. */
function own(path: string, folder: string): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(folder);
  const walk = (at: string): void => {
    chownSync(at, uid, gid);
    if (lstatSync(at).isDirectory()) for (const name of readdirSync(at)) walk(join(at, name));
  };
  walk(path);
}

function filesIn(root: string, path = ''): string[] {
  return readdirSync(join(root, path), { withFileTypes: true }).flatMap((entry) => {
    const inside = path === '' ? entry.name : `${path}/${entry.name}`;
    return entry.isDirectory() ? filesIn(root, inside) : [inside];
  });
}
