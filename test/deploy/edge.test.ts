import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { makeCertificates } from '../../bin/stack/certificates.ts';
import { packageRoot } from '../../core/paths.ts';
import { endOfCertificate } from '../../core/service/certificates.ts';
import { DeployedEdge, nginxBinary } from './edge.ts';

if (nginxBinary === undefined) console.warn('skipped: deploy/edge/nginx.conf in a real nginx (install the package nginx)');

(nginxBinary === undefined ? describe.skip : describe)('deploy/edge/nginx.conf in the installed nginx', () => {
  let edge: DeployedEdge;
  beforeAll(async () => {
    edge = await DeployedEdge.start();
  });
  afterAll(() => edge.stop());
  beforeEach(() => void edge.seen.splice(0));

  it.each([
    ['GET', '/ngsi-ld/v1/entities?type=AirQualityObserved&q=NO2%3E40', 'gateway'],
    ['POST', '/ngsi-ld/v1/entityOperations/query', 'gateway'],
    ['POST', '/ingest/json', 'agents'],
    ['GET', '/contexts/environment.jsonld', 'agents'],
    ['GET', '/grafana/d/line', 'grafana'],
  ] as const)('%s %s goes to the %s as it came', async (method, path, to) => {
    const { status, headers } = await edge.ask(path, { method, headers: { 'x-forwarded-for': '203.0.113.9' } });
    expect(status).toBe(200);
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['server']).toBe('nginx');
    expect(edge.seen).toMatchObject([{ to, method, url: path, headers: { host: 'localhost', 'x-forwarded-proto': 'https' } }]);
    // The address that limits and the audit log go by is the real one, not one that the caller made up.
    expect(edge.seen[0]?.headers['x-forwarded-for']).toBe('127.0.0.1');
  });

  it('answers for its own health and asks nobody', async () => {
    expect((await edge.ask('/healthz')).status).toBe(204);
    expect(edge.seen).toEqual([]);
  });

  it('shows when its certificate ends to who watches it', async () => {
    const days = ((await endOfCertificate(`localhost:${edge.port}`)) - Date.now() / 1_000) / 86_400;
    expect(Math.round(days)).toBe(825);
  });

  it.each([
    '/',
    '/metrics',
    '/health/ready',
    '/ngsi-ld/v2/entities',
    '/ngsi-ld/v1/../../metrics',
    '/contexts/..%2fmetrics',
    '/contexts/%2e%2e/metrics',
    '/ingest/../admin',
    '/version',
  ])('%s is not there', async (path) => {
    expect((await edge.ask(path)).status).toBe(404);
    expect(edge.seen).toEqual([]);
  });

  it.each([
    ['DELETE', '/ngsi-ld/v1/entities/urn:ngsi-ld:Device:a'],
    ['PATCH', '/ngsi-ld/v1/entities/urn:ngsi-ld:Device:a'],
    ['PUT', '/contexts/environment.jsonld'],
    ['GET', '/ingest/json'],
  ])('%s %s is refused', async (method, path) => {
    expect((await edge.ask(path, { method })).status).toBe(403);
    expect(edge.seen).toEqual([]);
  });

  it('takes a body of 1 MiB and none above', async () => {
    const mebi = 1024 * 1024;
    expect((await edge.ask('/ingest/json', { method: 'POST', body: Buffer.alloc(mebi, 32) })).status).toBe(200);
    expect(edge.seen.map(({ bytes }) => bytes)).toEqual([mebi]);
    const headers = { 'content-length': String(mebi + 1) };
    const refused = edge.ask('/ingest/json', { method: 'POST', headers, body: Buffer.alloc(mebi + 1, 32) }).then(
      ({ status }) => status,
      // It may hang up while the rest is still being sent.
      () => 413,
    );
    expect(await refused).toBe(413);
    expect(edge.seen).toHaveLength(1);
  });

  it('writes no token and no key, wherever they stand', async () => {
    const headers = {
      authorization: 'Bearer hidden-1',
      'x-auth-token': 'hidden-2',
      referer: 'https://x/?k=hidden-3',
      cookie: 'a=hidden-4',
    };
    await edge.ask('/ingest/iot/json?k=hidden-5&i=postaja-7', { method: 'POST', headers });
    await edge.ask('/nowhere?token=hidden-6', { headers });
    const log = edge.log();
    expect(log).toContain('"POST /ingest/iot/json HTTP/1.1" 200');
    expect(log).toContain('"GET /nowhere HTTP/1.1" 404');
    expect(log).not.toContain('hidden');
    expect(edge.seen[0]?.headers).toMatchObject({ authorization: 'Bearer hidden-1' });
  });

  it('speaks TLS 1.2 and newer alone', async () => {
    const handshake = (version: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'): Promise<string | null> =>
      new Promise((resolve) => {
        const options = { minVersion: version, maxVersion: version, rejectUnauthorized: false, ciphers: 'DEFAULT:@SECLEVEL=0' };
        const socket = connect({ host: '127.0.0.1', port: edge.port, ...options }, () => {
          resolve(socket.getProtocol());
          socket.destroy();
        });
        socket.on('error', () => resolve(null));
      });
    expect([await handshake('TLSv1.1'), await handshake('TLSv1.2'), await handshake('TLSv1.3')]).toEqual([null, 'TLSv1.2', 'TLSv1.3']);
    const plain = await new Promise((resolve) => get(`http://127.0.0.1:${edge.port}/healthz`, ({ statusCode }) => resolve(statusCode)));
    expect(plain).toBe(400);
  });

  it('refuses with 429 who asks without pause, logs no key doing so, and still answers for health', async () => {
    const asked = Array.from({ length: 120 }, () => edge.ask('/ngsi-ld/v1/types?k=hidden-7'));
    const statuses = (await Promise.all(asked)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200).length).toBe(edge.seen.length);
    expect(new Set(statuses)).toEqual(new Set([200, 429]));
    expect((await edge.ask('/healthz')).status).toBe(204);
    expect(edge.log()).not.toContain('hidden');
  });
});

