import type { Logger } from 'pino';

import type { Done, StateStore } from '../outbox/outbox.ts';
import type { Instant, MqttMessage } from '../plugin.ts';

export interface MqttSourceOptions {
  /** `mqtt://host:1883`, `mqtts://…`, `ws://…`, `wss://…`. */
  readonly url: string;
  /** Fixed: the broker keeps what comes while we are away under this name. */
  readonly clientId: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly topics: readonly string[];
  /**
   * Calls `done` when the message is durable; only then it is acknowledged. Called with an error it closes the connection, so that the
   * message comes again. Many messages are under way at the same time.
   */
  accept(message: MqttMessage, done: Done): void;
  /** Whether what was taken in is passed on more slowly than it comes: others then have their turn more often. */
  readonly isBehind?: () => boolean;
  readonly logger: Logger;
  /** Remembers what was subscribed to, so that topics no longer wanted are given up: a persistent session keeps them. */
  readonly state?: StateStore;
  /** `auto` (default): MQTT 5, and 3.1.1 where the broker does not know it. */
  readonly protocol?: 'auto' | '5' | '3.1.1';
  /** Messages that the broker may have under way without PUBACK (MQTT 5). Default 1000. */
  readonly receiveMaximum?: number;
  /** How long the broker keeps our session while we are away (MQTT 5). Default 30 days. */
  readonly sessionExpirySeconds?: number;
  readonly clock?: () => Instant;
  readonly random?: () => number;
}

export interface MqttSourceStatus {
  /** The broker answered and granted every subscription: from now on it keeps what is published for us. */
  readonly connected: boolean;
  readonly lastError?: string;
  /** Messages that wait for the disk. */
  readonly waiting: number;
  readonly protocol: '5' | '3.1.1';
}

export interface MqttSource {
  status(): MqttSourceStatus;
  /** Default QoS 0. False, and nothing sent, while there is no connection; never sent twice, also at QoS 1. */
  publish(topic: string, payload: Uint8Array, qos?: 0 | 1): boolean;
  /** Takes nothing more, acknowledges what is safe within 5 s, leaves the session with the broker. */
  stop(): Promise<void>;
}

export const defaults = {
  receiveMaximum: 1_000,
  sessionExpirySeconds: 30 * 86_400,
  longestReconnectMs: 10_000,
  firstReconnectMs: 500,
  stopMs: 5_000,
  mostWaitingBytes: 64 * 1024 * 1024,
};
/** CONNACK codes for a protocol version that the broker does not know: 3.1.1 and 5. */
export const unknownProtocol: ReadonlySet<unknown> = new Set([1, 132]);
export const subscriptionsKey = 'core/source/mqtt/topics';
