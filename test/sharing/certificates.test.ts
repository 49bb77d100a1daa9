/** Mutual TLS: a partner's server that wants a certificate of ours. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createPlainServer, type RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { makeInternalCertificate } from '../../bin/stack/certificates.ts';
import { partner, startLine } from './line.ts';
import { until, weather, write } from './rig.ts';

let folder = '';
const file = (name: string): string => join(folder, name);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'klavze-mtls-'));
  for (const name of ['server', 'ours', 'other']) makeInternalCertificate(folder, name, 'localhost');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const pair = (name: string) => ({ certFile: file(`${name}.crt`), keyFile: file(`${name}.key`) });

/** What a partner gets by these certificates, and what `share status` would say. */
async function send(endpoint: string, auth: object, settled: (waiting: number, lastError: string | undefined) => boolean) {
  const line = await startLine([partner('p', { endpoint, auth })]);
  try {
    await line.apply();
    await write(line.ours, [weather(1, 1, '2026-05-01T10:00:00.000Z')], {});
    const status = () => line.sharing.status()[0];
    let told = '';
    await until(
      'it is tried',
      () => {
        const { waiting = 0, lastError } = status() ?? {};
        told = lastError ?? '';
        return settled(waiting, lastError);
      },
      20_000,
    );
    return { told, waiting: status()?.waiting, deadLetters: status()?.deadLetters };
  } finally {
    await line.close();
  }
}

async function serve(listener: RequestListener, isSecure: boolean) {
  const tls = () => ({
    cert: readFileSync(file('server.crt')),
    key: readFileSync(file('server.key')),
    ca: readFileSync(file('ours.crt')),
    requestCert: true,
    rejectUnauthorized: true,
  });
  const server = isSecure ? createServer(tls(), listener) : createPlainServer(listener);
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http${isSecure ? 's' : ''}://localhost:${port}/n`,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('a partner that wants a certificate of ours', () => {
  it('gets data by the right one; by another, none or an unknown authority they wait, and it is said why', async () => {
    let posts = 0;
    const server = await serve((request, response) => {
      request.resume().on('end', () => {
        posts++;
        response.writeHead(204).end();
      });
    }, true);
    try {
      const failed = (_waiting: number, lastError: string | undefined): boolean => lastError !== undefined;
      const caFile = file('server.crt');
      for (const auth of [{ ...pair('other'), caFile }, { caFile }]) {
        const { told, ...rest } = await send(server.url, auth, failed);
        expect(told).toMatch(/our certificate \(auth\.certFile, auth\.keyFile\)/);
        expect(rest).toEqual({ waiting: 1, deadLetters: 0 });
      }
      const unknown = await send(server.url, pair('ours'), failed);
      expect(unknown.told).toMatch(/its certificate is not trusted \(auth\.caFile\)/);
      expect(posts).toBe(0);
      await send(server.url, { ...pair('ours'), caFile }, () => posts > 0);
      expect(posts).toBe(1);
    } finally {
      await server.close();
    }
  }, 90_000);

  it('by an answer of nginx keeps them waiting, too: its 400 is no word about the data', async () => {
    const page = '<html><head><title>400 No required SSL certificate was sent</title></head></html>';
    const server = await serve((request, response) => {
      request.resume().on('end', () => response.writeHead(400, { 'content-type': 'text/html' }).end(page));
    }, false);
    try {
      const { told, ...rest } = await send(server.url, {}, (_waiting, lastError) => lastError !== undefined);
      expect(told).toContain('No required SSL certificate was sent (auth.certFile, auth.keyFile)');
      expect(rest).toEqual({ waiting: 1, deadLetters: 0 });
    } finally {
      await server.close();
    }
  }, 45_000);
});
