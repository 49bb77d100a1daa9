import { setTimeout as sleep } from 'node:timers/promises';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';

import { wallClock } from '../clock.ts';
import { defaults, subscriptionsKey, unknownProtocol, type MqttSource, type MqttSourceOptions } from './mqtt-options.ts';
import { canHoldAcks, guardAcks } from './mqtt-acks.ts';

const endMs = 1_000;

/** The same over WebSockets, by MQTT.js. */
export async function startWebSocketSource(options: MqttSourceOptions): Promise<MqttSource> {
  const { logger, topics } = options;
  const clock = options.clock ?? wallClock;
  const receiveMaximum = options.receiveMaximum ?? defaults.receiveMaximum;
  const mode = (await canHoldAcks()) ? 'held' : 'serial';
  if (mode === 'serial') logger.warn('this version of MQTT.js does not let PUBACKs wait together; messages are taken one by one');
  const where = options.url.replace(/\/\/[^@/]*@/, '//');
  let lastError: string | undefined;
  let everConnected = false;
  let subscribed = false;
  let complained = false;
  let attempts = 0;
  let answered = false;
  let silentCuts = 0;
  let stopping = false;

  const pause = () =>
    Math.max(20, (options.random ?? Math.random)() * Math.min(defaults.longestReconnectMs, defaults.firstReconnectMs * 2 ** attempts));

  const settings: IClientOptions = {
    clientId: options.clientId,
    ...(options.username !== undefined && { username: options.username }),
    ...(options.password !== undefined && { password: options.password }),
    clean: false,
    resubscribe: false,
    reconnectOnConnackError: true,
    connectTimeout: 10_000,
    reconnectPeriod: pause(),
    protocolVersion: options.protocol === '3.1.1' ? 4 : 5,
    properties: { receiveMaximum, sessionExpiryInterval: options.sessionExpirySeconds ?? defaults.sessionExpirySeconds },
    manualConnect: true,
  };
  const client = mqtt.connect(options.url, settings);
  const acks = guardAcks(client, {
    mode,
    mostWaiting: { messages: 4 * receiveMaximum, bytes: defaults.mostWaitingBytes },
    accept: ({ topic, payload, retain }) =>
      new Promise((resolve, reject) => {
        const message = {
          topic,
          payload: typeof payload === 'string' ? Buffer.from(payload) : payload,
          receivedAt: clock(),
          ...(retain && { retained: true as const }),
        };
        options.accept(message, (error) => (error === undefined ? resolve() : reject(error as Error)));
      }),
  });

  client.on('connect', () => {
    attempts = 0;
    lastError = undefined;
    answered = true;
    silentCuts = 0;
    if (!everConnected || complained) logger.info({ broker: where, protocol: protocolOf(client) }, 'MQTT broker connected');
    everConnected = true;
    complained = false;
    subscribe();
  });
  client.on('error', (error) => {
    answered = true;
    lastError = error.message || String((error as { code?: unknown }).code);
    if (unknownProtocol.has((error as { code?: unknown }).code)) fallBack();
  });
  client.on('close', () => {
    subscribed = false;
    if (!answered) {
      lastError = 'the connection was closed before the broker answered';
      if (++silentCuts === 2 && !everConnected) fallBack();
    }
    if (stopping || complained) return;
    complained = true;
    logger.warn({ broker: where, reason: lastError }, 'the MQTT broker is unavailable; trying for ever');
  });
  client.on('reconnect', () => {
    attempts++;
    answered = false;
    client.options.reconnectPeriod = pause();
  });

  /** Some brokers answer an unknown version with a code, some just hang up. */
  function fallBack(): void {
    if (options.protocol === '5' || client.options.protocolVersion !== 5) return;
    client.options.protocolVersion = 4;
    logger.info({ broker: where }, 'the MQTT broker does not speak MQTT 5; going on with 3.1.1');
  }

  function subscribe(): void {
    const before = options.state?.get(subscriptionsKey);
    const gone = Array.isArray(before) ? before.filter((topic): topic is string => !topics.includes(topic as string)) : [];
    if (gone.length > 0) client.unsubscribe(gone);
    // rh 1 (MQTT 5): retained messages only for a subscription that is new, not at every reconnect.
    client.subscribe([...topics], { qos: 1, rh: 1 }, (error, granted) => {
      const refused = (granted ?? []).filter(({ qos }) => qos > 2).map(({ topic }) => topic);
      if (error === null && refused.length === 0) {
        subscribed = true;
        options.state?.set(subscriptionsKey, topics);
      } else if (client.connected) {
        lastError = `the broker refuses the subscription to ${refused.join(', ') || topics.join(', ')}`;
        logger.error(
          { broker: where, topics: refused, reason: error?.message },
          'the MQTT broker refuses a subscription; check its access rules',
        );
      }
    });
  }

  client.connect();
  return {
    status: () => ({
      connected: client.connected && subscribed,
      ...(lastError !== undefined && { lastError }),
      waiting: acks.waiting(),
      protocol: protocolOf(client),
    }),
    publish(topic, payload, qos = 0) {
      if (client.connected) client.publish(topic, Buffer.from(payload), { qos });
      return client.connected;
    },
    async stop() {
      stopping = true;
      acks.pause();
      const end = performance.now() + defaults.stopMs;
      while (acks.waiting() > 0 && performance.now() < end) await sleep(10);
      // Under back-pressure the stream stands still and never sees its end; and MQTT.js would connect again when it closes late.
      client.options.reconnectPeriod = 0;
      await Promise.race([client.endAsync(!client.connected), sleep(endMs, undefined, { ref: false })]);
      client.stream.destroy();
    },
  };
}

function protocolOf(client: MqttClient): '5' | '3.1.1' {
  return client.options.protocolVersion === 5 ? '5' : '3.1.1';
}
