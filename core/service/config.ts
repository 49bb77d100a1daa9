import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import { ConfigError } from '../errors.ts';
import { packageRoot } from '../paths.ts';
import { isServer } from './certificates.ts';
import { hideSecretsOf } from './hidden.ts';
import { readYaml } from './yaml.ts';

export interface AdapterConfig {
  readonly enabled?: boolean;
  readonly url?: string;
  readonly historyUrl?: string;
  readonly schedule?: string;
  readonly stations?: 'all' | readonly string[];
  readonly area?: readonly [west: number, south: number, east: number, north: number];
  readonly agencies?: readonly string[];
  readonly username?: string;
  readonly password?: string;
  readonly token?: string;
}

/** An OpenID Connect provider whose tokens the gateway takes. */
export interface IssuerConfig {
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUrl?: string;
  readonly algorithms: readonly string[];
  readonly claim: string;
  readonly levels: { readonly partner?: readonly string[]; readonly internal?: readonly string[] };
}

/** A part of the work that may run as a process of its own, with a data folder of its own. */
export const roles = ['agents', 'adapters', 'sharing', 'gateway'] as const;
export type Role = (typeof roles)[number];

/** The whole configuration, read once at the edge; nothing below `bin/` reads the environment. Keys: `schemas/config.schema.json`. */
export interface Config {
  readonly dataDir: string;
  readonly devices: string;
  readonly decodersDir: string;
  /** `inbox` in the data folder when left out. */
  readonly inboxDir?: string;
  readonly tablesDir: string;
  readonly partnersDir: string;
  /** Name among several Klavže at one broker; left out: one that is kept in the data folder. */
  readonly instance?: string;
  readonly roles: readonly Role[];
  readonly logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';
  readonly outbox: { readonly url?: string; readonly replicas: number; readonly leaseSeconds: number };
  /** `0/2`; left out: all devices. */
  readonly shard?: string;
  /** Private addresses that others may name. */
  readonly reach: readonly string[];
  /** Whose end is watched beside those that Klavže uses: `host:port` or a file. */
  readonly certificates: readonly string[];
  /** By plug-in; see `Knowledge.tenants`. */
  readonly tenants: Readonly<Record<string, string>>;
  readonly delivery: {
    readonly sockets: number;
    readonly batch: number;
    readonly targetMs: number;
    readonly coalesce: 'off' | 'drain' | 'always';
  };
  readonly limits: { readonly messagesPerSecond: number; readonly burst: number };
  readonly http: { readonly host: string; readonly port: number };
  readonly mqtt: {
    readonly url?: string;
    readonly host: string;
    readonly port: number;
    readonly username?: string;
    readonly password?: string;
    readonly clientId: string;
  };
  readonly broker: {
    readonly url?: string;
    readonly host: string;
    readonly port: number;
    readonly profile: 'strict' | 'orion';
    readonly faults: 'off' | 'on';
    readonly tenant?: string;
    readonly token?: string;
    readonly contextUrl?: string;
    readonly contextFolder?: string;
    readonly forbiddenCharacters: 'keep' | 'encode';
  };
  readonly adapters: Readonly<Record<string, AdapterConfig>>;
  readonly journal: { readonly days: number; readonly megabytes: number };
  readonly deadLetters: { readonly days: number; readonly megabytes: number };
  readonly provisioning: {
    readonly token?: string;
    readonly commands: boolean;
    readonly ports: readonly number[];
    readonly endpoint?: string;
  };
  readonly sharing: { readonly endpoint?: string; readonly publicUrl?: string; readonly watchSeconds: number };
  readonly gateway: {
    readonly host: string;
    readonly port: number;
    readonly publicUrl?: string;
    readonly trustProxy: boolean;
    readonly pageSize: number;
    readonly openPerMinute: number;
    readonly tokenPerMinute: number;
    readonly atOnce: number;
    readonly timeoutSeconds: number;
    readonly auditDays: number;
    readonly issuers: readonly IssuerConfig[];
  };
  readonly partners: Readonly<
    Record<string, { readonly token?: string; readonly clientSecret?: string; readonly username?: string; readonly password?: string }>
  >;
  readonly ingest: Readonly<Record<string, { readonly token?: string; readonly tokenInQuery: boolean }>>;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Where each environment variable goes. Numbers are read as such; `NAME_FILE` gives a secret as a file. */
const variables: Readonly<Record<string, readonly [section: string, key: string] | readonly [key: string]>> = {
  KLAVZE_DATA_DIR: ['dataDir'],
  KLAVZE_DEVICES_FILE: ['devices'],
  KLAVZE_DECODERS_DIR: ['decodersDir'],
  KLAVZE_INBOX_DIR: ['inboxDir'],
  KLAVZE_TABLES_DIR: ['tablesDir'],
  KLAVZE_PARTNERS_DIR: ['partnersDir'],
  KLAVZE_INSTANCE: ['instance'],
  KLAVZE_ROLES: ['roles'],
  KLAVZE_SHARING_ENDPOINT: ['sharing', 'endpoint'],
  KLAVZE_SHARING_PUBLIC_URL: ['sharing', 'publicUrl'],
  KLAVZE_GATEWAY_HOST: ['gateway', 'host'],
  KLAVZE_GATEWAY_PORT: ['gateway', 'port'],
  KLAVZE_GATEWAY_PUBLIC_URL: ['gateway', 'publicUrl'],
  KLAVZE_GATEWAY_TRUST_PROXY: ['gateway', 'trustProxy'],
  KLAVZE_LOG_LEVEL: ['logLevel'],
  KLAVZE_JOURNAL_DAYS: ['journal', 'days'],
  KLAVZE_JOURNAL_MEGABYTES: ['journal', 'megabytes'],
  KLAVZE_DEAD_LETTERS_DAYS: ['deadLetters', 'days'],
  KLAVZE_DEAD_LETTERS_MEGABYTES: ['deadLetters', 'megabytes'],
  KLAVZE_OUTBOX: ['outbox', 'url'],
  KLAVZE_OUTBOX_REPLICAS: ['outbox', 'replicas'],
  KLAVZE_LEASE_SECONDS: ['outbox', 'leaseSeconds'],
  KLAVZE_SHARD: ['shard'],
  KLAVZE_REACH: ['reach'],
  KLAVZE_CERTIFICATES: ['certificates'],
  KLAVZE_DELIVERY_SOCKETS: ['delivery', 'sockets'],
  KLAVZE_DELIVERY_BATCH: ['delivery', 'batch'],
  KLAVZE_DELIVERY_TARGET_MS: ['delivery', 'targetMs'],
  KLAVZE_DELIVERY_COALESCE: ['delivery', 'coalesce'],
  KLAVZE_LIMIT_MESSAGES: ['limits', 'messagesPerSecond'],
  KLAVZE_LIMIT_BURST: ['limits', 'burst'],
  KLAVZE_HTTP_HOST: ['http', 'host'],
  KLAVZE_HTTP_PORT: ['http', 'port'],
  KLAVZE_PROVISIONING_TOKEN: ['provisioning', 'token'],
  KLAVZE_PROVISIONING_COMMANDS: ['provisioning', 'commands'],
  KLAVZE_PROVISIONING_PORTS: ['provisioning', 'ports'],
  KLAVZE_PROVISIONING_ENDPOINT: ['provisioning', 'endpoint'],
  KLAVZE_MQTT_URL: ['mqtt', 'url'],
  KLAVZE_MQTT_HOST: ['mqtt', 'host'],
  KLAVZE_MQTT_PORT: ['mqtt', 'port'],
  KLAVZE_MQTT_USERNAME: ['mqtt', 'username'],
  KLAVZE_MQTT_PASSWORD: ['mqtt', 'password'],
  KLAVZE_MQTT_CLIENT_ID: ['mqtt', 'clientId'],
  KLAVZE_BROKER_URL: ['broker', 'url'],
  KLAVZE_BROKER_HOST: ['broker', 'host'],
  KLAVZE_BROKER_PORT: ['broker', 'port'],
  KLAVZE_BROKER_PROFILE: ['broker', 'profile'],
  KLAVZE_BROKER_FAULTS: ['broker', 'faults'],
  KLAVZE_BROKER_TENANT: ['broker', 'tenant'],
  KLAVZE_BROKER_TOKEN: ['broker', 'token'],
  KLAVZE_CONTEXT_URL: ['broker', 'contextUrl'],
  KLAVZE_CONTEXT_FOLDER: ['broker', 'contextFolder'],
  KLAVZE_FORBIDDEN_CHARACTERS: ['broker', 'forbiddenCharacters'],
};

/** `KLAVZE_INGEST_NETMORE_TOKEN` is the token of the network `netmore`, `KLAVZE_ADAPTER_NAP_COUNTERS_PASSWORD` that of the adapter. */
const namedSecret = /^KLAVZE_(INGEST|ADAPTER|PARTNER)_([A-Z0-9_]+?)_(TOKEN|USERNAME|PASSWORD|CLIENT_SECRET)$/;
const sections: Readonly<Record<string, string>> = { INGEST: 'ingest', ADAPTER: 'adapters', PARTNER: 'partners' };

/** Read elsewhere: by the command line and by the tests. */
const otherVariables = new Set(['KLAVZE_CONFIG', 'KLAVZE_SHARED', 'KLAVZE_GOLDEN']);

/**
 * File, then environment, then defaults. Without a path `klavze.yaml` in `cwd` is read where it exists.
 * Paths in the file are relative to it, those of the environment to `cwd`.
 * @throws {ConfigError} listing every fault.
 */
export function loadConfig(environment: Environment, cwd: string, path?: string): Config {
  const file = configFileOf(environment, cwd, path);
  if (givenFile(environment, path) !== undefined && !existsSync(file))
    throw new ConfigError(`the configuration file ${file} does not exist`);

  const schema = JSON.parse(readFileSync(join(packageRoot, 'schemas', 'config.schema.json'), 'utf8')) as object;
  const fromFile = readYaml<Config>(existsSync(file) ? readFileSync(file, 'utf8') : '{}', file, schema);
  const base = dirname(file);
  const settings = structuredClone({
    ...fromFile,
    dataDir: resolve(base, fromFile.dataDir),
    devices: resolve(base, fromFile.devices),
    decodersDir: resolve(base, fromFile.decodersDir),
    ...(fromFile.inboxDir !== undefined && { inboxDir: resolve(base, fromFile.inboxDir) }),
    tablesDir: resolve(base, fromFile.tablesDir),
    partnersDir: resolve(base, fromFile.partnersDir),
    certificates: placesFrom(base, fromFile),
  }) as unknown as Record<string, unknown>;

  const faults: string[] = [];
  for (const [name, path] of [...Object.entries(variables), ...namedVariables(environment)]) {
    const value = readVariable(name, environment, faults);
    if (value !== undefined) assign(settings, path, value);
  }
  if (faults.length > 0) throw new ConfigError('the environment is not valid', faults);

  // Also before it is known to be valid: a fault may say what it found.
  hideSecretsOf(settings);
  const config = readYaml<Config>(JSON.stringify(settings), 'configuration', schema);
  const { dataDir, devices, decodersDir, tablesDir, partnersDir, inboxDir } = config;
  const paths = { dataDir, devices, decodersDir, tablesDir, partnersDir, ...(inboxDir !== undefined && { inboxDir }) };
  const resolved = Object.fromEntries(Object.entries(paths).map(([key, path]) => [key, resolve(cwd, path)]));
  return { ...config, certificates: placesFrom(cwd, config), ...resolved };
}

function placesFrom(base: string, { certificates }: Pick<Config, 'certificates'>): string[] {
  return certificates.map((place) => (isServer(place) ? place : resolve(base, place)));
}

/** Where the configuration file is, or would be. */
export function configFileOf(environment: Environment, cwd: string, path?: string): string {
  return resolve(cwd, givenFile(environment, path) ?? 'klavze.yaml');
}

function givenFile(environment: Environment, path: string | undefined): string | undefined {
  return path ?? (environment['KLAVZE_CONFIG'] === '' ? undefined : environment['KLAVZE_CONFIG']);
}

/** KLAVZE_ variables that nothing reads: likely misspelt. `klavze doctor` shows them; an orchestrator may set some of its own. */
export function unknownVariables(environment: Environment): string[] {
  const isKnown = (name: string): boolean => name in variables || namedSecret.test(name) || otherVariables.has(name);
  return Object.keys(environment).filter((name) => name.startsWith('KLAVZE_') && !isKnown(name) && !isKnown(name.replace(/_FILE$/, '')));
}

function readVariable(name: string, environment: Environment, faults: string[]): string | undefined {
  const direct = environment[name];
  const secretFile = environment[`${name}_FILE`];
  if (direct !== undefined && direct !== '') {
    if (secretFile !== undefined) faults.push(`${name} and ${name}_FILE are both set; keep one`);
    return direct;
  }
  if (secretFile === undefined || secretFile === '') return undefined;
  try {
    return readFileSync(secretFile, 'utf8').trim();
  } catch (error) {
    faults.push(`${name}_FILE names ${secretFile}, which cannot be read: ${(error as Error).message}`);
    return undefined;
  }
}

function namedVariables(environment: Environment): [string, readonly string[]][] {
  const names = new Set(Object.keys(environment).map((name) => name.replace(/_FILE$/, '')));
  return [...names].flatMap((name): [string, readonly string[]][] => {
    const [, kind = '', owner = '', key = ''] = namedSecret.exec(name) ?? [];
    if (owner === '') return [];
    const member = key === 'CLIENT_SECRET' ? 'clientSecret' : key.toLowerCase();
    return [[name, [sections[kind] ?? '', owner.toLowerCase().replaceAll('_', '-'), member]]];
  });
}

function assign(settings: Record<string, unknown>, path: readonly string[], text: string): void {
  const key = path.at(-1) ?? '';
  let section = settings;
  for (const name of path.slice(0, -1)) {
    section[name] ??= {};
    section = section[name] as Record<string, unknown>;
  }
  section[key] = valueOf(key, text);
}

const numeric = new Set('port days megabytes replicas leaseSeconds messagesPerSecond burst sockets batch targetMs'.split(' '));

/** Ports are numbers, several of them, roles and other lists apart by commas; a switch is `true` or `false`. What is neither is refused by the schema. */
function valueOf(key: string, text: string): unknown {
  const number = (part: string): unknown => (/^\d+$/.test(part.trim()) ? Number(part) : part.trim());
  if (numeric.has(key)) return number(text);
  if (['roles', 'reach', 'certificates'].includes(key)) return text.split(',').map((part) => part.trim());
  if (key === 'ports') return text.split(',').map(number);
  return ['commands', 'trustProxy'].includes(key) && /^(?:true|false)$/.test(text) ? text === 'true' : text;
}
