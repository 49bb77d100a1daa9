import { accessSync, constants, existsSync, mkdirSync, statfsSync } from 'node:fs';
import { createServer } from 'node:net';
import { Command } from 'commander';

import { loadAxios } from '../../core/service/axios.ts';
import { certificateWarningDays, endOfCertificate, ownCertificates } from '../../core/service/certificates.ts';
import { lastBackup } from '../../core/service/backup-mark.ts';
import { loadConfig, unknownVariables, type Config } from '../../core/service/config.ts';
import { lockDataDir } from '../../core/service/lock.ts';
import { loadKnowledge } from '../../core/service/knowledge.ts';
import { contextUrlOf } from '../context-url.ts';
import { checkIssuers } from '../issuers.ts';
import { CommandFailure, exitCodes } from '../exit.ts';
import { readDevices } from '../files.ts';
import { trustAdvice } from '../trust.ts';
import { printRows } from './table.ts';

const patienceMs = 5_000;
const leastFreeBytes = 500_000_000;
const mostClockDriftMs = 60_000;

/** One finding: `detail` says how well it is, or what is wrong and what to do. */
interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
}

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('check configuration, plug-ins, MQTT, broker, context, disk and clock without consuming a message')
    .option('--config <file>', 'configuration file (default klavze.yaml)')
    .option('--json', 'print JSON')
    .action(async (options: { config?: string; json?: boolean }) => {
      const findings = await examine(options.config);
      printRows(
        findings.map(({ check, ok, detail }) =>
          options.json === true ? { check, ok, detail } : { check, result: ok ? 'ok' : 'FAILED', detail },
        ),
        options.json === true,
      );
      const failed = findings.filter((finding) => !finding.ok);
      if (failed.length === 0) return;
      const isConfiguration = failed.some(({ check }) => ['configuration', 'devices', 'plug-ins'].includes(check));
      throw new CommandFailure(
        isConfiguration ? exitCodes.configuration : exitCodes.unavailable,
        `${failed.length} of ${findings.length} checks failed: ${failed.map(({ check }) => check).join(', ')}`,
      );
    });
}

async function examine(path: string | undefined): Promise<Finding[]> {
  let config: Config;
  try {
    config = loadConfig(process.env, process.cwd(), path);
  } catch (error) {
    return [{ check: 'configuration', ok: false, detail: (error as Error).message }];
  }
  const misspelt = unknownVariables(process.env);
  const configuration: Finding = {
    check: 'configuration',
    ok: true,
    detail: misspelt.length === 0 ? 'valid' : `valid; nothing reads ${misspelt.join(', ')}, check the spelling`,
  };
  // It may come up meanwhile.
  const running = (): boolean => isRunning(config);
  return [
    configuration,
    await attempt('plug-ins', () => plugIns(config)),
    await attempt('devices', () => devices(config)),
    await attempt('disk', () => Promise.resolve(disk(config))),
    await attempt('backup', () => Promise.resolve(backup(config))),
    await attempt('certificates', () => certificates(config)),
    ...(config.outbox.url === undefined ? [] : [await attempt('nats', () => nats(config, config.outbox.url ?? ''))]),
    await attempt('mqtt', () => (config.mqtt.url === undefined ? port('mqtt', config.mqtt, running) : remoteMqtt(config, config.mqtt.url))),
    await attempt('broker', () =>
      config.broker.url === undefined ? port('broker', config.broker, running) : remoteBroker(config.broker.url),
    ),
    await attempt('http', () => port('http', config.http, running)),
    await attempt('context', () => context(config, running)),
    ...(config.roles.includes('gateway') ? [await attempt('gateway', () => gateway(config, running))] : []),
    await attempt('clock', () => clock(config)),
  ];
}

async function attempt(check: string, examination: () => Promise<string>): Promise<Finding> {
  try {
    return { check, ok: true, detail: await examination() };
  } catch (error) {
    return { check, ok: false, detail: (error as Error).message };
  }
}

/** Another process holds the data folder: `klavze up` runs there. */
function isRunning(config: Config): boolean {
  if (!existsSync(config.dataDir)) return false;
  const release = lockDataDir(config.dataDir);
  release?.();
  return release === undefined;
}

