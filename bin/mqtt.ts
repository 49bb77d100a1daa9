import type { Outbox } from '../core/outbox/outbox.ts';
import type { MqttMessage } from '../core/plugin.ts';
import type { Config } from '../core/service/config.ts';
import type { Check } from '../core/service/http.ts';
import type { LoadedKnowledge } from '../core/service/knowledge.ts';
import type { Logger } from '../core/service/log.ts';
import type { Intake } from '../core/source/intake.ts';
import { startMqttSource } from '../core/source/mqtt.ts';
import { clientIdOf } from './outbox.ts';

/** False: nothing was sent. */
export type Publish = (topic: string, payload: Uint8Array, qos?: 0 | 1) => boolean;

/** MQTT: the embedded broker hands its messages over before it acknowledges them; from a broker elsewhere they are subscribed to. */
export async function mqtt(
  config: Config,
  knowledge: LoadedKnowledge,
  outbox: Outbox,
  intake: Intake,
  isBehind: () => boolean,
  checks: Record<string, () => Check>,
  log: Logger,
  closers: (() => void | Promise<void>)[],
): Promise<{ readonly url: string; readonly publish: Publish }> {
  const topics = [...new Set(knowledge.agents.envelopes.flatMap((envelope) => envelope.topics))];
  const { url, host, port, username, password } = config.mqtt;
  const clientId = clientIdOf(config);
  if (url === undefined) {
    const users = username === undefined ? undefined : [{ username, password: password ?? '' }];
    const { startMqttBroker } = await import('../embedded/mqtt/broker.ts');
    const accept = async (message: MqttMessage): Promise<void> => void (await intake(message));
    const embedded = await startMqttBroker({ host, port, topics, accept, logger: log, ...(users === undefined ? {} : { users }) });
    closers.push(() => embedded.close());
    checks['mqtt'] = () => ({ ok: true, detail: `embedded on ${embedded.url}` });
    const publish: Publish = (topic, payload, qos) => {
      embedded.publish(topic, payload, qos);
      return true;
    };
    return { url: embedded.url, publish };
  }
  const { take: accept } = intake;
  const source = await startMqttSource({ url, clientId, topics, accept, isBehind, logger: log, state: outbox.state, username, password });
  closers.push(() => source.stop());
  checks['mqtt'] = () => {
    const { connected, lastError } = source.status();
    return { ok: connected, detail: connected ? url : `${url}: ${lastError ?? 'not connected yet'}` };
  };
  return { url, publish: (topic, payload, qos) => source.publish(topic, payload, qos) };
}
