import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { parse } from 'yaml';

import type { Config, Environment } from '../../core/service/config.ts';
import type { Part } from './manifest.ts';

/** A file that goes into a backup. */
export interface Source {
  /** As in the archive. */
  readonly path: string;
  readonly file: string;
  /** A database may be in use: it is copied by SQLite, not read. */
  readonly isDatabase: boolean;
}

export interface Sources {
  readonly files: readonly Source[];
  readonly notIncluded: readonly string[];
}

/**
 * In the data folder, but of no use later: locks, copies of what is in NATS, what is under way or was set aside, and companions of
 * databases, which the copy of the database contains.
 */
const leftOut =
  /^(?:lock\.db|inbox-lock|backup-lock|last-backup|jetstream-.*\.db|\.klavze-backup|\.restore|before-restore-.*)$|-(?:wal|shm|journal)$|\.damaged-/;

/**
 * Everything that makes this Klavže what it is: its data folder, its settings and what they name. Of databases that follow each other the
 * later one comes later, so that a state is twice in two of them rather than in none.
 */
export function sourcesOf(config: Config, configFile: string, environment: Environment): Sources {
  const { dataDir, devices, decodersDir, tablesDir, partnersDir } = config;
  const settings = [
    ...one('config', configFile, 'klavze.yaml'),
    ...one('devices', devices, 'devices.yaml'),
    ...folder('decoders', decodersDir),
    ...folder('tables', tablesDir),
    ...folder('partners', partnersDir),
    ...secretFiles(environment).flatMap(([name, file]) => one('secrets', file, name)),
  ];
  const data = folder('data', dataDir).sort((left, right) => orderOf(left) - orderOf(right));
  return { files: [...settings, ...data], notIncluded: elsewhere(config, environment) };
}

/** `KLAVZE_MQTT_PASSWORD` and the file that `KLAVZE_MQTT_PASSWORD_FILE` names. */
export function secretFiles(environment: Environment): [name: string, file: string][] {
  return Object.entries(environment).flatMap(([name, file]): [string, string][] =>
    /^KLAVZE_\w+_FILE$/.test(name) && file !== undefined && file !== '' && name !== 'KLAVZE_DEVICES_FILE'
      ? [[name.replace(/_FILE$/, ''), file]]
      : [],
  );
}

/** Names of settings in the environment whose values no backup holds. */
export function settingsOf(environment: Environment): string[] {
  return Object.keys(environment)
    .filter((name) => name.startsWith('KLAVZE_') && environment[name] !== '')
    .sort();
}

function one(part: Part, file: string, name: string): Source[] {
  return existsSync(file) && statSync(file).isFile() ? [{ path: `${part}/${name}`, file, isDatabase: false }] : [];
}

function folder(part: Part, root: string): Source[] {
  const found: Source[] = [];
  const walk = (at: string, path: string): void => {
    for (const entry of readdirSync(at, { withFileTypes: true }).sort((left, right) => (left.name < right.name ? -1 : 1))) {
      if (part === 'data' && leftOut.test(entry.name)) continue;
      const inside = join(at, entry.name);
      if (entry.isDirectory()) walk(inside, `${path}/${entry.name}`);
      else if (entry.isFile())
        found.push({ path: `${path}/${entry.name}`, file: inside, isDatabase: part === 'data' && isDatabase(inside) });
    }
  };
  if (existsSync(root)) walk(root, part);
  return found;
}

/** What a partner was given is noted before what waits for it, the outbox after it, and the entities of the embedded broker last. */
function orderOf({ path, isDatabase: is }: Source): number {
  if (!is) return 0;
  const names = ['/ledger.db', '/staging.db', '/queue.db', '/adapters.db', '/outbox.db', '/broker.db'];
  return 1 + names.findIndex((name) => path.endsWith(name));
}

function isDatabase(file: string): boolean {
  const head = Buffer.alloc(16);
  const descriptor = openSync(file, 'r');
  try {
    return readSync(descriptor, head, 0, 16, 0) === 16 && head.toString('latin1') === 'SQLite format 3\0';
  } finally {
    closeSync(descriptor);
  }
}

function elsewhere({ outbox, broker, inboxDir, dataDir, partnersDir }: Config, environment: Environment): string[] {
  return [
    ...(outbox.url === undefined ? [] : ['the outbox is in NATS: nats stream backup']),
    ...(broker.url === undefined ? [] : [`the entities are in ${hostOf(broker.url)}: back up its databases (docs/operate.md)`]),
    ...(inboxDir === undefined || isInside(dataDir, inboxDir) ? [] : [`the inbox is ${inboxDir}`]),
    ...certificates(partnersDir),
    ...secretFiles(environment).flatMap(([name, file]) => (existsSync(file) ? [] : [`${name}_FILE names ${file}, which does not exist`])),
  ];
}

/** Certificates of partners that do not lie in the folder of the partners. */
function certificates(partnersDir: string): string[] {
  const files = existsSync(partnersDir) ? readdirSync(partnersDir).filter((name) => /\.ya?ml$/.test(name)) : [];
  return files.flatMap((name) => {
    const path = join(partnersDir, name);
    const auth = authOf(readFileSync(path, 'utf8'));
    return ['certFile', 'keyFile', 'caFile'].flatMap((key) => {
      const named = auth[key];
      const file = typeof named === 'string' ? resolve(dirname(path), named) : undefined;
      return file === undefined || isInside(partnersDir, file) ? [] : [`${path} names ${file}`];
    });
  });
}

function authOf(text: string): Readonly<Record<string, unknown>> {
  try {
    return (parse(text) as { auth?: Readonly<Record<string, unknown>> } | null)?.auth ?? {};
  } catch {
    // A file that is no YAML names nothing; it is in the backup as it is.
    return {};
  }
}

function isInside(root: string, file: string): boolean {
  const path = relative(root, file);
  return !path.startsWith('..') && !isAbsolute(path);
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'another broker';
}
