/** The whole process put together from its parts: the one place that knows core, embedded brokers and plug-ins. */
import { mkdirSync } from 'node:fs';
import { Router as createRouter, type Router } from 'express';
import { Registry } from 'prom-client';

import { openCommandLedger } from '../core/command/ledger.ts';
import { wallClock } from '../core/clock.ts';
import { createBrokerClient } from '../core/deliver/client.ts';
import { createDeliverer, type Deliverer } from '../core/deliver/deliverer.ts';
import { fencedClient } from '../core/deliver/fenced.ts';
import { contextFor } from '../core/entity/contexts.ts';
import { ConfigError } from '../core/errors.ts';
import type { Outbox } from '../core/outbox/outbox.ts';
import { version } from '../core/paths.ts';
import { tenantOf, type AgentKnowledge, type Passage } from '../core/pipeline.ts';
import type { MqttMessage } from '../core/plugin.ts';
import { commandActor, fingerprint, openAudit } from '../core/service/audit.ts';
import type { Config, Role } from '../core/service/config.ts';
import { startDoor, startHttp, type Check, type HttpServer } from '../core/service/http.ts';
import { createIngest } from '../core/service/ingest.ts';
import type { LoadedKnowledge } from '../core/service/knowledge.ts';
import { lockDataDir } from '../core/service/lock.ts';
import type { Logger } from '../core/service/log.ts';
import { ownCertificates, watchCertificates } from '../core/service/certificates.ts';
import { createMetrics, type Metrics } from '../core/service/metrics.ts';
import { RateLimit } from '../core/service/rate.ts';
import { createClockGuard } from '../core/source/clock-guard.ts';
import { createIntake, type Intake, type IntakeOptions } from '../core/source/intake.ts';
import { refuseHalfRestored } from './backup/place.ts';
import { brokerOf } from './broker.ts';
import { contextUrlOf } from './context-url.ts';
import { startDevices, type RunningDevices } from './devices.ts';
import { checkIssuers } from './issuers.ts';
import { messageKeeper, openJournalOf } from './journal.ts';
import { mqtt, type Publish } from './mqtt.ts';
import { watchShard } from './outbox-metrics.ts';
import { openOwnOutbox, type OwnOutbox } from './outbox.ts';
import { startProvisioning } from './provisioning.ts';
import { reachesOf } from './reach.ts';
import { registerCommands } from './registrar.ts';
import { keepLettersWithin } from './retention.ts';
import { startAdapters } from './running-adapters.ts';
import { prepareSharing } from './sharing.ts';
import { closeAll } from './stop.ts';

const lockPatienceMs = 1_000;

export interface Running {
  readonly urls: { readonly broker: string; readonly mqtt: string; readonly http: string; readonly gateway?: string };
  readonly outbox: Outbox;
  readonly deliverer: Deliverer;
  /** Aborted when another process has the shard: this one must end. Left out where that cannot be. */
  readonly lost?: AbortSignal;
  /** Ends everything in the order of the line; what is not delivered stays in the outbox. */
  stop(): Promise<void>;
}

/** What to run: `everything`, or the `delivery` alone for a command that publishes once. */
export type Scope = 'everything' | 'delivery';

/** @throws {ConfigError} when the data folder, a port or a file does not allow it. Nothing is left running then. */
export async function startUp(config: Config, knowledge: LoadedKnowledge, log: Logger, scope: Scope = 'everything'): Promise<Running> {
  const closers: (() => void | Promise<void>)[] = [];
  const stop = (): Promise<void> => closeAll(closers, log);
  try {
    return { ...(await start(config, knowledge, log, scope, closers)), stop };
  } catch (error) {
    await stop();
    throw isPortTaken(error) ? portTaken(error, config) : error;
  }
}

