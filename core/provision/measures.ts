import express, { Router, type Request, type RequestHandler } from 'express';

import type { Passage } from '../pipeline.ts';
import type { Instant, MqttMessage } from '../plugin.ts';
import { tooMany } from '../service/rate.ts';
import { fail, unreadable } from './router.ts';

export interface MeasuresOptions {
  /** Whether an API key was provisioned. What comes under another is not kept: anyone could fill the disk. */
  knows(apikey: string): boolean;
  /** Resolves when everything that the message led to is on disk; undefined while nothing can be taken. */
  accept(message: MqttMessage): Promise<Passage> | undefined;
  clock(): Instant;
}

type Protocol = 'json' | 'ul';

const key = /^[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}$/;

/**
 * Measures over HTTP as the IoT Agents take them: `POST /iot/json?k=<apikey>&i=<deviceId>[&t=<time>]` with JSON (an object, or an array of
 * them), `GET` with it in `d`, `POST /iot/json/attrs/<name>` with the value alone, `/iot/d?k=&i=[&t=]` with UltraLight in the body (POST) or
 * in `d` (GET); results of commands on `/iot/json/commands` and `/iot/d/commands`. They go the way of the MQTT messages on
 * `/json/<apikey>/<deviceId>/attrs`, `/ul/…` and `…/cmdexe`. `getCmd` is taken and never brings a command: they go over MQTT.
 * 200 when kept and read, 429 for a device that sends too many, 400 when nothing in it could be read (it is kept as a dead letter), 404 for an unknown API key.
 */
export function createMeasures(options: MeasuresOptions): Router {
  const take =
    (protocol: Protocol, bodyOf: (request: Request) => string, kind: 'attrs' | 'cmdexe' = 'attrs'): RequestHandler =>
    async (request, response) => {
      const { k, i, t, getCmd } = request.query;
      if (typeof k !== 'string' || typeof i !== 'string' || !key.test(k) || !key.test(i)) {
        fail(response, 400, 'MANDATORY_PARAMS_NOT_FOUND', 'the address needs k=<apikey> and i=<device id>');
        return;
      }
      if (!options.knows(k)) {
        fail(response, 404, 'DEVICE_GROUP_NOT_FOUND', `no service group or device has the apikey "${k}"`);
        return;
      }
      const body = bodyOf(request);
      if (body === '' && getCmd === '1') {
        response.json({});
        return;
      }
      const payload = Buffer.from(typeof t === 'string' && kind === 'attrs' ? stamped(protocol, body, t) : body);
      const message = { topic: `/${protocol}/${k}/${i}/${kind}`, payload, receivedAt: options.clock() };
      const passage = await options.accept(message)?.catch(() => undefined);
      const refused = passage?.deadLetters[0]?.rejection;
      if (passage === undefined)
        fail(response.set('Retry-After', '30'), 503, 'STORAGE_UNAVAILABLE', 'nothing can be kept at the moment; try again');
      else if (passage.event === tooMany)
        fail(response.set('Retry-After', '1'), 429, 'TOO_MANY_REQUESTS', 'too many messages of this device; send it again later');
      else if (refused?.code === 'unknown_device') fail(response, 404, 'DEVICE_NOT_FOUND', refused.message);
      else if (refused !== undefined && passage.publications.length === 0) fail(response, 400, 'WRONG_SYNTAX', refused.message);
      else response.json({});
    };
  const body = express.raw({ type: () => true, limit: '1mb' });
  const router = Router();
  router.post('/json', body, take('json', textOf));
  router.get('/json', take('json', dataOf));
  router.post('/json/attrs/:name', body, take('json', oneOf));
  router.post('/json/commands', body, take('json', textOf, 'cmdexe'));
  for (const path of ['/d', '/ul']) {
    router.post(path, body, take('ul', textOf));
    router.get(path, take('ul', dataOf));
    router.post(`${path}/commands`, body, take('ul', textOf, 'cmdexe'));
  }
  router.use(unreadable);
  return router;
}

function textOf({ body }: Request): string {
  return Buffer.isBuffer(body) ? body.toString('utf8') : '';
}

function dataOf({ query: { d } }: Request): string {
  return typeof d === 'string' ? d : '';
}

/** One value under its name; what is no JSON is a text, as with the IoT Agent, and bytes are one of their hexadecimal digits. */
function oneOf(request: Request): string {
  const isBytes = request.is('application/octet-stream') !== false && Buffer.isBuffer(request.body);
  const text = isBytes ? (request.body as Buffer).toString('hex') : textOf(request).trim();
  return JSON.stringify({ [String(request.params['name'])]: isBytes || parsed(text) === undefined ? text : parsed(text) });
}

/** The time of the address, for every measure that has none of its own. */
function stamped(protocol: Protocol, payload: string, time: string): string {
  if (protocol === 'ul') {
    const groups = payload.split('#');
    return groups.map((group) => (group.split('|').length % 2 === 1 ? group : `${time}|${group}`)).join('#');
  }
  const value = parsed(payload);
  const one = (state: unknown): unknown =>
    typeof state === 'object' && state !== null && !Array.isArray(state) && !('TimeInstant' in state)
      ? { TimeInstant: time, ...state }
      : state;
  return value === undefined ? payload : JSON.stringify(Array.isArray(value) ? value.map(one) : one(value));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
