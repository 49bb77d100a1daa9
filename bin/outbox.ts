/** Which outbox the configuration names: a file in the data folder, or a shard in NATS that several processes share. */
import { hostname } from 'node:os';
import { join } from 'node:path';

import type { Right } from '../core/deliver/fenced.ts';
import { ConfigError } from '../core/errors.ts';
import type { Cluster } from '../core/outbox/jetstream/cluster.ts';
import type { Guard, Lease } from '../core/outbox/jetstream/lease.ts';
import type { Outbox } from '../core/outbox/outbox.ts';
import { onlyShard, parseShard, shardName, shardOfKey, type Shard } from '../core/outbox/shard.ts';
import { openSqliteOutbox } from '../core/outbox/sqlite.ts';
import type { Instant } from '../core/plugin.ts';
import type { Config } from '../core/service/config.ts';
import type { Check, HttpServer } from '../core/service/http.ts';
import type { Logger } from '../core/service/log.ts';
import { outboxFile } from './files.ts';
import { startGuard } from './guard.ts';

type Closers = (() => void | Promise<void>)[];
const loadJetStream = () => import('./jetstream.ts');
type JetStream = Awaited<ReturnType<typeof loadJetStream>>;

/** Serves health and contexts until the shard is there. */
export type Standing = (checks: Readonly<Record<string, () => Check>>) => Promise<HttpServer>;

export interface OwnOutbox {
  readonly outbox: Outbox;
  /** What is in the stream of the shard, which another process could take over; rejects when NATS does not say. Left out: there is none. */
  readonly stream?: () => Promise<{ readonly messages: number; readonly bytes: number }>;
  /** Left out where nobody else could deliver. */
  readonly right?: Right & { readonly epoch: number; readonly lost: AbortSignal; leftMs(): number };
  /** Whether a device, an adapter or a topic is this process's. Left out: all are. */
  owns?(key: string): boolean;
  /** Where what belongs to a device, an adapter or a topic is appended. */
  lineOf(key: string): Pick<Outbox, 'append'>;
}

/**
 * Opens the outbox to deliver from it. Where it is in NATS, waits until this process is the one that has the shard; meanwhile its health
 * says who has it. @throws {ConfigError} when the settings do not go together.
 */
export async function openOwnOutbox(
  config: Config,
  log: Logger,
  clock: () => Instant,
  closers: Closers,
  standing: Standing,
  guarding = startGuard,
): Promise<OwnOutbox> {
  if (config.outbox.url === undefined) {
    if (config.shard !== undefined && shardOf(config).of > 1)
      throw new ConfigError('shard (KLAVZE_SHARD) needs an outbox that the processes share: outbox.url (KLAVZE_OUTBOX)');
    const outbox = openSqliteOutbox({ path: outboxFile(config), logger: log, clock });
    closers.push(() => outbox.close());
    return { outbox, lineOf: () => outbox };
  }
  const shard = shardOf(config);
  checkSettings(config, shard);
  const jetstream = await loadJetStream();
  const cluster = await jetstream.connectCluster(clusterOptions(config, log, true));
  closers.push(() => cluster.close());
  const guard = guarding(shardName(shard), log);
  closers.push(() => guard.close());
  const lease = await standBy(config, cluster, shard, log, standing, guard, jetstream);
  closers.push(() => lease.release());
  const { right, lose } = rightOf(lease);
  const outbox = await jetstream.openJetStreamOutbox({
    cluster,
    shard,
    epoch: lease.epoch,
    isHeld: right.isHeld,
    onFenced() {
      log.error({ shard: shardName(shard) }, 'another process has taken over the shard; this one ends');
      lose();
    },
    copyFile: join(config.dataDir, 'jetstream-copy.db'),
    logger: log,
    clock,
  });
  closers.push(() => outbox.close());
  log.info({ shard: shardName(shard), epoch: lease.epoch }, 'this process has the shard');
  const lines = linesOf(cluster, shard, outbox, closers, jetstream);
  const stream = async () => (await cluster.jsm.streams.info(jetstream.namesOf(cluster.options.prefix, shard).stream)).state;
  return {
    outbox,
    right,
    stream,
    lineOf: lines,
    ...(shard.of > 1 && { owns: (key: string) => shardOfKey(key, shard.of) === shard.index }),
  };
}

/** The right that the lease gives, which also ends when the stream says that another process has the shard. */
export function rightOf(lease: Lease): { readonly right: NonNullable<OwnOutbox['right']>; lose(): void } {
  const lost = new AbortController();
  const listeners: (() => void)[] = [];
  const end = (): void => listeners.forEach((listener) => listener());
  const lose = (): void => {
    if (lost.signal.aborted) return;
    lost.abort();
    end();
  };
  lease.onEnd(end);
  lease.lost.addEventListener('abort', lose);
  const isHeld = (): boolean => lease.isHeld() && !lost.signal.aborted;
  const right = {
    epoch: lease.epoch,
    isHeld,
    leftMs: () => (isHeld() ? lease.leftMs() : 0),
    onEnd: (listener: () => void) => void listeners.push(listener),
    lost: lost.signal,
  };
  return { right, lose };
}

