import { randomUUID } from 'node:crypto';
import { buildConnector, Pool, type Dispatcher } from 'undici';

import type { Answer } from './answer.ts';
import { fencedConnector } from './fenced.ts';

export interface BrokerClientOptions {
  /** Base URL of the broker; `/ngsi-ld/v1/…` is added. */
  readonly url: string;
  /** `NGSILD-Tenant`; without it the broker's default tenant. */
  readonly tenant?: string;
  /** Asked before each request. Never give one that readers of subscriptions may see: brokers forward it to them. */
  readonly token?: () => string | undefined;
  /** Default 25 s: a broker may first have to fetch a context; one that hung is asked again within 30 s of its return. */
  readonly timeoutMs?: number;
  /** Default 4: a context broker has few threads. */
  readonly maxSockets?: number;
  /** Asked at each write to a connection; one that may not write is broken off. Left out: always. */
  readonly mayWrite?: () => boolean;
}

export interface BrokerClient {
  /**
   * Batch upsert that leaves other attributes alone. `body`: a JSON array of entities, each id once. `context`: its URL; empty: the core
   * context alone. Never throws.
   */
  upsert(body: string | Buffer, context: string, signal?: AbortSignal): Promise<Answer>;
  /** Batch delete. `body`: a JSON array of entity ids. Never throws. */
  remove(body: string | Buffer, signal?: AbortSignal): Promise<Answer>;
  /** Adds instances to an entity's history. Never throws. */
  addHistory(body: string, context: string, signal?: AbortSignal): Promise<Answer>;
  /** Registers a context source (a JSON object with its id). Never throws. */
  register(body: string, context: string, signal?: AbortSignal): Promise<Answer>;
  /** Whether a registration is there: 200, 404. Never throws. */
  registration(id: string, signal?: AbortSignal): Promise<Answer>;
  unregister(id: string, signal?: AbortSignal): Promise<Answer>;
  /** The same broker, over the same connections, for another tenant. */
  forTenant(tenant: string): BrokerClient;
  close(): void;
}

/** Errors with which no connection came about. */
const unreachedCodes = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'UND_ERR_CONNECT_TIMEOUT',
]);
/** Errors of a connection that the broker closed while it was idle. */
const staleCodes = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);
/** No answer of a broker is longer. */
const longestAnswerBytes = 64 * 1024 * 1024;

/** Speaks to one NGSI-LD broker over few kept connections. The body always goes with Content-Length, never in chunks. Follows no redirect. */
export function createBrokerClient(options: BrokerClientOptions): BrokerClient {
  const base = new URL(options.url.endsWith('/') ? options.url : `${options.url}/`);
  const timeoutMs = options.timeoutMs ?? 25_000;
  const connect = { timeout: Math.min(timeoutMs, 10_000) };
  const pool = new Pool(base.origin, {
    connections: options.maxSockets ?? 4,
    pipelining: 1,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    connect: options.mayWrite === undefined ? connect : fencedConnector(buildConnector(connect), options.mayWrite),
    // Brokers close idle connections after 30 s.
    keepAliveTimeout: 20_000,
    maxResponseSize: longestAnswerBytes,
  });

  interface Content {
    readonly body: string | Buffer;
    readonly context: string;
  }

  function clientOf(tenant: string | undefined): BrokerClient {
    async function call(method: 'GET' | 'POST' | 'DELETE', path: string, content?: Content, signal?: AbortSignal): Promise<Answer> {
      const token = options.token?.();
      const context = content?.context ?? '';
      // W3C Trace Context: 16 and 8 bytes at random. A UUID comes from a store of them, bytes are fetched each time.
      const trace = randomUUID().replaceAll('-', '');
      const request: Dispatcher.RequestOptions = {
        method,
        path: base.pathname + path,
        ...(content !== undefined && { body: content.body }),
        headers: {
          ...(content !== undefined && { 'content-type': 'application/json' }),
          accept: 'application/json',
          traceparent: `00-${trace}-${randomUUID().replaceAll('-', '').slice(0, 16)}-01`,
          ...(context !== '' && { link: `<${context}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"` }),
          ...(tenant !== undefined && { 'ngsild-tenant': tenant }),
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
        },
        ...(signal !== undefined && { signal }),
      };
      // A connection that was kept may have been closed by the broker meanwhile: that says nothing of the broker.
      const isKept = pool.stats.free > 0;
      try {
        return { ...(await answerOf(await pool.request(request))), trace };
      } catch (error) {
        if (!isKept || !staleCodes.has((error as { code?: string }).code ?? '')) return { ...noAnswer(error), trace };
      }
      try {
        return { ...(await answerOf(await pool.request(request))), trace };
      } catch (error) {
        return { ...noAnswer(error), trace };
      }
    }

    const post = (path: string, body: string | Buffer, context: string, signal?: AbortSignal): Promise<Answer> =>
      call('POST', path, { body, context }, signal);
    const registrations = 'ngsi-ld/v1/csourceRegistrations';
    return {
      upsert: (body, context, signal) => post('ngsi-ld/v1/entityOperations/upsert?options=update', body, context, signal),
      remove: (body, signal) => post('ngsi-ld/v1/entityOperations/delete', body, '', signal),
      addHistory: (body, context, signal) => post('ngsi-ld/v1/temporal/entities', body, context, signal),
      register: (body, context, signal) => post(registrations, body, context, signal),
      registration: (id, signal) => call('GET', `${registrations}/${encodeURIComponent(id)}`, undefined, signal),
      unregister: (id, signal) => call('DELETE', `${registrations}/${encodeURIComponent(id)}`, undefined, signal),
      forTenant: clientOf,
      close() {
        void pool.destroy();
      },
    };
  }

  return clientOf(options.tenant);
}

function noAnswer(error: unknown): Answer {
  const { code, message } = error as { code?: string; message?: string };
  return { status: 0, failure: `the broker did not answer: ${message || code}`, unreached: unreachedCodes.has(code ?? '') };
}

async function answerOf({ statusCode, headers, body }: Dispatcher.ResponseData): Promise<Answer> {
  const text = await body.text();
  const retryAfterMs = readRetryAfter(headers['retry-after'], headers['date']);
  return { status: statusCode, body: parse(text), ...(retryAfterMs !== undefined && { retryAfterMs }) };
}

function parse(text: string): unknown {
  if (text === '') return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** Seconds, or a date that counts from the answer's own `Date`. */
function readRetryAfter(value: unknown, date: unknown): number | undefined {
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  if (/^\d+$/.test(value.trim())) return Number(value) * 1000;
  const ms = Date.parse(value) - Date.parse(String(date));
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}