async function plugIns(config: Config): Promise<string> {
  const { agents, adapters } = await loadKnowledge(config);
  if (agents.faults.length > 0) throw new Error(agents.faults.join('; '));
  const unknown = Object.keys(config.adapters).filter((name) => !adapters.has(name));
  if (unknown.length > 0) {
    throw new Error(`the configuration names the adapter "${unknown.join('", "')}"; known: ${[...adapters.keys()].join(', ')}`);
  }
  return `${agents.envelopes.length} envelopes, ${agents.decoders.size} decoders, ${agents.families.size} families, ${adapters.size} adapters`;
}

async function devices(config: Config): Promise<string> {
  if (!existsSync(config.devices)) return `no registry at ${config.devices}: every message will wait as unknown_device`;
  return `${readDevices(config, await loadKnowledge(config)).size} devices in ${config.devices}`;
}

function disk(config: Config): string {
  mkdirSync(config.dataDir, { recursive: true });
  accessSync(config.dataDir, constants.W_OK);
  const { bavail, bsize } = statfsSync(config.dataDir);
  const free = bavail * bsize;
  if (free < leastFreeBytes)
    throw new Error(`only ${megabytes(free)} free in ${config.dataDir}; make room: at least ${megabytes(leastFreeBytes)}`);
  return `${config.dataDir} is writable, ${megabytes(free)} free`;
}

/** Age is not judged here: how often is the operator's choice. */
function backup(config: Config): string {
  const at = lastBackup(config.dataDir);
  if (at === undefined) return 'none was made yet: docs/operate.md#backup-and-restore';
  return `the newest was made ${new Date(at).toISOString()}, ${Math.floor((Date.now() - at) / 86_400_000)} days ago`;
}

async function certificates(config: Config): Promise<string> {
  const places = [...new Set([...ownCertificates(process.cwd(), process.env), ...config.certificates])];
  if (places.length === 0) return 'none to watch';
  const ends = await Promise.all(places.map(async (place) => ({ place, end: await endOfCertificate(place) })));
  const missing = ends.filter(({ end }) => end === 0).map(({ place }) => place);
  if (missing.length > 0)
    throw new Error(`no certificate can be had of ${missing.join(', ')}; check KLAVZE_CERTIFICATES and NODE_EXTRA_CA_CERTS`);
  const soon = ends.filter(({ end }) => end * 1_000 < Date.now() + certificateWarningDays * 86_400_000).map(told);
  if (soon.length > 0) throw new Error(`${soon.join(', ')}; renew: docs/operate.md#certificates`);
  return `${places.length} watched, the first to end: ${told(ends.reduce((first, one) => (one.end < first.end ? one : first)))}`;
}

function told({ place, end }: { readonly place: string; readonly end: number }): string {
  return `${place} ${end * 1_000 < Date.now() ? 'ended' : 'ends'} ${new Date(end * 1_000).toISOString().slice(0, 10)}`;
}

/** Its libraries are loaded only where they are needed. */
async function nats(config: Config, url: string): Promise<string> {
  const { examineOutbox } = await import('../outbox.ts');
  return examineOutbox(config, url);
}

async function port(name: string, at: { readonly host: string; readonly port: number }, running: () => boolean): Promise<string> {
  const ours = `embedded, running on ${at.host}:${at.port}`;
  if (running()) return ours;
  const isFree = await new Promise<boolean>((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(at.port, at.host, () => server.close(() => resolve(true)));
  });
  if (isFree) return `embedded, ${at.host}:${at.port} is free`;
  if (running()) return ours;
  throw new Error(`port ${at.port} on ${at.host} is taken by another program; set KLAVZE_${name.toUpperCase()}_PORT or stop it`);
}

async function remoteMqtt(config: Config, url: string): Promise<string> {
  const { username, password } = config.mqtt;
  const { default: mqtt } = await import('mqtt');
  const client = mqtt.connect(url, {
    username,
    password,
    reconnectPeriod: 0,
    connectTimeout: patienceMs,
    clientId: `klavze-doctor-${process.pid}`,
  });
  try {
    await new Promise<void>((resolve, reject) => {
      client.once('connect', () => resolve());
      client.once('error', (error) =>
        reject(new Error(`${url}: ${error.message}; ${adviceOr('check KLAVZE_MQTT_URL, user name and password', error)}`)),
      );
      client.once('close', () => reject(new Error(`${url} cannot be reached; is the MQTT broker running?`)));
    });
  } finally {
    client.end(true);
  }
  return `${url} accepts the connection`;
}