async function start(
  config: Config,
  knowledge: LoadedKnowledge,
  log: Logger,
  scope: Scope,
  closers: (() => void | Promise<void>)[],
): Promise<Omit<Running, 'stop'>> {
  const clock = wallClock;
  const plays = (role: Role): boolean => scope === 'everything' && config.roles.includes(role);
  if (plays('gateway')) checkIssuers(config);
  mkdirSync(config.dataDir, { recursive: true });
  const release = lockDataDir(config.dataDir, lockPatienceMs);
  if (release === undefined)
    throw new ConfigError(`the data folder ${config.dataDir} is in use by another klavze; stop it or set KLAVZE_DATA_DIR`);
  closers.push(release);
  refuseHalfRestored(config.dataDir);

  const own = await openOwnOutbox(config, log, clock, closers, (checks) =>
    serve(config, knowledge, new Registry(), () => Object.fromEntries(Object.entries(checks).map(([name, check]) => [name, check()])), {}),
  );
  const { outbox } = own;
  const lost = own.right === undefined ? {} : { lost: own.right.lost };
  // HTTP answers before the rest is up: what is not there yet is not ready.
  const notYet = (): Check => ({ ok: false, detail: 'not started yet' });
  const checks: Record<string, () => Check> = {
    outbox: () =>
      outbox.writable ? { ok: true, detail: 'writable' } : { ok: false, detail: 'it cannot be written; nothing is acknowledged' },
    broker: notYet,
    ...(plays('agents') && { mqtt: notYet }),
  };

  const allChecks = () => Object.fromEntries(Object.entries(checks).map(([name, check]) => [name, check()]));
  const audit = openAudit({ folder: config.dataDir, clock, logger: log });
  const metrics = createMetrics({ outbox, clock, dataDir: config.dataDir, checks: allChecks });
  watchShard(own, metrics.registry);

  // HTTP is up before the line is: what is posted meanwhile is asked to come again.
  const line: {
    take?: (message: MqttMessage) => Promise<Passage>;
    publish?: Publish;
    find?: RunningDevices['find'];
    all?: RunningDevices['all'];
  } = {};
  const commandLedger = openCommandLedger(outbox.state);
  const takePosted = (message: MqttMessage) => (outbox.writable ? line.take?.(message) : undefined);
  const ingest = createIngest({ sources: config.ingest, envelopes: knowledge.agents.envelopes, accept: takePosted, clock });
  const send = (topic: string, payload: Uint8Array): true | undefined => {
    return line.publish?.(topic, payload, 1) === true ? true : undefined;
  };
  const {
    router: iot,
    commands,
    provisioned,
    commanded,
    onChanged,
  } = startProvisioning(config, takePosted, send, outbox, clock, log, metrics.commanded, {
    find: (id) => line.find?.(id),
    devices: () => line.all?.() ?? [],
    tenantOf: (device) => tenantOf(device, knowledge),
    envelopes: knowledge.agents.envelopes,
    ledger: commandLedger,
    reach: reachesOf(config, []).devices,
    audit,
  });
  // What is there only once the broker is.
  const doors = createRouter();
  const taking: Record<string, Router> = plays('agents') ? { '/ingest': ingest, '/iot': iot, '/': commands } : {};
  const http = await serve(config, knowledge, metrics.registry, allChecks, { ...taking, '/sharing': doors });
  closers.push(() => http.close());
  for (const port of plays('agents') ? config.provisioning.ports : []) {
    const door = await startDoor(config.http.host, port, { '/iot': iot, '/': commands });
    closers.push(() => door.close());
  }
  const brokerUrl = await brokerOf(config, [http.url], log, closers);
  const certificates = [...ownCertificates(process.cwd(), process.env), ...config.certificates];
  watchCertificates(metrics.registry, () => certificates);
  if (plays('sharing')) {
    const at = { broker: brokerUrl, http: http.url };
    const sharing = prepareSharing(config, knowledge, at, metrics.registry, clock, log, closers);
    if (sharing !== undefined) {
      certificates.push(...sharing.certificates);
      closers.push(() => sharing.stop());
      doors.use(sharing.router);
      sharing.start();
    }
  }
  const deliverer = deliver(config, knowledge, own, brokerUrl, http.url, metrics, log);
  closers.push(() => deliverer.stop());
  checks['broker'] = () => {
    const { state, lastError } = deliverer.status();
    return { ok: state === 'ready', detail: state === 'ready' ? brokerUrl : `${state}: ${lastError ?? 'not started'}` };
  };
  deliverer.start();

  const { openGateway } = plays('gateway') ? await import('./gateway.ts') : {};
  const gateway = await openGateway?.(config, knowledge, { broker: brokerUrl, http: http.url }, metrics.registry, log, closers);
  const doorsOpen = { broker: brokerUrl, mqtt: '', http: http.url, ...(gateway !== undefined && { gateway: gateway.url }) };
  const running = { urls: doorsOpen, outbox, deliverer, ...lost };
  if (scope === 'delivery') return running;
  audit({ action: 'start', actor: commandActor(), detail: { version, roles: config.roles.join(','), configuration: fingerprint(config) } });
  for (const fault of knowledge.agents.faults) log.error({ decodersDir: config.decodersDir }, fault);
  const guard = createClockGuard({ state: outbox.state, logger: log });
  const looking = setInterval(() => guard.look(), 10_000).unref();
  closers.push(() => clearInterval(looking));
  keepLettersWithin(config, outbox, metrics, audit, log, closers);
  const journal = openJournalOf(config, log, metrics);
  closers.push(() => journal?.close());
  if (plays('adapters')) startAdapters(config, { ...knowledge, latest: guard.latest }, own, metrics, clock, log, journal, closers);
  if (!plays('agents')) return running;
  const devices = startDevices(config, knowledge, own, metrics, clock, log, audit, closers);
  const agentKnowledge: AgentKnowledge = {
    ...knowledge,
    ...knowledge.agents,
    device: devices.device,
    partsOf: devices.partsOf,
    provisioned,
    commandOf: commandLedger.commandOf,
    latest: guard.latest,
    ...(own.owns !== undefined && { owns: own.owns }),
  };
  line.find = devices.find;
  line.all = devices.all;
  const keepMessage = messageKeeper(journal, knowledge, devices);
  const onPassage = (plugin: string, passage: Passage, message: MqttMessage): void => {
    const { topic } = message;
    metrics.passed(plugin, passage);
    devices.passed(passage);
    keepMessage(message, passage);
    const commanded = passage.devices.filter((id) => devices.find(id)?.commands !== undefined);
    if (commanded.length > 0) commandLedger.heard(plugin.replace('agents/envelopes/', ''), topic, commanded);
  };
  const { messagesPerSecond: perSecond, burst } = config.limits;
  const intake = {
    knowledge: agentKnowledge,
    outbox: metrics.timed(outbox),
    limit: perSecond === 0 ? undefined : new RateLimit({ perSecond, burst }),
    onPassage,
    publish: (topic: string, payload: Uint8Array) => void line.publish?.(topic, payload),
  };
  const take = createIntake(intake);
  line.take = own.owns === undefined ? take : takeAll(own, intake);
  const { url: mqttUrl, publish } = await mqtt(config, knowledge, outbox, take, deliverer.isBehind, checks, log, closers);
  line.publish = publish;
  if (config.provisioning.commands) {
    const registrar = registerCommands(config, knowledge.models, outbox, { broker: brokerUrl, http: http.url }, commanded, log);
    onChanged(registrar.changed);
    closers.push(() => registrar.stop());
  }
  return { ...running, urls: { ...running.urls, mqtt: mqttUrl } };
}

