import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { afterAll, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';

import { isServer, ownCertificates, watchCertificates } from '../../../core/service/certificates.ts';

const folder = mkdtempSync(join(tmpdir(), 'klavze-certificates-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('tells when each certificate ends: the first of a file, 0 for what cannot be read, anew each time', async () => {
  const secrets = join(folder, 'deploy', 'secrets');
  mkdirSync(secrets, { recursive: true });
  const make = (name: string, days: number): string => {
    const file = join(secrets, `${name}.crt`);
    const to = ['-keyout', join(folder, 'key'), '-out', file, '-days', String(days), '-subj', `/CN=${name}`];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', ...to], { stdio: 'pipe' });
    return file;
  };
  const [ca, server] = [make('ca', 100), make('server', 10)];
  const both = join(folder, 'both.crt');
  writeFileSync(both, readFileSync(ca, 'utf8') + readFileSync(server, 'utf8'));
  const files = ownCertificates(folder, { NODE_EXTRA_CA_CERTS: both });
  expect(files).toEqual([ca, server, both]);
  const system = join(folder, 'ca-certificates.crt');
  writeFileSync(system, readFileSync(ca, 'utf8').repeat(11));
  expect(ownCertificates(folder, { NODE_EXTRA_CA_CERTS: system })).toEqual([ca, server]);
  const registry = new Registry();
  watchCertificates(registry, () => [...files, join(folder, 'missing.crt')]);
  const days = async (): Promise<number[]> => {
    const [metric] = await registry.getMetricsAsJSON();
    return (metric?.values ?? []).map(({ value }) => (value === 0 ? 0 : Math.round((value - Date.now() / 1_000) / 86_400)));
  };
  expect(await days()).toEqual([100, 10, 10, 0]);
  make('server', 50);
  expect(await days()).toEqual([100, 50, 10, 0]);
});

it('asks a server for its certificate, seldom, and sooner where none was had', async () => {
  for (const [name, days] of [
    ['old', 5],
    ['new', 90],
  ] as const) {
    const files = ['-keyout', join(folder, `${name}.key`), '-out', join(folder, `${name}.crt`)];
    const options = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', String(days), '-subj', '/CN=x'];
    execFileSync('openssl', ['req', ...options, ...files], { stdio: 'pipe' });
  }
  const pair = (name: string) => ({ key: readFileSync(join(folder, `${name}.key`)), cert: readFileSync(join(folder, `${name}.crt`)) });
  let asked = 0;
  const server = createServer(pair('old')).on('connection', () => void asked++);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  let now = 0;
  const registry = new Registry();
  watchCertificates(
    registry,
    () => [`127.0.0.1:${port}`],
    () => now,
  );
  const days = async (): Promise<number> => {
    const [metric] = await registry.getMetricsAsJSON();
    const { value = 0 } = metric?.values[0] ?? {};
    return value === 0 ? 0 : Math.round((value - Date.now() / 1_000) / 86_400);
  };
  expect(await days()).toBe(5);
  server.setSecureContext(pair('new'));
  now += 3_599_000;
  expect([await days(), asked]).toEqual([5, 1]);
  now += 2_000;
  expect([await days(), asked]).toEqual([90, 2]);
  await new Promise((resolve) => server.close(resolve));
  now += 3_600_000;
  expect(await days()).toBe(0);
  await once(server.listen(port, '127.0.0.1'), 'listening');
  now += 59_000;
  expect(await days()).toBe(0);
  now += 1_000;
  expect(await days()).toBe(90);
  await new Promise((resolve) => server.close(resolve));
});

it.each([
  ['edge:8443', true],
  ['10.1.0.4:8883', true],
  ['[::1]:8443', true],
  ['/run/secrets/server.crt', false],
  ['server.crt', false],
  ['C:\\certificates\\server.crt', false],
])('%s is a server: %s', (place, expected) => expect(isServer(place)).toBe(expected));
