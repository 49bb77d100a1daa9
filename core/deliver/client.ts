import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import axios, { AxiosError, type AxiosResponse } from 'axios';

import type { Answer } from './answer.ts';

export interface BrokerClientOptions {
  /** Base URL of the broker; `/ngsi-ld/v1/…` is added. */
  readonly url: string;
  /** `NGSILD-Tenant`; without it the broker's default tenant. */
  readonly tenant?: string;
  /** Asked before each request. Never give one that readers of subscriptions may see: brokers forward it to them. */
  readonly token?: () => string | undefined;
  /** Default 30 s: a broker may first have to fetch a context. */
  readonly timeoutMs?: number;
  /** Default 4: a context broker has few threads. */
  readonly maxSockets?: number;
}

export interface BrokerClient {
  /**
   * Batch upsert that leaves other attributes alone. `body`: a JSON array of entities, each id once. `context`: its URL; empty: the core
   * context alone. Never throws.
   */
  upsert(body: string, context: string, signal?: AbortSignal): Promise<Answer>;
  /** Batch delete. `body`: a JSON array of entity ids. Never throws. */
  remove(body: string, signal?: AbortSignal): Promise<Answer>;
  /** Adds instances to an entity's history. Never throws. */
  addHistory(body: string, context: string, signal?: AbortSignal): Promise<Answer>;
  close(): void;
}

/** Errors with which no connection came about. */
const unreachedCodes = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN']);
/** Errors of a connection that the broker closed while it was idle. */
const staleCodes = new Set(['ECONNRESET', 'EPIPE']);

/** Speaks to one NGSI-LD broker over few kept connections. The body always goes with Content-Length, never in chunks. */
export function createBrokerClient(options: BrokerClientOptions): BrokerClient {
  const agentOptions = { keepAlive: true, maxSockets: options.maxSockets ?? 4, scheduling: 'lifo' as const };
  const httpAgent = new HttpAgent(agentOptions);
  const httpsAgent = new HttpsAgent(agentOptions);
  const base = options.url.endsWith('/') ? options.url : `${options.url}/`;
  const http = axios.create({
    httpAgent,
    httpsAgent,
    timeout: options.timeoutMs ?? 30_000,
    maxRedirects: 0,
    proxy: false,
    maxBodyLength: Infinity,
    maxContentLength: 64 * 1024 * 1024,
    responseType: 'text',
    transformRequest: [],
    transformResponse: [],
    validateStatus: () => true,
  });

  async function post(path: string, body: string, context: string, signal?: AbortSignal): Promise<Answer> {
    const data = Buffer.from(body);
    const token = options.token?.();
    const send = () =>
      http.post<string>(base + path, data, {
        headers: {
          'Content-Type': 'application/json',
          'Content-Length': data.length,
          Accept: 'application/json',
          ...(context !== '' && { Link: `<${context}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"` }),
          ...(options.tenant !== undefined && { 'NGSILD-Tenant': options.tenant }),
          ...(token !== undefined && { Authorization: `Bearer ${token}` }),
        },
        ...(signal !== undefined && { signal }),
      });
    try {
      return answerOf(await send());
    } catch (error) {
      if (!isStaleConnection(error)) return noAnswer(error);
    }
    try {
      return answerOf(await send());
    } catch (error) {
      return noAnswer(error);
    }
  }

  return {
    upsert: (body, context, signal) => post('ngsi-ld/v1/entityOperations/upsert?options=update', body, context, signal),
    remove: (body, signal) => post('ngsi-ld/v1/entityOperations/delete', body, '', signal),
    addHistory: (body, context, signal) => post('ngsi-ld/v1/temporal/entities', body, context, signal),
    close() {
      httpAgent.destroy();
      httpsAgent.destroy();
    },
  };
}

function isStaleConnection(error: unknown): boolean {
  if (!(error instanceof AxiosError) || !staleCodes.has(error.code ?? '')) return false;
  const request = error.request as { _currentRequest?: { reusedSocket?: boolean }; reusedSocket?: boolean } | undefined;
  return request?.reusedSocket === true || request?._currentRequest?.reusedSocket === true;
}

function noAnswer(error: unknown): Answer {
  const { code, message } = error as { code?: string; message?: string };
  return { status: 0, failure: `the broker did not answer: ${message || code}`, unreached: unreachedCodes.has(code ?? '') };
}

function answerOf(response: AxiosResponse<string>): Answer {
  const retryAfterMs = readRetryAfter(response.headers['retry-after'], response.headers['date']);
  return { status: response.status, body: parse(response.data), ...(retryAfterMs !== undefined && { retryAfterMs }) };
}

function parse(text: string): unknown {
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
