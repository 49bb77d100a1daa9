import type { AxiosRequestConfig } from 'axios';

import { checkOwn } from '../entity/provisioned.ts';
import { commandState } from '../entity/command-state.ts';
import type { Entity } from '../entity/entity.ts';
import type { Instant, MqttMessage } from '../plugin.ts';
import { loadAxios } from '../service/axios.ts';
import type { Logger } from '../service/log.ts';
import type { Reach } from '../service/reach.ts';
import type { HttpRoute, Order } from './order.ts';

export interface DispatchOptions {
  clock(): Instant;
  /** Publishes over MQTT; undefined while the process starts, and without a connection. */
  publish(topic: string, payload: Uint8Array): true | undefined;
  /** Keeps a state of the commanded entity on its way to the broker. */
  keep(entity: Entity): Promise<void>;
  /** Takes in what a device answered over HTTP, as if it came over MQTT; undefined while nothing can be taken. */
  accept(message: MqttMessage): Promise<unknown> | undefined;
  readonly logger: Logger;
  /** Where the endpoint of a device may be. */
  readonly reach: Reach;
  /** Told of each command that left. */
  onSent?(order: Order): void;
  /** Told of each state that is published here. */
  counted?(state: 'pending' | 'delivered' | 'error'): void;
  /** How long a device may take to answer over HTTP; default 10 s. */
  readonly timeoutMs?: number;
}

/** Sends a command and keeps its status `PENDING`; false when nothing can be sent now. */
export type Dispatch = (order: Order) => Promise<boolean>;

const longestAnswer = 64 * 1024;

/** Every command leaves one line in the log: what, to whom, by which way. What a device answers over HTTP goes the way of `…/cmdexe`. */
export function createDispatch(options: DispatchOptions): Dispatch {
  const { clock, publish, accept, logger, reach, timeoutMs = 10_000 } = options;

  async function state(order: Order, status: 'PENDING' | 'DELIVERED' | 'ERROR', info?: string): Promise<void> {
    const at = clock();
    options.counted?.(status.toLowerCase() as 'pending' | 'delivered' | 'error');
    const entity = commandState({ id: order.entityId, type: order.entityType }, order.name, { status, info, at });
    for (const valid of checkOwn(entity, at).values) await options.keep(valid);
  }

  async function post(order: Order, { url, contentType, body, answerTopic }: HttpRoute): Promise<void> {
    try {
      const axios = await loadAxios();
      const { data } = await axios.post<string>(url, body, {
        headers: { 'Content-Type': contentType },
        timeout: timeoutMs,
        maxRedirects: 0,
        proxy: false,
        maxContentLength: longestAnswer,
        responseType: 'text',
        transformResponse: [],
        transformRequest: [],
        ...(reach.connection(url) as Pick<AxiosRequestConfig, 'lookup'>),
      });
      const answer = typeof data === 'string' ? data.trim() : '';
      if (answer === '') await state(order, 'DELIVERED');
      else await accept({ topic: answerTopic, payload: Buffer.from(answer), receivedAt: clock() });
    } catch (error) {
      const reason = (error as Error).message;
      logger.warn({ device: order.device, command: order.name, url, reason }, 'the device did not take the command');
      await state(order, 'ERROR', reason.slice(0, 200));
    }
  }

  return async (order) => {
    const { device, name, value, route } = order;
    if (route.kind === 'mqtt' && publish(route.topic, route.payload) === undefined) return false;
    const way = route.kind === 'mqtt' ? route.topic : route.url;
    logger.info({ device, command: name, value, entity: order.entityId, via: way }, 'command sent to a device');
    options.onSent?.(order);
    await state(order, 'PENDING');
    // Rejects only when the process stops meanwhile: then PENDING says so.
    if (route.kind === 'http') post(order, route).catch(() => undefined);
    return true;
  };
}