/** What is posted to one of several processes may be any device's: it goes to the process that has it. */
function takeAll({ lineOf }: OwnOutbox, intake: IntakeOptions): Intake {
  const { owns: _all, ...knowledge } = intake.knowledge;
  return createIntake({ ...intake, knowledge, route: ({ devices }, topic) => lineOf(devices[0] ?? topic) });
}

function serve(
  config: Config,
  { models }: LoadedKnowledge,
  registry: Registry,
  checks: () => Readonly<Record<string, Check>>,
  routers: Readonly<Record<string, Router>>,
): Promise<HttpServer> {
  return startHttp({
    ...config.http,
    routers,
    registry,
    subjects: [...models.subjects.keys()],
    context: (subject) => (models.subjects.has(subject) ? contextFor(subject, models) : undefined),
    checks,
  });
}

function deliver(
  config: Config,
  { models }: LoadedKnowledge,
  { outbox, right }: OwnOutbox,
  brokerUrl: string,
  ownUrl: string,
  metrics: Metrics,
  log: Logger,
): Deliverer {
  const { tenant, token, forbiddenCharacters } = config.broker;
  const { sockets, batch, targetMs, coalesce } = config.delivery;
  const contexts = new Map([...models.subjects.values()].map((subject) => [subject.name, contextUrlOf(config, subject, ownUrl)]));
  const client = createBrokerClient({
    url: brokerUrl,
    maxSockets: sockets,
    ...(tenant === undefined ? {} : { tenant }),
    ...(token === undefined ? {} : { token: () => token }),
    ...(right === undefined ? {} : { mayWrite: right.isHeld }),
  });
  return createDeliverer({
    outbox,
    logger: log,
    client: right === undefined ? client : fencedClient(client, right),
    contextOf: ({ type }) => contexts.get(models.types.get(type)?.subject ?? '') ?? '',
    forbiddenCharacters,
    coalesce,
    lanes: sockets,
    batchEntities: Math.min(200, batch),
    mostBatchEntities: batch,
    targetMs,
    observer: {
      delivered: metrics.delivered,
      requested: metrics.requested,
    },
  });
}

function isPortTaken(error: unknown): error is Error & { port: number } {
  return (error as { code?: string }).code === 'EADDRINUSE';
}

function portTaken(error: Error & { port: number }, config: Config): ConfigError {
  const variables = (['mqtt', 'broker', 'http', 'gateway'] as const)
    .filter((part) => config[part].port === error.port)
    .map((part) => `KLAVZE_${part.toUpperCase()}_PORT`);
  if (config.provisioning.ports.includes(error.port)) variables.push('KLAVZE_PROVISIONING_PORTS');
  return new ConfigError(
    `port ${error.port} is taken by another program; set ${variables.join(' or ')} to another, or stop that program`,
    [],
    {
      cause: error,
    },
  );
}
