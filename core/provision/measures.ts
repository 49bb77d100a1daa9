import express, { Router, type Request, type RequestHandler } from 'express';

import type { Passage } from '../pipeline.ts';
import type { Instant, MqttMessage } from '../plugin.ts';
import { fail, unreadable } from './router.ts';

export interface MeasuresOptions {
  /** Whether an API key was provisioned. What comes under another is not kept: anyone could fill the disk. */
  knows(apikey: string): boolean;
  /** Resolves when everything that the message led to is on disk; undefined while nothing can be taken. */
  accept(message: MqttMessage): Promise<Passage> | undefined;
  clock(): Instant;
}

const key = /^[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}$/;

/**
 * Measures over HTTP as the IoT Agents take them: `POST /iot/json?k=<apikey>&i=<deviceId>[&t=<time>]` with JSON, `/iot/d?k=&i=[&t=]` with
 * UltraLight in the body (POST) or in `d` (GET). They go the way of the MQTT messages on `/json/<apikey>/<deviceId>/attrs` and `/ul/…`.
 * 200 when kept and read, 400 when nothing in it could be read (it is kept as a dead letter), 404 for an unknown API key.
 */
export function createMeasures(options: MeasuresOptions): Router {
  const take =
    (protocol: 'json' | 'ul', bodyOf: (request: Request) => string): RequestHandler =>
    async (request, response) => {
      const { k, i, t } = request.query;
      if (typeof k !== 'string' || typeof i !== 'string' || !key.test(k) || !key.test(i)) {
        fail(response, 400, 'MANDATORY_PARAMS_NOT_FOUND', 'the address needs k=<apikey> and i=<device id>');
        return;
      }
      if (!options.knows(k)) {
        fail(response, 404, 'DEVICE_GROUP_NOT_FOUND', `no service group or device has the apikey "${k}"`);
        return;
      }
      const payload = Buffer.from(typeof t === 'string' ? stamped(protocol, bodyOf(request), t) : bodyOf(request));
      const message = { topic: `/${protocol}/${k}/${i}/attrs`, payload, receivedAt: options.clock() };
      const passage = await options.accept(message)?.catch(() => undefined);
      const refused = passage?.deadLetters[0]?.rejection;
      if (passage === undefined)
        fail(response.set('Retry-After', '30'), 503, 'STORAGE_UNAVAILABLE', 'nothing can be kept at the moment; try again');
      else if (refused?.code === 'unknown_device') fail(response, 404, 'DEVICE_NOT_FOUND', refused.message);
      else if (refused !== undefined && passage.publications.length === 0) fail(response, 400, 'WRONG_SYNTAX', refused.message);
      else response.json({});
    };
  const body = express.raw({ type: () => true, limit: '1mb' });
  const text = ({ body: bytes }: Request): string => (Buffer.isBuffer(bytes) ? bytes.toString('utf8') : '');
  const router = Router();
  router.post('/json', body, take('json', text));
  for (const path of ['/d', '/ul']) {
    router.post(path, body, take('ul', text));
    router.get(
      path,
      take('ul', ({ query: { d } }) => (typeof d === 'string' ? d : '')),
    );
  }
  router.use(unreadable);
  return router;
}

/** The time of the address, where the measure has none of its own. */
function stamped(protocol: 'json' | 'ul', payload: string, time: string): string {
  if (protocol === 'ul') return payload.includes('#') || payload.split('|').length % 2 === 1 ? payload : `${time}|${payload}`;
  try {
    const value = JSON.parse(payload) as unknown;
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject && !('TimeInstant' in value) ? JSON.stringify({ TimeInstant: time, ...value }) : payload;
  } catch {
    return payload;
  }
}
