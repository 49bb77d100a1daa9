import { createServer, request as forward } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterEach, describe, expect, it } from '@jest/globals';

import { startBroker, type Broker } from '../../embedded/ngsi-ld/server.ts';
import { tryBroker } from '../../tools/broker/contract.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function broker(profile: 'strict' | 'orion'): Promise<Broker> {
  const started = await startBroker({ port: 0, dbFile: ':memory:', profile });
  closers.push(() => started.close());
  return started;
}

/** A broker before which somebody changes requests and answers. */
async function spoilt(
  { port }: Broker,
  change: { path?: (path: string) => string; body?: (path: string, text: string) => string },
): Promise<string> {
  const server = createServer((asked, answer) => {
    const path = asked.url ?? '';
    const sent = forward(
      { host: '127.0.0.1', port, method: asked.method, path: change.path?.(path) ?? path, headers: asked.headers },
      (got) => {
        const chunks: Buffer[] = [];
        got.on('data', (chunk: Buffer) => chunks.push(chunk));
        got.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          const { 'content-length': _, ...headers } = got.headers;
          answer.writeHead(got.statusCode ?? 500, headers).end(change.body?.(path, text) ?? text);
        });
      },
    );
    asked.pipe(sent);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('npm run test:broker', () => {
  it('the embedded broker does what Klavže needs, to the letter', async () => {
    const { url } = await broker('strict');
    const outcomes = await tryBroker({ url });
    expect(outcomes.filter(({ result }) => result !== 'ok')).toEqual([]);
    expect(outcomes.length).toBeGreaterThan(20);
    const left = await fetch(`${url}/ngsi-ld/v1/types`);
    expect(await left.json()).toMatchObject({ typeList: [] });
    expect(await (await fetch(`${url}/ngsi-ld/v1/subscriptions`)).json()).toEqual([]);
  });

  it('in the profile of Orion-LD it differs where that one does, and fits', async () => {
    const outcomes = await tryBroker({ url: (await broker('orion')).url });
    expect(outcomes.filter(({ result }) => result === 'failed' || result === 'skipped')).toEqual([]);
    expect(outcomes.filter(({ result }) => result === 'differs').map(({ name }) => name)).toContain('values: a list of one stays a list');
  });

  it('fails a broker whose upsert takes attributes away', async () => {
    const url = await spoilt(await broker('strict'), { path: (path) => path.replace('?options=update', '') });
    const failed = (await tryBroker({ url })).filter(({ result }) => result === 'failed');
    expect(failed.map(({ name }) => name)).toEqual(['batch: leaves attributes alone that are not in it']);
    expect(failed[0]?.detail).toContain('took it away');
  });

  it('fails a broker that gives other numbers back', async () => {
    const url = await spoilt(await broker('strict'), {
      body: (_path, text) => text.replaceAll('0.0000125', '0.00001').replaceAll('1.25e-5', '0.00001'),
    });
    const failed = (await tryBroker({ url })).filter(({ result }) => result === 'failed');
    expect(failed.map(({ detail }) => detail)).toEqual(['small.value was 0.0000125 and is 0.00001']);
  });
});