async function remoteBroker(url: string): Promise<string> {
  const answer = await get(`${url}/ngsi-ld/v1/types?limit=1`).catch((error: unknown) => {
    const advice = adviceOr('is the NGSI-LD broker running? check KLAVZE_BROKER_URL', error);
    throw new Error(`${url} cannot be reached (${(error as Error).message}); ${advice}`);
  });
  // A tenant without entities yet is unknown to some brokers.
  if (answer.status === 200 || answer.status === 404) return `${url} answers`;
  throw new Error(`${url} answers ${answer.status} to GET /ngsi-ld/v1/types; check KLAVZE_BROKER_URL, KLAVZE_BROKER_TOKEN and the tenant`);
}

async function context(config: Config, running: () => boolean): Promise<string> {
  const { models } = await loadKnowledge();
  const own = config.broker.contextUrl === undefined;
  if (own && !running()) return 'served by klavze itself while it runs';
  const urls = [...models.subjects.values()].map((subject) =>
    contextUrlOf(config, subject, `http://${config.http.host}:${config.http.port}`),
  );
  for (const url of urls) {
    const answer = await get(url).catch((error: unknown) => {
      throw new Error(`${url} cannot be fetched from here (${(error as Error).message}); ${adviceOr('check KLAVZE_CONTEXT_URL', error)}`);
    });
    const body = answer.data as { '@context'?: unknown } | undefined;
    if (answer.status !== 200 || body?.['@context'] === undefined)
      throw new Error(`${url} answers ${answer.status} without an @context; check KLAVZE_CONTEXT_URL`);
  }
  return `${urls.length} contexts can be fetched from here; the broker must reach them too`;
}

/** Port and issuers of the gateway: without their keys no token counts. */
async function gateway(config: Config, running: () => boolean): Promise<string> {
  checkIssuers(config);
  const { issuers } = config.gateway;
  for (const { issuer, jwksUrl } of issuers) {
    const url = jwksUrl ?? `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const answer = await get(url).catch((error: unknown) => {
      const advice = adviceOr('check gateway.issuers', error);
      throw new Error(`${url} cannot be fetched (${(error as Error).message}); ${advice}; tokens of ${issuer} would not count`);
    });
    const { keys, issuer: said } = (answer.data ?? {}) as { readonly keys?: unknown; readonly issuer?: unknown };
    if (jwksUrl === undefined ? said !== issuer : !Array.isArray(keys))
      throw new Error(
        `${url} does not answer as the provider ${issuer} would; check issuer (letter for letter as in the claim iss) and jwksUrl`,
      );
  }
  const tokens =
    issuers.length === 0 ? 'open data only, no issuer of tokens is set' : `tokens of ${issuers.map(({ issuer }) => issuer).join(', ')}`;
  return `${tokens}; ${await port('gateway', config.gateway, running)}`;
}

/** Compares with the `Date` header of a broker elsewhere; without one, only an impossible time is found. */
async function clock(config: Config): Promise<string> {
  const now = Date.now();
  if (new Date(now).getUTCFullYear() < 2025)
    throw new Error(`this machine believes it is ${new Date(now).toISOString()}; set the clock (timedatectl set-ntp true)`);
  if (config.broker.url === undefined) return new Date(now).toISOString();
  const answer = await get(`${config.broker.url}/version`).catch(() => undefined);
  const date = Date.parse(String(answer?.headers['date'] ?? ''));
  if (Number.isNaN(date)) return `${new Date(now).toISOString()}; it could not be compared with the broker's`;
  const drift = Math.abs(date - now);
  if (drift > mostClockDriftMs)
    throw new Error(`this machine and the broker differ by ${Math.round(drift / 1000)} s; set both clocks (timedatectl set-ntp true)`);
  return `${new Date(now).toISOString()}, within ${Math.ceil(drift / 1000)} s of the broker`;
}

function adviceOr(usual: string, error: unknown): string {
  return trustAdvice(error, process.env) ?? usual;
}

async function get(url: string) {
  const axios = await loadAxios();
  return axios.get<unknown>(url, { timeout: patienceMs, validateStatus: () => true, maxContentLength: 1_000_000 });
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
