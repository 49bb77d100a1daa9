import { AckPolicy, jetstreamManager, RetentionPolicy, StorageType, type JetStreamClient, type JetStreamManager } from '@nats-io/jetstream';
import { Kvm, type KV } from '@nats-io/kv';
import { connect, nanos, type NatsConnection } from '@nats-io/transport-node';
import type { Logger } from 'pino';

import { ConfigError, RetryableError } from '../../errors.ts';
import { shardName, type Shard } from '../shard.ts';

export interface ClusterOptions {
  /** `nats://host:4222`, several apart by commas, `tls://…`; user and password, or a token alone, before the `@`. */
  readonly url: string;
  /** Of each stream and bucket. */
  readonly replicas: number;
  /** Before all names, so that several installations can share one NATS. */
  readonly prefix: string;
  readonly leaseMs: number;
  readonly logger: Logger;
  /** Waits until NATS is there; else it is tried for 5 s. */
  readonly isPatient: boolean;
}

/** The connection to NATS with the two buckets that all shards share. */
export interface Cluster {
  readonly connection: NatsConnection;
  readonly js: JetStreamClient;
  readonly jsm: JetStreamManager;
  readonly state: KV;
  readonly leases: KV;
  readonly options: ClusterOptions;
  close(): Promise<void>;
}

export interface Names {
  readonly shard: string;
  readonly stream: string;
  /** What the owner appends, what others append, and the marks of take-overs. */
  readonly line: string;
  readonly guest: string;
  readonly take: string;
  readonly lettersStream: string;
  readonly letters: string;
}

export function namesOf(prefix: string, of: Shard): Names {
  const shard = shardName(of);
  return {
    shard,
    stream: `${prefix}-outbox-${shard}`,
    line: `${prefix}.${shard}.line`,
    guest: `${prefix}.${shard}.guest`,
    take: `${prefix}.${shard}.take`,
    lettersStream: `${prefix}-letters-${shard}`,
    letters: `${prefix}.${shard}.letters`,
  };
}

/** @throws {ConfigError} for an address that is none. @throws {RetryableError} when NATS is away and is not to be waited for. */
export async function connectCluster(options: ClusterOptions): Promise<Cluster> {
  const { logger, prefix, replicas, leaseMs } = options;
  const waiting = setTimeout(() => logger.warn({ nats: shown(options.url) }, 'NATS does not answer; waiting for it'), 5_000);
  try {
    const connection = await connect({
      ...serversOf(options.url),
      name: prefix,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 500,
      waitOnFirstConnect: options.isPatient,
      pingInterval: 10_000,
      timeout: 5_000,
    });
    const jsm = await jetstreamManager(connection, { timeout: 10_000 });
    const js = jsm.jetstream();
    const kvm = new Kvm(js);
    const state = await kvm.create(`${prefix}-state`, { history: 1, replicas, storage: StorageType.File });
    const leases = await kvm.create(`${prefix}-leases`, { history: 1, replicas, storage: StorageType.File, ttl: leaseMs });
    return { connection, js, jsm, state, leases, options, close: () => connection.close() };
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new RetryableError(`NATS with JetStream cannot be used at ${shown(options.url)}: ${(error as Error).message}`, undefined, {
      cause: error,
    });
  } finally {
    clearTimeout(waiting);
  }
}

/** Streams of a shard, made where they are missing. */
export async function ensureStreams({ jsm, options }: Cluster, names: Names): Promise<void> {
  const common = { storage: StorageType.File, num_replicas: options.replicas, duplicate_window: nanos(120_000) };
  const wanted = [
    { name: names.stream, subjects: [names.line, names.guest, names.take], retention: RetentionPolicy.Workqueue, ...common },
    { name: names.lettersStream, subjects: [names.letters], retention: RetentionPolicy.Limits, ...common },
  ];
  for (const stream of wanted) {
    const isThere = await jsm.streams.info(stream.name).then(
      () => true,
      () => false,
    );
    if (!isThere) await jsm.streams.add(stream);
  }
}

/**
 * A new consumer in the place of all others: everything that waits is handed out again, whoever had it before. Its name is new each time:
 * what an owner of before still asks for must not be handed to it.
 */
export async function renewConsumer({ jsm }: Cluster, { stream }: Names, name: string): Promise<void> {
  for await (const other of jsm.consumers.list(stream)) await jsm.consumers.delete(stream, other.name).catch(() => false);
  await jsm.consumers.add(stream, {
    durable_name: name,
    ack_policy: AckPolicy.Explicit,
    // What waits for a broker that is away is not handed out again and again.
    ack_wait: nanos(86_400_000),
    max_ack_pending: -1,
  });
}

/** @throws {ConfigError} for an address that is none. */
export function serversOf(url: string) {
  const parsed = url.split(',').map((one) => {
    if (!/^(nats|tls):\/\/[^/]/.test(one.trim()) || !URL.canParse(one.trim()))
      throw new ConfigError(`outbox.url (KLAVZE_OUTBOX) holds "${shown(one)}"; expected nats://host:4222`);
    return new URL(one.trim());
  });
  const [first] = parsed;
  const user = decodeURIComponent(first?.username ?? '');
  const pass = decodeURIComponent(first?.password ?? '');
  return {
    servers: parsed.map(({ hostname, port }) => `${hostname}:${port || 4222}`),
    ...(user !== '' && (pass === '' ? { token: user } : { user, pass })),
    ...(first?.protocol === 'tls:' && { tls: {} }),
  };
}

/** Without what is secret. */
export function shown(url: string): string {
  return url.replace(/\/\/[^@/,]*@/g, '//');
}
