import { jetstreamManager, type JetStreamManager, type StreamInfo } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';

import { shardName, type Shard } from '../shard.ts';
import { namesOf, serversOf, shown } from './cluster.ts';

export interface ExamineOptions {
  readonly url: string;
  readonly replicas: number;
  readonly prefix: string;
  readonly shard: Shard;
}

const patienceMs = 5_000;
/** Refused payloads up to 900 kB are kept whole from here on. */
const enoughPayload = 2_000_000;

/**
 * Looks at NATS and the streams of a shard without changing anything; says how it is. @throws {Error} whose message says what is wrong and
 * what to do.
 */
export async function examineNats(options: ExamineOptions): Promise<string> {
  const at = shown(options.url);
  const connection = await connect({ ...serversOf(options.url), maxReconnectAttempts: 0, timeout: patienceMs }).catch((error: unknown) => {
    throw new Error(
      `${at} cannot be reached (${(error as Error).message}); is nats-server running? check KLAVZE_OUTBOX, user and password`,
    );
  });
  try {
    const { version = '', max_payload: payload = 0 } = connection.info ?? {};
    const jsm = await jetstreamManager(connection, { timeout: patienceMs });
    await jsm.getAccountInfo().catch((error: unknown) => {
      throw new Error(
        `${at} has no JetStream (${(error as Error).message}); start nats-server with -js or a jetstream block, as deploy/cluster/nats.conf`,
      );
    });
    if (isBefore(version, 2, 9)) throw new Error(`${at} is nats-server ${version}; 2.9 or newer is needed`);
    const streams = await streamsOf(jsm, options.prefix);
    const strangers = streams.filter(({ config, state }) => !config.name.endsWith(`-of-${options.shard.of}`) && state.messages > 0);
    if (strangers.length > 0) throw new Error(strangers.map(strangerWords).join('; '));
    const small = payload < enoughPayload ? `; max_payload is ${payload}: large refused payloads are kept cut off` : '';
    return `${at}, nats-server ${version}; ${ownWords(streams, options)}${small}`;
  } finally {
    await connection.close();
  }
}

async function streamsOf(jsm: JetStreamManager, prefix: string): Promise<StreamInfo[]> {
  const found: StreamInfo[] = [];
  for await (const stream of jsm.streams.list()) if (stream.config.name.startsWith(`${prefix}-outbox-`)) found.push(stream);
  return found;
}

function strangerWords({ config, state }: StreamInfo): string {
  const [, index, of] = /-(\d+)-of-(\d+)$/.exec(config.name) ?? [];
  return `${state.messages} messages wait in ${config.name}, of another number of shards: run klavze with KLAVZE_SHARD=${index}/${of} until it is empty`;
}

function ownWords(streams: readonly StreamInfo[], { prefix, shard, replicas }: ExamineOptions): string {
  const { stream: name } = namesOf(prefix, shard);
  const stream = streams.find(({ config }) => config.name === name);
  if (stream === undefined) return `shard ${shardName(shard)} has no stream yet; klavze up makes it`;
  const { state, config } = stream;
  const copies =
    config.num_replicas === replicas
      ? ''
      : `; it has ${config.num_replicas} copies, KLAVZE_OUTBOX_REPLICAS says ${replicas}: nats stream edit`;
  const since = state.messages === 0 ? '' : `, the oldest of ${new Date(state.first_ts).toISOString()}`;
  return `${state.messages} messages wait in ${name}${since}${copies}`;
}

function isBefore(version: string, major: number, minor: number): boolean {
  const [ofMajor = 0, ofMinor = 0] = version.split('.').map(Number);
  return ofMajor < major || (ofMajor === major && ofMinor < minor);
}
