import { isIP } from 'node:net';
import mqtt, { type IClientOptions, type IClientPublishOptions, type MqttClient } from 'mqtt';

import type { Reach } from '../../../core/service/reach.ts';
import type { Endpoint } from '../subscription/document.ts';
import type { Sender } from './send.ts';

/** PUBLISH of `{"metadata": {…headers}, "body": {…notification}}` (7.2). Connections are shared by broker, user and MQTT version. */
export function createMqttSender(reach: Reach): Sender {
  const clients = new Map<string, Promise<MqttClient>>();

  function clientFor(endpoint: Endpoint, timeoutMs: number): Promise<MqttClient> {
    const url = new URL(endpoint.uri);
    // Every broker speaks 3.1.1, and what arrives is the same, so 5.0 is used only where it is asked for.
    const protocolVersion = infoOf(endpoint, 'MQTT-Version') === 'mqtt5.0' ? 5 : 4;
    const key = `${protocolVersion} ${url.protocol}//${url.username}:${url.password}@${url.host}`;
    const known = clients.get(key);
    if (known !== undefined) return known;
    const options: IClientOptions = {
      protocolVersion,
      connectTimeout: timeoutMs,
      reconnectPeriod: 0,
      ...(url.username !== '' && { username: decodeURIComponent(url.username), password: decodeURIComponent(url.password) }),
    };
    const connecting = reach.host(url).then((host) => {
      const port = url.port === '' ? '' : `:${url.port}`;
      const place = host.includes(':') ? `[${host}]` : host;
      // The certificate is that of the name.
      const named =
        isIP(host) !== 0 && /[a-z]/i.test(url.hostname.replace(/^\[.*/, '')) ? { ...options, servername: url.hostname } : options;
      return mqtt.connectAsync(`${url.protocol}//${place}${port}`, named, false);
    });
    clients.set(key, connecting);
    const forget = (): void => void (clients.get(key) === connecting && clients.delete(key));
    connecting.then((client) => client.on('error', () => undefined).on('close', forget), forget);
    return connecting;
  }

  return {
    async send({ endpoint, headers, body, timeoutMs }) {
      const client = await clientFor(endpoint, timeoutMs);
      const qos = Number(infoOf(endpoint, 'MQTT-QoS') ?? 0) as NonNullable<IClientPublishOptions['qos']>;
      const topic = decodeURIComponent(new URL(endpoint.uri).pathname.slice(1));
      await withinTime(client.publishAsync(topic, JSON.stringify({ metadata: headers, body }), { qos }), timeoutMs);
    },
    async close() {
      const open = [...clients.values()];
      clients.clear();
      for (const connecting of open) {
        const client = await connecting.catch(() => undefined);
        await client?.endAsync(true);
      }
    },
  };
}

function infoOf(endpoint: Endpoint, key: string): string | undefined {
  return endpoint.notifierInfo?.find((info) => info.key === key)?.value;
}

async function withinTime(publish: Promise<unknown>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`not acknowledged within ${timeoutMs} ms`)), timeoutMs);
  });
  await Promise.race([publish, tooLate]).finally(() => clearTimeout(timer));
}
