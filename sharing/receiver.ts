import express, { Router, type RequestHandler } from 'express';

import { isSameSecret } from '../core/service/secret.ts';
import type { Channel } from './channel.ts';
import { relayHeader } from './documents.ts';
import { readNotice } from './notice.ts';

/** No notification is longer. */
const longestBytes = 32 * 1024 * 1024;

export interface ReceiverOptions {
  readonly token: string;
  /** Undefined: there is no such partner. */
  readonly channel: (partner: string) => Channel | undefined;
  readonly onRefused: (partner: string, reason: string) => void;
}

/**
 * `POST /notify/<partner>`: takes our broker's notifications and answers 204 when they are on disk. Anything else is a failure to a broker;
 * what it then does not repeat is fetched by the watchdog.
 */
export function createReceiver({ token, channel, onRefused }: ReceiverOptions): Router {
  const router = Router();
  const authorize: RequestHandler = (request, response, next) => {
    if (isSameSecret(request.get(relayHeader) ?? '', token)) next();
    else response.status(401).json({ error: `${relayHeader} is missing or wrong; klavze share apply writes it into the subscription` });
  };
  router.post('/notify/:partner', authorize, express.json({ type: () => true, limit: longestBytes }), async (request, response) => {
    const name = String(request.params['partner']);
    const to = channel(name);
    const notice = readNotice(request.body);
    if (to === undefined || !notice.ok || !to.takes(notice.value.subscriptionId)) {
      const error =
        to === undefined ? `there is no partner "${name}"` : notice.ok ? `${notice.value.subscriptionId} is none of ours` : notice.error;
      onRefused(name, error);
      response.status(to === undefined ? 404 : 400).json({ error });
      return;
    }
    try {
      await to.receive(notice.value.states);
      response.status(204).end();
    } catch (error) {
      response.status(503).json({ error: (error as Error).message });
    }
  });
  return router;
}
