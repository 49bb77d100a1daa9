import {
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  openSync,
  closeSync,
  fsyncSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { Command } from 'commander';

import { ConfigError } from '../../core/errors.ts';
import { version } from '../../core/paths.ts';
import { markBackup } from '../../core/service/backup-mark.ts';
import { configFileOf, loadConfig, type Config } from '../../core/service/config.ts';
import { lockDataDir } from '../../core/service/lock.ts';
import { backupFormat, type Manifest } from '../backup/manifest.ts';
import { readBackup } from '../backup/read.ts';
import { restoreBackup } from '../backup/restore.ts';
import { settingsOf, sourcesOf } from '../backup/sources.ts';
import { writeBackup } from '../backup/write.ts';
import { auditOf } from '../audit.ts';
import { CommandFailure, exitCodes, isFull } from '../exit.ts';

interface Options {
  readonly config?: string;
  readonly json?: boolean;
  readonly force?: boolean;
  readonly check?: boolean;
}

export function backupCommand(): Command {
  return new Command('backup')
    .description('outbox, dead letters, registry, partners, settings and keys into one file, also while klavze up runs')
    .argument('<file>', 'a new file (gzipped tar); - is standard output')
    .option('--json', 'print the manifest')
    .option('--config <file>', 'configuration file (default klavze.yaml)')
    .action(backup);
}

export function restoreCommand(): Command {
  return new Command('restore')
    .description('puts a backup in place; klavze up must not run')
    .argument('<file>', 'what klavze backup wrote; - is standard input')
    .option('--check', 'only read it to its end and compare the checksums')
    .option('--force', 'also where something is there already, which is set aside')
    .option('--json', 'print JSON')
    .option('--config <file>', 'configuration file (default klavze.yaml)')
    .action(restore);
}

async function backup(file: string, options: Options): Promise<void> {
  const config = loadConfig(process.env, process.cwd(), options.config);
  if (!existsSync(config.dataDir)) throw new ConfigError(`there is no data folder ${config.dataDir}; KLAVZE_DATA_DIR names another`);
  const target = file === '-' ? undefined : resolve(file);
  if (target !== undefined) mustBeFree(target, config);
  const release = lockDataDir(join(config.dataDir, 'backup-lock'));
  if (release === undefined) throw new CommandFailure(exitCodes.unavailable, 'another klavze backup is under way');
  const partial = `${target}.part`;
  const staging = join(target === undefined ? config.dataDir : dirname(target), '.klavze-backup');
  const leave = (): void => {
    rmSync(staging, { recursive: true, force: true });
    if (target !== undefined) rmSync(partial, { force: true });
    process.exit(exitCodes.unavailable);
  };
  process.once('SIGINT', leave).once('SIGTERM', leave);
  try {
    const { files, notIncluded } = sourcesOf(config, configFileOf(process.env, process.cwd(), options.config), process.env);
    const environment = settingsOf(process.env);
    const head = { format: backupFormat, klavze: version, createdAt: new Date().toISOString(), environment, notIncluded };
    const to = target === undefined ? process.stdout : createWriteStream(partial, { mode: 0o600 });
    const manifest = await writeBackup({ files, staging, head, to });
    if (target !== undefined) settle(partial, target);
    note(config, manifest.createdAt);
    auditOf(config)('backup', [target ?? '-'], { files: manifest.files.length });
    tell(target, manifest, options);
  } catch (error) {
    if (target !== undefined) rmSync(partial, { force: true });
    throw isFull(error) ? new ConfigError(`there is no room for ${file}; name a file on another disk`) : error;
  } finally {
    process.off('SIGINT', leave).off('SIGTERM', leave);
    release();
  }
}

/** Also where the disk of the data folder is full, a backup elsewhere is made. */
function note({ dataDir }: Config, at: string): void {
  try {
    markBackup(dataDir, at);
  } catch (error) {
    if (!isFull(error)) throw error;
  }
}

function mustBeFree(target: string, { dataDir }: Config): void {
  if (existsSync(target))
    throw new CommandFailure(exitCodes.usage, `${target} exists already; a backup is never written over: name a new file`);
  const inside = relative(dataDir, target);
  if (!inside.startsWith('..') && !isAbsolute(inside))
    throw new CommandFailure(
      exitCodes.usage,
      `${target} lies in the data folder that it saves; name a file elsewhere, best on another disk`,
    );
  mkdirSync(dirname(target), { recursive: true });
}

/** On disk under its name, or not there. */
function settle(partial: string, target: string): void {
  for (const [path, step] of [
    [partial, () => renameSync(partial, target)],
    [dirname(target), () => undefined],
  ] as const) {
    const descriptor = openSync(path, 'r');
    fsyncSync(descriptor);
    closeSync(descriptor);
    step();
  }
}

/** On standard error where the backup itself went to standard output. */
function tell(target: string | undefined, manifest: Manifest, { json }: Options): void {
  const out = target === undefined ? process.stderr : process.stdout;
  if (json === true) {
    out.write(`${JSON.stringify(manifest)}\n`);
    return;
  }
  const size = target === undefined ? '' : `, ${(statSync(target).size / 1e6).toFixed(1)} MB`;
  const lines = [
    `${target ?? 'standard output'}: ${manifest.files.length} files${size}, as of ${manifest.createdAt}`,
    'It holds secrets and raw messages: keep it as you keep passwords.',
    ...manifest.notIncluded.map((what) => `not in it: ${what}`),
    ...(manifest.environment.length === 0 ? [] : [`not in it: the values of ${manifest.environment.join(', ')}; keep them yourself`]),
  ];
  out.write(`${lines.join('\n')}\n`);
}

async function restore(file: string, options: Options): Promise<void> {
  if (file !== '-' && !existsSync(file)) throw new CommandFailure(exitCodes.usage, `there is no file ${resolve(file)}`);
  const from = file === '-' ? process.stdin : createReadStream(file);
  if (options.check === true) {
    const { files, klavze, createdAt } = await readBackup(from, () => undefined);
    process.stdout.write(
      options.json === true
        ? `${JSON.stringify({ ok: true, files: files.length, klavze, createdAt })}\n`
        : `whole: ${files.length} files as of ${createdAt}, written by Klavže ${klavze}\n`,
    );
    return;
  }
  const { config, force } = options;
  const done = await restoreBackup({
    from,
    environment: process.env,
    cwd: process.cwd(),
    ...(config !== undefined && { path: config }),
    force: force === true,
    now: new Date().toISOString(),
  });
  const { manifest, settings, setAside, notPlaced } = done;
  const { files, createdAt, klavze, environment, notIncluded } = manifest;
  const { dataDir } = done.config;
  auditOf(done.config)('restore', [file], { of: createdAt, files: files.length, setAside: setAside.length });
  if (options.json === true) {
    process.stdout.write(
      `${JSON.stringify({ files: files.length, createdAt, klavze, dataDir, settings, setAside, notPlaced, notIncluded })}\n`,
    );
    return;
  }
  const unset = environment.filter((name) => process.env[name] === undefined);
  const lines = [
    `restored: ${files.length} files as of ${createdAt}, written by Klavže ${klavze}, into ${dataDir}`,
    ...settings.map((path) => `restored: ${path}`),
    ...setAside.map((path) => `set aside: ${path}; delete it when you are sure`),
    ...notPlaced.map((what) => `not restored: ${what}`),
    ...notIncluded.map((what) => `was not in it: ${what}`),
    ...(unset.length === 0 ? [] : [`set where the backup was made, and not here: ${unset.join(', ')}`]),
    'next: klavze doctor, then start klavze up',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}
