import { Agent, request } from 'undici';

import { notUnderstood, Refusal } from './refusal.ts';

/** What the broker said: a body where it is JSON, and the count of a query. */
export interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly count?: number;
}

/** The read side of the broker. A caller's headers never get here. */
export interface Upstream {
  /** @throws {Refusal} when the broker is away, fails or gives too much. */
  ask(method: 'GET' | 'POST', path: string, options?: { readonly context?: string | undefined; readonly body?: unknown }): Promise<Reply>;
  close(): Promise<void>;
}

export interface UpstreamOptions {
  readonly url: string;
  readonly tenant?: string | undefined;
  /** Klavže's own. */
  readonly token?: string | undefined;
  readonly timeoutMs: number;
  readonly mostBytes: number;
}

export function createUpstream({ url, tenant, token, timeoutMs, mostBytes }: UpstreamOptions): Upstream {
  const agent = new Agent({
    connections: 16,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    keepAliveTimeout: 20_000,
    maxResponseSize: mostBytes,
    connect: { timeout: Math.min(timeoutMs, 5_000) },
  });
  const base = `${url.replace(/\/+$/, '')}/ngsi-ld/v1`;
  const own = {
    accept: 'application/json',
    ...(tenant !== undefined && { 'ngsild-tenant': tenant }),
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  };

  async function once(method: 'GET' | 'POST', path: string, context: string | undefined, payload: string | undefined): Promise<Reply> {
    const { statusCode, headers, body } = await request(`${base}${path}`, {
      dispatcher: agent,
      method,
      headers: {
        ...own,
        ...(context !== undefined && { link: `<${context}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"` }),
        ...(payload !== undefined && { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(payload)) }),
      },
      ...(payload !== undefined && { body: payload }),
    });
    const text = await body.text();
    const count = Number(headers['ngsild-results-count']);
    return {
      status: statusCode,
      body: parse(text),
      ...(headers['ngsild-results-count'] !== undefined && Number.isInteger(count) && { count }),
    };
  }

  return {
    async ask(method, path, { context, body } = {}) {
      const payload = body === undefined ? undefined : JSON.stringify(body);
      let reply: Reply;
      try {
        reply = await once(method, path, context, payload).catch((error: unknown) => {
          // A connection that lay idle may be closed by now: a read is asked again.
          if (isStale(error)) return once(method, path, context, payload);
          throw error;
        });
      } catch (error) {
        if ((error as { code?: unknown }).code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE')
          throw new Refusal(403, 'TooManyResults', 'Too much at once', 'ask for fewer entities, attributes or a shorter time');
        throw new Refusal(503, 'InternalError', 'The broker is away', 'the data cannot be read now; try again later', {
          'Retry-After': '10',
        });
      }
      return settled(reply);
    },
    close: () => agent.close(),
  };
}

/** The broker's own words stay here: they may tell of names and places that are not the caller's. */
function settled(reply: Reply): Reply {
  const { status } = reply;
  if (status === 200 || status === 404) return reply;
  if (status === 206) return { ...reply, status: 200 };
  if (status === 403 || status === 413 || status === 414)
    throw new Refusal(403, 'TooComplexQuery', 'Too much at once', 'the broker refuses a question of this size');
  if (status === 501 || status === 422) throw notUnderstood('the broker behind this gateway does not know this kind of question');
  if (status < 500 && status !== 401 && status !== 429) throw notUnderstood('the broker does not take this question');
  throw new Refusal(503, 'InternalError', 'The broker fails', 'the data cannot be read now; try again later', { 'Retry-After': '10' });
}

function isStale(error: unknown): boolean {
  return ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'].includes(String((error as { code?: unknown }).code));
}

function parse(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
