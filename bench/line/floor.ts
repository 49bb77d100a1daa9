/** The bare floor: MQTT.js, JSON.parse, batches of 100 by axios. No check, no durability; an acknowledgement says only that it was read. */
import { Agent } from 'node:http';
import axios from 'axios';
import mqtt from 'mqtt';

import { entityId, entityType, type Load } from './load.ts';
import { answer, usage } from './parts.ts';

export interface FloorTask extends Pick<Load, 'qos'> {
  readonly port: number;
  readonly sinkPort: number;
  readonly batch: number;
}

let stop: (() => Promise<void>) | undefined;

answer(async (task: FloorTask | 'usage' | 'letters' | 'stop') => {
  if (task === 'usage') return usage();
  if (task === 'letters') return 0;
  if (task === 'stop') return stop?.();
  const httpAgent = new Agent({ keepAlive: true, maxSockets: 4 });
  const http = axios.create({ baseURL: `http://127.0.0.1:${task.sinkPort}`, httpAgent, maxBodyLength: Infinity });
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${task.port}`, { clientId: 'floor', clean: true });
  let batch: object[] = [];
  let timer: NodeJS.Timeout | undefined;
  const send = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const body = batch;
    batch = [];
    void http.post('/ngsi-ld/v1/entityOperations/upsert?options=update', body);
  };
  client.on('message', (topic, payload) => {
    const { TimeInstant: observedAt, ...fields } = JSON.parse(payload.toString()) as Record<string, unknown>;
    const entity: Record<string, unknown> = { id: entityId(topic.split('/')[3] ?? ''), type: entityType };
    for (const [name, value] of Object.entries(fields)) entity[name] = { type: 'Property', value, observedAt };
    batch.push(entity);
    if (batch.length >= task.batch) send();
    else timer ??= setTimeout(send, 20);
  });
  await client.subscribeAsync('/json/#', { qos: task.qos });
  stop = async () => {
    await client.endAsync(true);
    httpAgent.destroy();
  };
  return undefined;
});
