import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import mqtt, { type MqttClient } from 'mqtt';

import type { Batch } from './batch.ts';
import { topicOf, type Partner } from './partner.ts';
import { acceptedAll, type Transport } from './transport.ts';
import { notificationOf } from './transport-http.ts';

export interface MqttTransportOptions {
  readonly partner: Partner;
  readonly contextOf: (type: string) => string;
  readonly now: () => string;
  readonly mark: string;
}

const answerMs = 15_000;

/** Publishes notifications with QoS 1 to the partner's MQTT broker; received is what it acknowledged. Form: ETSI GS CIM 009, 7.2. */
export function createMqttTransport({ partner, contextOf, now, mark }: MqttTransportOptions): Transport {
  const { endpoint, auth, secrets } = partner;
  // 23 signs at most (MQTT 3.1.1, 3.1.3.1); two lines to one broker must not push each other out.
  const clientId = `klavze-share-${randomBytes(5).toString('hex')}`;
  const url = new URL(endpoint);
  const topic = topicOf(endpoint) ?? '';
  const file = (path: string | undefined) => (path === undefined ? undefined : readFileSync(path));
  const tls = { cert: file(auth.certFile), key: file(auth.keyFile), ca: file(auth.caFile) };
  let client: MqttClient | undefined;

  async function connected(): Promise<MqttClient> {
    if (client?.connected === true) return client;
    await client?.endAsync(true).catch(() => undefined);
    // The courier decides when to try again.
    client = await mqtt.connectAsync(
      `${url.protocol}//${url.host}`,
      {
        clientId,
        clean: true,
        reconnectPeriod: 0,
        connectTimeout: answerMs,
        ...(secrets.username !== undefined && { username: secrets.username }),
        ...(secrets.password !== undefined && { password: secrets.password }),
        ...Object.fromEntries(Object.entries(tls).filter(([, one]) => one !== undefined)),
      },
      false,
    );
    client.on('error', () => undefined);
    return client;
  }

  function messageOf(batch: Batch): string {
    const context = contextOf(batch.parcels[0]?.entity.type ?? '');
    const metadata = {
      'Content-Type': 'application/json',
      ...(context !== '' && { Link: `<${context}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"` }),
      ...(partner.tenant !== undefined && { 'NGSILD-Tenant': partner.tenant }),
    };
    return JSON.stringify({ metadata, body: notificationOf(batch, partner, now(), mark) });
  }

  return {
    async send(batch, signal) {
      try {
        const open = await connected();
        await withinTime(open.publishAsync(topic, messageOf(batch), { qos: 1 }), signal);
        return acceptedAll(batch);
      } catch (error) {
        await client?.endAsync(true).catch(() => undefined);
        client = undefined;
        const { code } = error as { code?: unknown };
        const message = `${url.host}: ${(error as Error).message}`;
        // 4 and 5: bad name or password, not authorised; 134 and 135 in MQTT 5.
        if ([4, 5, 134, 135].includes(code as number)) return { kind: 'denied', message };
        return { kind: 'unavailable', message, unreached: code === 'ECONNREFUSED' };
      }
    },
    async close() {
      await client?.endAsync(true).catch(() => undefined);
    },
  };
}

function withinTime<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = (message: string) => () => reject(new Error(message));
    const timer = setTimeout(end(`no acknowledgement within ${answerMs / 1_000} s`), answerMs);
    const aborted = end('stopped');
    signal.addEventListener('abort', aborted, { once: true });
    void work.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      signal.removeEventListener('abort', aborted);
    });
  });
}
