import express, { Router, type ErrorRequestHandler, type Request, type RequestHandler } from 'express';

import { ConfigError } from '../errors.ts';
import type { Passage } from '../pipeline.ts';
import type { Envelope, Instant, MqttMessage } from '../plugin.ts';
import type { RejectionCode } from '../rejection.ts';
import { tooMany } from './rate.ts';
import { isSameSecret } from './secret.ts';

/** One network that may post. */
export interface IngestSource {
  readonly token?: string;
  /** Also takes `?token=`, for senders that can set no header; addresses end up in the logs of proxies. */
  readonly tokenInQuery: boolean;
}

export interface IngestOptions {
  /** By the name of the envelope that reads what the network posts. */
  readonly sources: Readonly<Record<string, IngestSource>>;
  readonly envelopes: readonly Envelope[];
  /** Resolves when everything that the message led to is on disk; undefined while the process starts or the disk cannot be written. */
  accept(message: MqttMessage): Promise<Passage> | undefined;
  clock(): Instant;
}

const largestBodyBytes = 1024 * 1024;
/** What is wrong with the request itself rather than with what was measured. It is kept as a dead letter all the same. */
const faultsOfRequest: readonly RejectionCode[] = ['empty_payload', 'malformed_payload', 'wrong_encoding', 'too_deep', 'unknown_topic'];

/**
 * `POST /ingest/<network>[/<detail>]`: what network servers and devices push over HTTP goes the way of MQTT messages, on the topic
 * `ingest/<network>[/<detail>]`. The detail is the rest of the path, else `?event=`, else the header `X-Sensor`. The answer comes after
 * the commit: 200 with what became of it, 400 when it could not be read at all, 401, 404, 405, 413, 415 or 429 when it was not taken, 503 to
 * try again later. A source without a token, or a network that is not named, does not exist.
 * @throws {ConfigError} for a network that nobody reads, and for one without a token.
 */
export function createIngest({ sources, envelopes, accept, clock }: IngestOptions): Router {
  const known = envelopes.filter(({ pushes }) => pushes !== undefined).map(({ name }) => name);
  for (const [network, { token }] of Object.entries(sources)) {
    if (!known.includes(network)) throw new ConfigError(`ingest names the network "${network}"; known: ${known.join(', ')}`);
    if (token === undefined)
      throw new ConfigError(`ingest.${network} has no token; set ${tokenVariable(network)} or ingest.${network}.token`);
  }

  const guard: RequestHandler = (request, response, next) => {
    const network = String(request.params['network']);
    const source = Object.hasOwn(sources, network) ? sources[network] : undefined;
    if (source?.token === undefined) {
      response.status(404).json({ error: 'nothing is taken here; the configuration names the networks that may post' });
    } else if (!tokensOf(request, source).some((token) => isSameSecret(token, source.token ?? ''))) {
      response
        .status(401)
        .set('WWW-Authenticate', 'Bearer')
        .json({ error: `the token of ${network} is missing or wrong; ${howTo(source)}` });
    } else if (request.method !== 'POST') {
      response.status(405).set('Allow', 'POST').json({ error: 'messages are posted; expected POST' });
    } else if (!/^application\/(?:senml\+cbor|(?:[\w.-]+\+)?json)\s*(?:;|$)/i.test(request.headers['content-type'] ?? '')) {
      response.status(415).json({ error: 'expected a body of the type application/json' });
    } else next();
  };

  const take: RequestHandler = async (request, response) => {
    const payload = new Uint8Array(Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0));
    const passing = accept({ topic: topicOf(request), payload, receivedAt: clock() });
    const passage = await passing?.catch(() => undefined);
    if (passage === undefined) {
      response.status(503).set('Retry-After', '30').json({ error: 'nothing can be kept at the moment; try again' });
      return;
    }
    const { publications, deadLetters, event } = passage;
    const refused = deadLetters.map(({ rejection: { code, message, pointer } }) => ({ code, message, ...(pointer ? { pointer } : {}) }));
    const isUnreadable = publications.length === 0 && event === undefined && refused.some(({ code }) => faultsOfRequest.includes(code));
    if (event === tooMany)
      response.status(429).set('Retry-After', '1').json({ error: 'too many messages of this device; send it again later' });
    else if (isUnreadable) response.status(400).json({ error: refused[0]?.message, refused });
    else response.json({ entities: publications.length, ...(event === undefined ? {} : { event }), refused });
  };

  const router = Router();
  router.all('/:network{/*detail}', guard, express.raw({ type: () => true, limit: largestBodyBytes }), take);
  router.use(unreadableBody);
  return router;
}

/** The environment variable of a network's token; `core/service/config.ts` reads it. */
function tokenVariable(network: string): string {
  return `KLAVZE_INGEST_${network.toUpperCase().replaceAll('-', '_')}_TOKEN`;
}

function topicOf(request: Request): string {
  const path = request.params['detail'] as unknown;
  const { event } = request.query;
  const detail = Array.isArray(path) ? path.join('/') : typeof event === 'string' ? event : request.get('x-sensor');
  const topic = `ingest/${String(request.params['network'])}`;
  return detail === undefined || detail === '' ? topic : `${topic}/${detail}`;
}

/** `Authorization: Bearer`, `X-Token`, the password of `Authorization: Basic`, and the query where it is allowed. */
function tokensOf(request: Request, source: IngestSource): string[] {
  const [, scheme = '', credentials = ''] = /^(\S+)\s+(.+)$/.exec(request.get('authorization') ?? '') ?? [];
  const password = /^basic$/i.test(scheme) ? Buffer.from(credentials, 'base64').toString().split(':').slice(1).join(':') : undefined;
  const query = source.tokenInQuery ? request.query['token'] : undefined;
  const given = [/^bearer$/i.test(scheme) ? credentials : undefined, request.get('x-token'), password, query];
  return given.filter((token): token is string => typeof token === 'string');
}

function howTo({ tokenInQuery }: IngestSource): string {
  return `expected Authorization: Bearer <token>, X-Token: <token>${tokenInQuery ? ', ?token=<token>' : ''} or a password`;
}

/** What the body reader refuses: too long, an encoding that is not known, a body that ends early. */
const unreadableBody: ErrorRequestHandler = (error: { readonly status?: number; readonly message?: string }, _request, response, next) => {
  if (response.headersSent || error.status === undefined || error.status >= 500) {
    next(error);
    return;
  }
  const message = error.status === 413 ? `the body is too large; at most ${largestBodyBytes} bytes are read` : error.message;
  response.status(error.status).json({ error: message });
};
