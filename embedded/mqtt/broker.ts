import { createServer, isIPv6, type AddressInfo, type Server, type Socket } from 'node:net';
import { Aedes, type AuthenticateError, type AuthorizePublishHandler } from 'aedes';
import type { Logger } from 'pino';
import { filterTakes } from '../../core/source/topic-filter.ts';
import { createGate, type Gate } from './gate.ts';
import { limitPackets } from './packet-limit.ts';
import { isUser, type MqttUser } from './users.ts';

/** MQTT's own limit is 256 MB; no sensor needs a thousandth of that. */
const LARGEST_PACKET_BYTES = 1024 * 1024;
/** While so many messages wait for the disk, new connections are refused: memory stays bounded, senders try again. */
const MOST_WAITING = 10_000;

export interface AcceptedMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  /** ISO 8601 UTC with milliseconds. */
  readonly receivedAt: string;
}

export interface MqttBrokerOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** Without users anyone on `host` may connect. */
  readonly users?: readonly MqttUser[];
  /** MQTT topic filters of the messages that go to `accept`; all others are only passed to subscribers. */
  readonly topics: readonly string[];
  /** Resolves when the message is safe; only then its PUBACK (PUBREC for QoS 2) leaves. Many calls run at the same time. */
  accept(message: AcceptedMessage): Promise<void>;
  readonly logger: Logger;
}

export interface MqttBroker {
  readonly port: number;
  /** `mqtt://host:port` */
  readonly url: string;
  /** To whoever subscribed; default QoS 0. */
  publish(topic: string, payload: Uint8Array, qos?: 0 | 1): void;
  close(): Promise<void>;
}

/**
 * An MQTT 3.1/3.1.1 broker in this process. A message of `topics` is acknowledged only after `accept` resolved: aedes asks
 * `authorizePublish` before it writes a PUBACK, stores a QoS 2 message or passes anything on, and there each message waits.
 * aedes handles all packets of one read at the same time, so many messages of one sender wait for one commit together.
 */
export async function startMqttBroker(options: MqttBrokerOptions): Promise<MqttBroker> {
  const host = options.host ?? '127.0.0.1';
  const gate = createGate(options.logger);
  const users = options.users;
  const aedes = await Aedes.createBroker({
    preConnect: (_client, _packet, callback) => callback(null, gate.waiting() < MOST_WAITING),
    authenticate: (_client, username, password, callback) => {
      if (users === undefined || isUser(users, username, password)) callback(null, true);
      else callback(badCredentials(), false);
    },
    authorizePublish: publishPolicy(options, gate),
  });
  aedes.on('clientError', (client, error) => options.logger.debug({ client: client.id, reason: error.message }, 'MQTT connection failed'));
  aedes.on('connectionError', (_client, error) => options.logger.debug({ reason: error.message }, 'MQTT connection failed'));

  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.setNoDelay(true);
    limitPackets(socket, LARGEST_PACKET_BYTES, (announced) => {
      options.logger.warn({ peer: socket.remoteAddress, announced, limit: LARGEST_PACKET_BYTES }, 'MQTT packet too large, connection cut');
    });
    aedes.handle(socket);
  });
  const port = await listen(server, host, options.port).catch((error: unknown) => {
    aedes.close();
    throw error;
  });
  return {
    port,
    url: `mqtt://${isIPv6(host) ? `[${host}]` : host}:${port}`,
    publish(topic, payload, qos = 0) {
      aedes.publish({ cmd: 'publish', topic, payload: Buffer.from(payload), qos, retain: false, dup: false }, () => undefined);
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      await gate.stop();
      await new Promise<void>((resolve) => aedes.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function publishPolicy(options: MqttBrokerOptions, gate: Gate): AuthorizePublishHandler {
  const filters = options.topics.map((filter) => filter.split('/'));
  return (client, packet, callback) => {
    if (packet.topic.startsWith('$SYS/')) {
      callback(new Error('topics below $SYS/ belong to the broker'));
      return;
    }
    // The broker's own messages and wills of a former process have no client.
    const publisher = client ?? { closed: false };
    const levels = packet.topic.split('/');
    const wanted = filters.some((filter) => filterTakes(filter, levels));
    if (!wanted) {
      const turn = gate.follow(publisher);
      if (turn === undefined) callback(null);
      else void turn.then((passed) => passed && callback(null));
      return;
    }
    const message: AcceptedMessage = {
      topic: packet.topic,
      payload: typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload,
      receivedAt: new Date().toISOString(),
    };
    // The last will of a closed connection comes this way too, and nobody will send it again.
    const acknowledged = packet.qos > 0 && !publisher.closed;
    void gate.pass(publisher, () => options.accept(message), acknowledged).then((passed) => passed && callback(null));
  };
}

function badCredentials(): AuthenticateError {
  // 4 of MQTT 3.1.1, 3.2.2.3; aedes exports its codes as a const enum, which isolated modules cannot read.
  return Object.assign(new Error('bad user name or password'), { returnCode: 4 });
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}
