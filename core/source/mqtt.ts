import { setTimeout as sleep } from 'node:timers/promises';
import type { Packet } from 'mqtt-packet';

import { wallClock } from '../clock.ts';
import { MqttLink } from './mqtt-link.ts';
import { defaults, subscriptionsKey, unknownProtocol, type MqttSource, type MqttSourceOptions } from './mqtt-options.ts';
import { startWebSocketSource } from './mqtt-websocket.ts';

export type { MqttSource, MqttSourceOptions } from './mqtt-options.ts';

/** Subscribes at QoS 1 in a persistent session and acknowledges only what is durable. Reconnects for ever; resolves before it is connected. */
export async function startMqttSource(options: MqttSourceOptions): Promise<MqttSource> {
  return /^wss?:/.test(options.url) ? startWebSocketSource(options) : startSocketSource(options);
}

function startSocketSource(options: MqttSourceOptions): MqttSource {
  const { logger, topics } = options;
  const clock = options.clock ?? wallClock;
  const random = options.random ?? Math.random;
  const receiveMaximum = options.receiveMaximum ?? defaults.receiveMaximum;
  const where = options.url.replace(/\/\/[^@/]*@/, '//');
  let lastError: string | undefined;
  let everConnected = false;
  let subscribed = false;
  let complained = false;
  let attempts = 0;
  let silentCuts = 0;
  let stopping = false;
  let timer: NodeJS.Timeout | undefined;

  const link = new MqttLink({
    url: options.url,
    clientId: options.clientId,
    username: options.username,
    password: options.password,
    receiveMaximum,
    sessionExpirySeconds: options.sessionExpirySeconds ?? defaults.sessionExpirySeconds,
    most: { messages: 4 * receiveMaximum, bytes: defaults.mostWaitingBytes },
    accept: ({ topic, payload, retain }, done) =>
      options.accept(retain ? { topic, payload, receivedAt: clock(), retained: true } : { topic, payload, receivedAt: clock() }, done),
    isBehind: options.isBehind,
    onConnected() {
      attempts = 0;
      lastError = undefined;
      silentCuts = 0;
      if (!everConnected || complained) logger.info({ broker: where, protocol: protocol() }, 'MQTT broker connected');
      everConnected = true;
      complained = false;
      subscribe();
    },
    onClosed(reason, code, answered) {
      subscribed = false;
      if (stopping) return;
      lastError = reason ?? (answered ? 'the broker closed the connection' : 'the connection was closed before the broker answered');
      // Some brokers answer an unknown version with a code, some just hang up.
      if (unknownProtocol.has(code) || (!answered && ++silentCuts === 2 && !everConnected)) fallBack();
      if (!complained) logger.warn({ broker: where, reason: lastError }, 'the MQTT broker is unavailable; trying for ever');
      complained = true;
      const { firstReconnectMs, longestReconnectMs } = defaults;
      timer = setTimeout(() => link.open(), Math.max(20, random() * Math.min(longestReconnectMs, firstReconnectMs * 2 ** attempts++)));
    },
  });
  if (options.protocol === '3.1.1') link.version = 4;

  function protocol(): '5' | '3.1.1' {
    return link.version === 5 ? '5' : '3.1.1';
  }

  function fallBack(): void {
    if (options.protocol === '5' || link.version !== 5) return;
    link.version = 4;
    logger.info({ broker: where }, 'the MQTT broker does not speak MQTT 5; going on with 3.1.1');
  }

  function subscribe(): void {
    const before = options.state?.get(subscriptionsKey);
    const gone = Array.isArray(before) ? before.filter((topic): topic is string => !topics.includes(topic as string)) : [];
    if (gone.length > 0) link.request({ cmd: 'unsubscribe', unsubscriptions: gone } as Packet, () => undefined);
    // rh 1 (MQTT 5): retained messages only for a subscription that is new, not at every reconnect.
    const subscriptions = topics.map((topic) => ({ topic, qos: 1 as const, rh: 1 }));
    link.request({ cmd: 'subscribe', subscriptions } as Packet, (answer) => {
      const granted = answer.cmd === 'suback' ? (answer.granted as readonly number[]) : [];
      const refused = topics.filter((_, place) => (granted[place] ?? 128) > 2);
      if (refused.length === 0) {
        subscribed = true;
        options.state?.set(subscriptionsKey, topics);
        return;
      }
      lastError = `the broker refuses the subscription to ${refused.join(', ')}`;
      logger.error({ broker: where, topics: refused }, 'the MQTT broker refuses a subscription; check its access rules');
    });
  }

  link.open();
  return {
    status: () => ({
      connected: link.isConnected && subscribed,
      ...(lastError !== undefined && { lastError }),
      waiting: link.pending.waiting,
      protocol: protocol(),
    }),
    publish(topic, payload, qos = 0) {
      const packet = { cmd: 'publish', topic, payload: Buffer.from(payload), qos, dup: false, retain: false } as const;
      if (link.isConnected && qos === 0) link.write(packet);
      else if (link.isConnected) link.request(packet, () => undefined);
      return link.isConnected;
    },
    async stop() {
      stopping = true;
      clearTimeout(timer);
      link.pause();
      const end = performance.now() + defaults.stopMs;
      while (link.pending.waiting > 0 && performance.now() < end) await sleep(10);
      await link.close();
    },
  };
}
