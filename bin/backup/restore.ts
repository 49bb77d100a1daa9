import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

import { ConfigError } from '../../core/errors.ts';
import { configFileOf, loadConfig, type Config, type Environment } from '../../core/service/config.ts';
import { lockDataDir } from '../../core/service/lock.ts';
import type { Manifest } from './manifest.ts';
import { isOwnEntry, place, placeEarly, planSettings, stagingIn } from './place.ts';
import { readBackup } from './read.ts';

export interface RestoreOptions {
  readonly from: Readable;
  readonly environment: Environment;
  readonly cwd: string;
  /** `--config`. */
  readonly path?: string;
  /** Take the place of what is there, which is set aside. */
  readonly force: boolean;
  /** Goes into the names of what is set aside. */
  readonly now: string;
}

export interface Restored {
  readonly manifest: Manifest;
  readonly config: Config;
  /** Settings that were written; those that were there already, word for word, are not among them. */
  readonly settings: readonly string[];
  /** What was there before and lies elsewhere now. */
  readonly setAside: readonly string[];
  /** What could not be given its place, a sentence each. */
  readonly notPlaced: readonly string[];
}

/**
 * Puts a backup in place. Everything is read, compared with the manifest and only then moved; what goes wrong before that changes nothing.
 *
 * @throws {ConfigError} while `klavze up` runs on the data folder, when something else is there and `force` is not given, and when the
 * backup is not whole.
 */
export async function restoreBackup(options: RestoreOptions): Promise<Restored> {
  const { from, environment, cwd, path, force, now } = options;
  const settings = mkdtempSync(join(tmpdir(), 'klavze-restore-'));
  const configFile = configFileOf(environment, cwd, path);
  let config: Config | undefined;
  let release: (() => void) | undefined;
  let early: ReturnType<typeof placeEarly> | undefined;
  /** The configuration says where the data go, and it may be in the backup. */
  const begin = (): Config => {
    if (config !== undefined) return config;
    early = placeEarly(settings, configFile, environment);
    config = loadConfig(environment, cwd, path);
    release = takeFolder(config.dataDir, force);
    return config;
  };
  try {
    const manifest = await readBackup(from, (part) => (part === 'data' ? stagingIn(begin().dataDir) : settings));
    const found = begin();
    const plan = planSettings(settings, configFile, found, environment);
    if (plan.differing.length > 0 && !force)
      throw new ConfigError(
        'these files are there already and differ from those of the backup; --force sets them aside',
        plan.differing.map(({ to }) => to),
      );
    const { placed, setAside, notPlaced } = place(found.dataDir, plan, now);
    return { manifest, config: found, settings: [...(early?.paths ?? []), ...placed], setAside, notPlaced };
  } catch (error) {
    early?.takeBack();
    if (config !== undefined && release !== undefined) rmSync(stagingIn(config.dataDir), { recursive: true, force: true });
    throw error;
  } finally {
    release?.();
    rmSync(settings, { recursive: true, force: true });
  }
}

function takeFolder(dataDir: string, force: boolean): () => void {
  mkdirSync(dataDir, { recursive: true });
  const release = lockDataDir(dataDir);
  if (release === undefined) throw new ConfigError(`klavze runs on ${dataDir}; stop it, then restore`);
  const there = readdirSync(dataDir).filter((name) => !isOwnEntry(name));
  if (there.length > 0 && !force) {
    release();
    throw new ConfigError(
      `${dataDir} is not empty (${there.slice(0, 5).join(', ')}${there.length > 5 ? ', …' : ''}); name another folder with KLAVZE_DATA_DIR, or set what is there aside with --force`,
    );
  }
  rmSync(stagingIn(dataDir), { recursive: true, force: true });
  mkdirSync(stagingIn(dataDir), { mode: 0o700 });
  return release;
}