/**
 * The outbox for a command beside whoever delivers: appends reach the process that has the shard. Undefined where this command may deliver
 * itself: nobody has the shard.
 */
export async function openOutboxBeside(config: Config, log: Logger, isForced = false): Promise<Outbox | undefined> {
  if (config.outbox.url === undefined) return openSqliteOutbox({ path: outboxFile(config), logger: log });
  const shard = shardOf(config);
  const jetstream = await loadJetStream();
  const cluster = await jetstream.connectCluster(clusterOptions(config, log, false));
  if (!isForced && shard.of === 1 && (await jetstream.leaseHolder(cluster.leases, shard)) === undefined) {
    await cluster.close();
    return undefined;
  }
  const outbox = await jetstream.openGuestOutbox(cluster, shard, {
    copyFile: join(config.dataDir, `jetstream-${process.pid}.db`),
    logger: log,
  });
  const closers: Closers = [];
  const lines = linesOf(cluster, shard, outbox, closers, jetstream);
  return {
    ...outbox,
    append(consignment) {
      const plugin = [...consignment.publications, ...consignment.deadLetters][0]?.origin.plugin ?? '';
      const adapter = /^adapters\/(.+)$/.exec(plugin)?.[1];
      return (adapter === undefined ? outbox : lines(adapter)).append(consignment);
    },
    async close() {
      for (const close of closers) await close();
      await outbox.close();
      await cluster.close();
    },
  };
}

function shardOf({ shard }: Config): Shard {
  const parsed = shard === undefined ? onlyShard : parseShard(shard);
  if (parsed === undefined) throw new ConfigError(`shard (KLAVZE_SHARD) is "${shard}"; expected i/n with i from 0 to n-1, for example 0/2`);
  return parsed;
}

/** The MQTT session belongs to the shard: whoever takes it over gets what waits there. */
export function clientIdOf(config: Config): string {
  const shard = shardOf(config);
  return shard.of === 1 ? config.mqtt.clientId : `${config.mqtt.clientId}-${shardName(shard)}`;
}

function linesOf(
  cluster: Cluster,
  shard: Shard,
  own: Outbox,
  closers: Closers,
  { openGuestLine }: JetStream,
): (key: string) => Pick<Outbox, 'append'> {
  const lines = new Map<number, Pick<Outbox, 'append'>>([[shard.index, own]]);
  return (key) => {
    const index = shardOfKey(key, shard.of);
    let line = lines.get(index);
    if (line === undefined) {
      const guest = openGuestLine(cluster, { index, of: shard.of });
      closers.push(() => guest.close());
      lines.set(index, (line = guest));
    }
    return line;
  };
}

function checkSettings(config: Config, { of }: Shard): void {
  if (of === 1) return;
  const faults = [
    ...(config.mqtt.url === undefined ? ['mqtt.url (KLAVZE_MQTT_URL) is needed: the processes share one MQTT broker'] : []),
    ...(config.broker.url === undefined ? ['broker.url (KLAVZE_BROKER_URL) is needed: the processes share one NGSI-LD broker'] : []),
    ...(config.provisioning.token === undefined && !config.provisioning.commands
      ? []
      : ['provisioning is for one process with all devices; run it without shards']),
  ];
  if (faults.length > 0) throw new ConfigError('shard (KLAVZE_SHARD) does not go with the other settings', faults);
}

function clusterOptions(config: Config, logger: Logger, isPatient: boolean) {
  const { url = '', replicas, leaseSeconds } = config.outbox;
  return { url, replicas, prefix: prefixOf(config), leaseMs: leaseSeconds * 1_000, logger, isPatient };
}

function prefixOf({ broker }: Config): string {
  return broker.tenant === undefined ? 'klavze' : `klavze-${broker.tenant.replace(/[^\w-]/g, '_')}`;
}

/** How NATS and the shard are, for the doctor. @throws {Error} that says what to do. */
export async function examineOutbox(config: Config, url: string): Promise<string> {
  const { examineNats } = await loadJetStream();
  return examineNats({ url, replicas: config.outbox.replicas, prefix: prefixOf(config), shard: shardOf(config) });
}

/** Until the lease is there, live but not ready. */
async function standBy(
  config: Config,
  cluster: Cluster,
  shard: Shard,
  log: Logger,
  standing: Standing,
  guard: Guard,
  { takeLease }: JetStream,
): Promise<Lease> {
  const owner = `${hostname()}, process ${process.pid}`;
  const ttlMs = config.outbox.leaseSeconds * 1_000;
  let holder = 'not known yet';
  const checks = { shard: () => ({ ok: false, detail: `${shardName(shard)} stands by; it is with ${holder}` }) };
  let http: ReturnType<Standing> | undefined;
  try {
    return await takeLease({ leases: cluster.leases, shard, owner, ttlMs, logger: log, guard }, (who) => {
      holder = who;
      http ??= standing(checks);
      http.catch((error: unknown) => log.warn({ err: error }, 'health cannot be served while standing by'));
    });
  } finally {
    await http?.then(
      (server) => server.close(),
      () => undefined,
    );
  }
}
