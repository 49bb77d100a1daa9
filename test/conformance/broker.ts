import { afterAll, beforeAll } from '@jest/globals';
import { startBroker, type Broker, type BrokerOptions } from '../../embedded/ngsi-ld/server.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Parsed body; undefined when there is none. */
  readonly json: unknown;
}

export interface Client {
  broker(): Broker;
  /** `path` below /ngsi-ld/v1; a body that is no string goes as JSON. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
}

/** A broker for the tests of one `describe`, driven over HTTP. */
export function useBroker(options: Partial<BrokerOptions> = {}): Client {
  let broker: Broker | undefined;
  beforeAll(async () => {
    broker = await startBroker({ port: 0, dbFile: ':memory:', ...options });
  });
  afterAll(async () => {
    await broker?.close();
  });
  const running = (): Broker => {
    if (broker === undefined) throw new Error('the broker runs inside of tests only');
    return broker;
  };
  return { broker: running, call: (method, path, body, headers) => call(`${running().url}/ngsi-ld/v1${path}`, method, body, headers) };
}

export async function call(url: string, method: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(url, {
    method,
    headers: { ...(text === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(text === undefined ? {} : { body: text }),
  });
  const answer = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  return { status: response.status, headers: response.headers, text: answer, json: isJson ? (JSON.parse(answer) as unknown) : undefined };
}

export const errorType = (name: string): string => `https://uri.etsi.org/ngsi-ld/errors/${name}`;
export const LD = { 'content-type': 'application/ld+json' };

let counter = 0;
/** An entity nobody else has. */
export function sensor(members: Record<string, unknown> = {}): Record<string, unknown> & { id: string } {
  counter += 1;
  return { id: `urn:ngsi-ld:Sensor:${counter}`, type: 'Sensor', ...members };
}
