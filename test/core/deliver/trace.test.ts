import { afterEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';

import { createBrokerClient } from '../../../core/deliver/client.ts';
import { createDeliverer } from '../../../core/deliver/deliverer.ts';
import { createMemoryOutbox } from '../../../core/outbox/memory.ts';
import { consign, gauge, origin } from '../outbox/samples.ts';
import { startSink } from './sink.ts';

const closing: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function deliver(level: 'debug' | 'info') {
  const lines: Record<string, unknown>[] = [];
  const sink = await startSink();
  const outbox = createMemoryOutbox();
  const logger = pino({ level }, { write: (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>) });
  const deliverer = createDeliverer({ outbox, client: createBrokerClient({ url: sink.url }), logger, contextOf: () => '', lingerMs: 1 });
  closing.push(
    () => deliverer.stop(),
    () => sink.close(),
  );
  deliverer.start();
  await outbox.append(consign(gauge('a', 1), gauge('b', 2)));
  for (let tries = 0; outbox.depth('2026-05-01T00:00:00.000Z').count > 0 && tries < 1_000; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return { lines, headers: sink.requests.map(({ headers }) => headers) };
}

describe('the trace of a request', () => {
  it('leads from a message in the log to the request at the broker', async () => {
    const { lines, headers } = await deliver('debug');
    const traces = headers.map(({ traceparent }) => /^00-([0-9a-f]{32})-[0-9a-f]{16}-01$/.exec(String(traceparent))?.[1]);
    expect(new Set(traces).size).toBe(headers.length);
    const logged = lines.filter(({ trace }) => trace !== undefined);
    expect(logged.map(({ trace }) => trace)).toEqual(traces);
    expect(logged[0]).toMatchObject({ status: 204, messages: [`${origin.from} ${origin.receivedAt}`] });
    expect(logged.flatMap(({ entities }) => entities)).toEqual([gauge('a', 1).id, gauge('b', 2).id]);
  });

  it('is in no log line unless somebody wants to follow messages', async () => {
    const { lines, headers } = await deliver('info');
    expect(lines).toEqual([]);
    expect(headers[0]?.['traceparent']).toBeDefined();
  });
});
