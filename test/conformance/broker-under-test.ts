import { afterEach } from '@jest/globals';
import { startBroker, type Broker, type BrokerOptions } from '../../embedded/ngsi-ld/server.ts';
import { call, errorType, LD } from './broker.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed JSON; undefined without a body. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- answers are looked into freely by the tests
  readonly body: any;
}

export interface BrokerUnderTest {
  readonly broker: Broker;
  /** One request below /ngsi-ld/v1; a body is sent as application/json unless it has an @context or `headers` say otherwise. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
}

export const PROBLEM = errorType('');

const toClose: (() => Promise<unknown>)[] = [];

/** Closed after the test, in reverse order. */
export function closeLater(close: () => Promise<unknown>): void {
  toClose.push(close);
}

afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close();
});

/** A fresh broker on a free port, in memory unless a file is named. */
export async function brokerUnderTest(options: Partial<BrokerOptions> = {}): Promise<BrokerUnderTest> {
  const broker = await startBroker({ port: 0, dbFile: ':memory:', ...options });
  closeLater(() => broker.close());
  return {
    broker,
    async call(method, path, body, headers = {}) {
      const isLd = typeof body === 'object' && body !== null && '@context' in body;
      const answer = await call(`${broker.url}/ngsi-ld/v1${path}`, method, body, { ...(isLd && LD), ...headers });
      return { status: answer.status, headers: answer.headers, body: answer.json };
    },
  };
}

export async function until(reached: () => boolean, what: string, withinMs = 5_000): Promise<void> {
  for (const end = Date.now() + withinMs; !reached(); await new Promise((resolve) => setTimeout(resolve, 5))) {
    if (Date.now() > end) throw new Error(`not reached within ${withinMs} ms: ${what}`);
  }
}
