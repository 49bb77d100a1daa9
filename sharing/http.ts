import { readFileSync } from 'node:fs';
import { Agent, request } from 'undici';

import type { Answer } from '../core/deliver/answer.ts';
import type { Credentials } from './credentials.ts';
import type { Auth } from './partner.ts';

export interface Call {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly url: string;
  /** Goes as JSON, with its length. */
  readonly body?: string;
  /** URL of the `@context` of the names. */
  readonly context?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** An answer with what else its headers say. */
export interface Reply extends Answer {
  /** The time at the other side. */
  readonly date?: string;
  readonly bytes: number;
  /** The answer is longer than is read. */
  readonly tooLong?: boolean;
  /** Mintaka: the first entity of the next page, for `pageAnchor`. */
  readonly nextPage?: string;
  /** Entities on all pages. */
  readonly total?: number;
  /** The answer names a next page (`Link`, ETSI GS CIM 009, 5.5.9). */
  readonly hasNext?: boolean;
}

/** Speaks HTTP to one side. Follows no redirect. */
export interface Caller {
  /** Never throws. */
  call(call: Call): Promise<Reply>;
  close(): void;
}

export interface CallerOptions {
  readonly tenant?: string | undefined;
  readonly credentials?: Credentials;
  readonly tls?: Pick<Auth, 'certFile' | 'keyFile' | 'caFile'>;
  /** Default 30 s. */
  readonly timeoutMs?: number;
}

/** No answer is longer. */
const longestAnswerBytes = 64 * 1024 * 1024;
const unreachedCodes = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT']);
const staleCodes = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

/** @throws {Error} when a file of the certificates cannot be read. */
export function createCaller(options: CallerOptions = {}): Caller {
  const timeoutMs = options.timeoutMs ?? 30_000;
  const { certFile, keyFile, caFile } = options.tls ?? {};
  const agent = new Agent({
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    keepAliveTimeout: 20_000,
    maxResponseSize: longestAnswerBytes,
    connections: 4,
    connect: {
      timeout: Math.min(timeoutMs, 10_000),
      ...(certFile !== undefined && { cert: readFileSync(certFile) }),
      ...(keyFile !== undefined && { key: readFileSync(keyFile) }),
      ...(caFile !== undefined && { ca: readFileSync(caFile) }),
    },
  });

  async function once({ method, url, body, context, headers, signal }: Call, refresh: boolean): Promise<Reply> {
    const shown = (await options.credentials?.(refresh)) ?? {};
    const response = await request(url, {
      dispatcher: agent,
      method,
      ...(body !== undefined && { body }),
      headers: {
        accept: 'application/json',
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(context !== undefined &&
          context !== '' && { link: `<${context}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"` }),
        ...(options.tenant !== undefined && { 'ngsild-tenant': options.tenant }),
        ...headers,
        ...shown,
      },
      ...(signal !== undefined && { signal }),
    });
    const text = await response.body.text();
    // So nginx refuses a client certificate: it says nothing of the data.
    const refusal = response.statusCode === 400 ? /no required SSL certificate was sent|the SSL certificate error/i.exec(text) : null;
    if (refusal !== null) return { status: 0, bytes: text.length, failure: `${refusal[0]} (auth.certFile, auth.keyFile)` };
    const { date } = response.headers;
    const retryAfterMs = retryAfter(response.headers['retry-after']);
    const nextPage = response.headers['next-page'];
    const total = Number(response.headers['ngsild-results-count'] ?? NaN);
    return {
      status: response.statusCode,
      bytes: text.length,
      ...(text !== '' && { body: parsed(text) }),
      ...(typeof date === 'string' && !Number.isNaN(Date.parse(date)) && { date: new Date(date).toISOString() }),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
      ...(typeof nextPage === 'string' && nextPage !== '' && { nextPage }),
      ...(Number.isInteger(total) && { total }),
      ...(/rel="?next\b/i.test(String(response.headers.link ?? '')) && { hasNext: true }),
    };
  }

  async function attempt(call: Call): Promise<Reply> {
    const reply = await once(call, false);
    // The token may have been withdrawn before its time.
    return reply.status === 401 && options.credentials !== undefined ? once(call, true) : reply;
  }

  return {
    async call(call) {
      try {
        return await attempt(call);
      } catch (error) {
        // A connection that was kept may have been closed meanwhile: that says nothing of the other side.
        if (!staleCodes.has((error as { code?: string }).code ?? '') || call.signal?.aborted === true) return noReply(error, call.url);
      }
      return attempt(call).catch((error: unknown) => noReply(error, call.url));
    },
    close() {
      void agent.destroy();
    },
  };
}

/** What is wrong with a certificate is said with the setting that mends it. */
function hintOf(code: string, url: string): string {
  if (!url.startsWith('https:')) return '';
  if (/_ALERT_/.test(code)) return '; the other side does not take our certificate (auth.certFile, auth.keyFile)';
  if (staleCodes.has(code)) return '; if this goes on, the other side may not take our certificate (auth.certFile, auth.keyFile)';
  if (/CERT|VERIFY|SELF_SIGNED/.test(code)) return '; its certificate is not trusted (auth.caFile)';
  return '';
}

function noReply(error: unknown, url: string): Reply {
  const { code = '', message = '' } = error as { code?: string; message?: string };
  const failure = (message === '' ? code : message) + hintOf(code, url);
  return {
    status: 0,
    bytes: 0,
    failure,
    ...(unreachedCodes.has(code) && { unreached: true }),
    ...(code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE' && { tooLong: true }),
  };
}

function retryAfter(header: string | string[] | undefined): number | undefined {
  if (typeof header !== 'string') return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
