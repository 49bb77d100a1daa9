import { createHash } from 'node:crypto';

import type { AxiosResponse, AxiosStatic } from 'axios';

import type { StateStore } from '../outbox/outbox.ts';
import { version } from '../paths.ts';
import type { Authorization, Instant } from '../plugin.ts';
import { reject, type Rejection } from '../rejection.ts';
import { loadAxios } from '../service/axios.ts';
import { authorize, type Credentials } from './authorize.ts';
import { defaultMaxBytes } from './formats/parse.ts';
import { redirectGuard } from './redirects.ts';

/** What came of asking a publisher for a dataset. */
export type Fetched =
  /** New content. `remember` keeps its validators, to be called when the content has been dealt with. */
  | { readonly kind: 'fresh'; readonly bytes: Uint8Array; remember(): void }
  /** Nothing new since the content last remembered: the publisher said so, or sent the same bytes again. */
  | { readonly kind: 'unchanged' }
  /** No dataset to be had for now; `reason` says why, `retryAfterMs` when the publisher asked for patience. */
  | { readonly kind: 'unavailable'; readonly reason: string; readonly retryAfterMs?: number }
  | { readonly kind: 'refused'; readonly rejection: Rejection };

export interface FetchRequest {
  readonly url: string;
  readonly state: StateStore;
  /** Where the validators are kept in `state`. */
  readonly key: string;
  /** What else decides what is done with the content (the station filter): another value makes old validators void. */
  readonly purpose: string;
  readonly now: Instant;
  /** Sent by POST, as JSON; left out: GET. */
  readonly body?: object | undefined;
  readonly authorization?: Authorization;
  readonly credentials?: Credentials;
  readonly timeoutMs?: number;
  readonly maxBytes?: number;
}

interface CacheValidators {
  readonly etag?: string | undefined;
  readonly lastModified?: string | undefined;
}

/** Kept between runs. */
interface Validators extends CacheValidators {
  readonly url: string;
  readonly purpose: string;
  readonly sha256: string;
}

const maxRedirects = 5;

/** GET, or POST with `body`, with the cache validators of the last time (RFC 9110 13.1), gzip, a time limit for the whole answer and a size limit while it streams. */
export async function fetchDataset(request: FetchRequest): Promise<Fetched> {
  const { url, state, key, purpose, now, body, authorization, credentials = {}, timeoutMs = 30_000, maxBytes = defaultMaxBytes } = request;
  if (!/^https?:\/\//i.test(url)) return { kind: 'unavailable', reason: `${url} is no http or https address` };
  const known = knownValidators(state.get(key), url, purpose);
  const authorized = authorization === undefined ? undefined : await authorize(authorization, credentials, timeoutMs);
  if (authorized?.ok === false) return { kind: 'unavailable', reason: authorized.error };
  const axios = await loadAxios();
  let response: AxiosResponse<ArrayBuffer>;
  try {
    response = await axios.request<ArrayBuffer>({
      url,
      method: body === undefined ? 'GET' : 'POST',
      data: body,
      adapter: 'http',
      responseType: 'arraybuffer',
      headers: {
        'User-Agent': `klavze/${version}`,
        ...authorized?.value,
        ...(known?.etag === undefined ? {} : { 'If-None-Match': known.etag }),
        ...(known?.lastModified === undefined ? {} : { 'If-Modified-Since': known.lastModified }),
      },
      maxContentLength: maxBytes,
      // A redirect would carry the token elsewhere.
      maxRedirects: authorized === undefined ? maxRedirects : 0,
      beforeRedirect: redirectGuard(url),
      timeout: timeoutMs,
      signal: AbortSignal.timeout(timeoutMs),
      validateStatus: null,
    });
  } catch (error) {
    return failure(axios, error, url, timeoutMs, maxBytes);
  }
  if (response.status === 304 && known !== undefined) return { kind: 'unchanged' };
  if (response.status !== 200) return notOk(response, now);
  const { etag, 'last-modified': lastModified } = response.headers;
  return taken(request, new Uint8Array(response.data), { etag: stringOf(etag), lastModified: stringOf(lastModified) });
}

/** Content that was had, against what was remembered of the same address. */
export function taken({ url, state, key, purpose }: FetchRequest, bytes: Uint8Array, validators: CacheValidators = {}): Fetched {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const remember = (): void => {
    state.set(key, { url, purpose, sha256, ...validators } satisfies Validators);
  };
  if (sha256 === knownValidators(state.get(key), url, purpose)?.sha256) {
    remember();
    return { kind: 'unchanged' };
  }
  return { kind: 'fresh', bytes, remember };
}

function stringOf(header: unknown): string | undefined {
  return typeof header === 'string' ? header : undefined;
}

function knownValidators(stored: unknown, url: string, purpose: string): Validators | undefined {
  const validators = stored as Validators | null | undefined;
  return validators?.url === url && validators.purpose === purpose ? validators : undefined;
}

function notOk(response: AxiosResponse, now: Instant): Fetched {
  const retryAfter: unknown = response.headers['retry-after'];
  const unavailable = { kind: 'unavailable', reason: `the publisher answered HTTP ${response.status}` } as const;
  if (typeof retryAfter !== 'string') return unavailable;
  const ms = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - Date.parse(now);
  return ms > 0 ? { ...unavailable, retryAfterMs: ms } : unavailable;
}

function failure(axios: AxiosStatic, error: unknown, url: string, timeoutMs: number, maxBytes: number): Fetched {
  const { code = '', message } = axios.isAxiosError(error) ? error : (new Error(String(error)) as Error & { code?: string });
  if (message.includes('maxContentLength')) {
    return {
      kind: 'refused',
      rejection: reject('source', 'too_large', `${url} sends more than ${maxBytes} bytes; it was not read to the end`),
    };
  }
  if (code === 'ERR_CANCELED' || code === 'ECONNABORTED' || code === 'ETIMEDOUT') {
    return { kind: 'unavailable', reason: `no complete answer within ${timeoutMs / 1000} s` };
  }
  return { kind: 'unavailable', reason: message || code };
}
