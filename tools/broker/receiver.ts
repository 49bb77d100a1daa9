import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { ConfigError } from '../../core/errors.ts';

/** Takes notifications and serves a context to a broker. */
export interface Receiver {
  readonly url: string;
  /** Entities in all notifications so far. */
  readonly seen: readonly Readonly<Record<string, unknown>>[];
  readonly contextUrl: string;
  close(): Promise<void>;
}

/** What the context that is served calls `level`. */
export const levelName = 'https://klavze.example/terms/level';

/**
 * Listens where the broker can reach it: `address` as the broker sees it (`http://host:port`), or, without it, a free port of the loopback.
 *
 * @throws {ConfigError} when the address is none or its port is taken.
 */
export async function startReceiver(address?: string): Promise<Receiver> {
  const seen: Record<string, unknown>[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (request.method === 'GET') {
        const text = JSON.stringify({ '@context': { level: levelName } });
        response.writeHead(200, { 'content-type': 'application/ld+json', 'content-length': Buffer.byteLength(text) }).end(text);
        return;
      }
      seen.push(...entitiesIn(Buffer.concat(chunks).toString()));
      response.writeHead(204).end();
    });
  });
  const wanted = address === undefined ? undefined : new URL(address);
  server.listen(wanted === undefined ? 0 : Number(wanted.port || 80), wanted === undefined ? '127.0.0.1' : undefined);
  await Promise.race([
    once(server, 'listening'),
    once(server, 'error').then(([error]) => {
      throw new ConfigError(`--receiver: ${String(error)}`);
    }),
  ]);
  const url = address?.replace(/\/+$/, '') ?? `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    seen,
    contextUrl: `${url}/context.jsonld`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function entitiesIn(text: string): Record<string, unknown>[] {
  try {
    const { data } = JSON.parse(text) as { data?: unknown };
    return Array.isArray(data) ? (data as Record<string, unknown>[]) : [];
  } catch {
    return [];
  }
}
