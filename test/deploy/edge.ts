import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { makeCertificates } from '../../bin/stack/certificates.ts';
import { freePort, listens } from '../core/source/mqtt-brokers.ts';

/** Debian puts it into a folder that is not in everybody's PATH. */
export const nginxBinary = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  .map((folder) => join(folder, 'nginx'))
  .find((file) => existsSync(file));

export interface Seen {
  readonly to: 'gateway' | 'agents' | 'grafana';
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: number;
}

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

/** The stack's nginx.conf under the installed nginx: only paths, the port and the addresses of what is behind it are rewritten. */
export class DeployedEdge {
  readonly seen: Seen[] = [];
  private readonly folder = mkdtempSync(join(tmpdir(), 'klavze-edge-'));
  private readonly servers: Server[] = [];
  private child: ChildProcess | undefined;
  private said = '';

  private constructor(readonly port: number) {}

  static async start(): Promise<DeployedEdge> {
    const edge = new DeployedEdge(await freePort());
    try {
      await edge.configure();
      await edge.run();
      return edge;
    } catch (error) {
      await edge.stop();
      throw error;
    }
  }

  private async configure(): Promise<void> {
    const { folder } = this;
    // Started by root, its workers are another user and must still reach their files.
    chmodSync(folder, 0o755);
    mkdirSync(join(folder, 'tmp'));
    chmodSync(join(folder, 'tmp'), 0o777);
    makeCertificates(folder, 'localhost');
    let text = readFileSync(join(import.meta.dirname, '..', '..', 'deploy', 'edge', 'nginx.conf'), 'utf8')
      .replaceAll(' /tmp/', ` ${folder}/tmp/`)
      .replaceAll('/etc/nginx/', `${folder}/`)
      .replace('/dev/stdout', `${folder}/access.log`)
      .replace('listen 8443 ssl', `listen 127.0.0.1:${this.port} ssl`);
    for (const [name, host] of [
      ['gateway', 'klavze-gateway:8090'],
      ['agents', 'klavze-agents:8080'],
      ['grafana', 'grafana:3000'],
    ] as const)
      text = text.replace(`default ${host};`, `default 127.0.0.1:${await this.behind(name)};`);
    writeFileSync(join(folder, 'nginx.conf'), text);
  }

  private async run(): Promise<void> {
    const tested = spawnSync(nginxBinary ?? 'nginx', ['-t', ...this.words], { encoding: 'utf8' });
    if (tested.status !== 0) throw new Error(`nginx -t: ${tested.stderr}`);
    const child = spawn(nginxBinary ?? 'nginx', ['-g', 'daemon off;', ...this.words], { stdio: ['ignore', 'ignore', 'pipe'] });
    this.child = child;
    child.stderr.on('data', (chunk: Buffer) => (this.said += chunk.toString()));
    for (let attempt = 0; !(await listens(this.port)); attempt++) {
      if (attempt > 400 || child.exitCode !== null) throw new Error(`nginx does not listen on ${this.port}: ${this.said}`);
      await sleep(25);
    }
  }

  private get words(): string[] {
    return ['-p', this.folder, '-e', 'stderr', '-c', join(this.folder, 'nginx.conf')];
  }

  /** What the edge wrote: access log and errors. */
  log(): string {
    return readFileSync(join(this.folder, 'access.log'), 'utf8') + this.said;
  }

  ask(path: string, { method = 'GET', headers = {}, body }: Asked = {}): Promise<{ status: number; headers: IncomingHttpHeaders }> {
    const ca = readFileSync(join(this.folder, 'ca.crt'));
    return new Promise((resolve, reject) => {
      const asked = request({ host: 'localhost', port: this.port, path, method, headers, ca, agent: false, family: 4 }, (answer) => {
        answer.resume();
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers }));
      });
      asked.on('error', reject);
      asked.end(body);
    });
  }

  async stop(): Promise<void> {
    const { child } = this;
    if (child !== undefined && child.exitCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    }
    for (const server of this.servers) {
      server.closeAllConnections();
      server.close();
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async behind(to: Seen['to']): Promise<number> {
    const server = createServer((asked, answer) => {
      let bytes = 0;
      asked.on('data', (chunk: Buffer) => (bytes += chunk.length));
      asked.on('end', () => {
        this.seen.push({ to, method: asked.method ?? '', url: asked.url ?? '', headers: asked.headers, bytes });
        answer.end('{}');
      });
    });
    this.servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }
}