describe.each(['docs/operate.md', 'docs/operate.sl.md'])('%s makes what nginx of Debian needs of it', (page) => {
  const [command = ''] = /^sed -e[^`]*?deploy\/edge\/nginx\.conf/m.exec(readFileSync(join(packageRoot, page), 'utf8')) ?? [];
  const made = execFileSync('sh', ['-c', command], { cwd: packageRoot, encoding: 'utf8' });

  it('with the ports and the certificate of this machine, and nothing of the stack', () => {
    expect(made.match(/default .*;/g)).toEqual(['default 127.0.0.1:8090;', 'default 127.0.0.1:8080;']);
    expect(made.match(/location .*\{/g)).toEqual([
      'location = /healthz {',
      'location /ngsi-ld/v1/ {',
      'location /ingest/ {',
      'location /contexts/ {',
    ]);
    expect(made).toContain('listen 443 ssl;');
    expect(made).toContain('ssl_certificate_key /etc/nginx/klavze/server.key;');
    expect(made).not.toMatch(/grafana|klavze-|\/tmp|\/dev\/|resolver/);
  });

  (nginxBinary === undefined ? it.skip : it)('which it takes', () => {
    const folder = mkdtempSync(join(tmpdir(), 'klavze-nginx-'));
    try {
      makeCertificates(folder, 'localhost');
      const here = made.replace(/\/(?:etc\/nginx\/klavze|var\/log\/nginx|run)\//g, `${folder}/`);
      writeFileSync(join(folder, 'nginx.conf'), here);
      const { status, stderr } = spawnSync(nginxBinary ?? '', ['-t', '-c', join(folder, 'nginx.conf')], { encoding: 'utf8' });
      expect([status, stderr]).toEqual([0, expect.stringContaining('test is successful')]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
