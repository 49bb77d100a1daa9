/** What the checks of a broker share: their own tenant of names, a client, and a place where notifications arrive. */
import { randomBytes } from 'node:crypto';

import { createBrokerClient, type BrokerClient } from '../../core/deliver/client.ts';
import type { Receiver } from './receiver.ts';

export interface Reply {
  /** HTTP status; 0: no answer came. */
  readonly status: number;
  readonly headers: Headers;
  /** The parsed JSON body, else its text. */
  readonly body: unknown;
}

/** A place of this run in a broker: nothing of others has its type or its ids. */
export interface Room {
  /** Delivers as Klavže does. */
  readonly client: BrokerClient;
  /** Entity type of this run. */
  readonly type: string;
  readonly tenant: string;
  /** Where the broker can reach this process; undefined: nowhere. */
  readonly receiver?: Receiver;
  id(name: string): string;
  /** Ids that were named so far. */
  readonly ids: ReadonlySet<string>;
  /** One request below /ngsi-ld/v1. */
  call(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Reply>;
  /** Called at the end, newest first. */
  later(clean: () => Promise<unknown>): void;
  close(): Promise<void>;
}

export interface RoomOptions {
  readonly url: string;
  readonly token?: string;
  readonly receiver?: Receiver;
}

/** So many at once, at most. */
const largestRemoval = 400;

export function openRoom({ url, token, receiver }: RoomOptions): Room {
  const run = randomBytes(4).toString('hex');
  const base = url.replace(/\/+$/, '');
  const client = createBrokerClient({ url: base, timeoutMs: 20_000, ...(token !== undefined && { token: () => token }) });
  const ids = new Set<string>();
  const cleaners: (() => Promise<unknown>)[] = [];

  return {
    client,
    type: `KlavzeCheck${run}`,
    tenant: `klavzecheck${run}`,
    ...(receiver !== undefined && { receiver }),
    ids,
    id(name) {
      const id = `urn:ngsi-ld:KlavzeCheck:${run}:${name}`;
      ids.add(id);
      return id;
    },
    async call(method, path, body, headers = {}) {
      const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
      const sent = {
        accept: 'application/json',
        ...(text !== undefined && { 'content-type': 'application/json' }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...headers,
      };
      try {
        const init = { method, headers: sent, signal: AbortSignal.timeout(20_000), ...(text !== undefined && { body: text }) };
        const answer = await fetch(`${base}/ngsi-ld/v1${path}`, init);
        return { status: answer.status, headers: answer.headers, body: parsed(await answer.text()) };
      } catch (error) {
        return { status: 0, headers: new Headers(), body: String(error) };
      }
    },
    later: (clean) => void cleaners.push(clean),
    async close() {
      for (const clean of cleaners.splice(0).reverse()) await clean();
      const all = [...ids];
      for (let at = 0; at < all.length; at += largestRemoval) await client.remove(JSON.stringify(all.slice(at, at + largestRemoval)));
      client.close();
    },
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
