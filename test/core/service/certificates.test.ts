import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';

import { ownCertificates, watchCertificates } from '../../../core/service/certificates.ts';

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
