import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

import { connectCluster, type Cluster, type ClusterOptions } from '../../../core/outbox/jetstream/cluster.ts';
import { freePort, listens } from '../source/mqtt-brokers.ts';
import { silent } from './samples.ts';

/** Debian puts nats-server into a folder that is not in everybody's PATH. */
export const natsBinary = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  .map((folder) => join(folder, 'nats-server'))
  .find((file) => existsSync(file));

export interface TestNats {
  readonly url: string;
  kill(): Promise<void>;
  start(): Promise<void>;
  /** A connection that is closed with the server. */
  cluster(more?: Partial<ClusterOptions>): Promise<Cluster>;
  close(): Promise<void>;
}

/** A real nats-server with JetStream. */
export async function startNats(): Promise<TestNats> {
  const folder = mkdtempSync(join(tmpdir(), 'klavze-nats-'));
  const port = await freePort();
  const url = `nats://127.0.0.1:${port}`;
  const clusters: Cluster[] = [];
  let child: ChildProcess | undefined;
  async function start(): Promise<void> {
    child = spawn(natsBinary ?? 'nats-server', ['-js', '-a', '127.0.0.1', '-p', String(port), '-sd', folder], { stdio: 'ignore' });
    for (let tries = 0; tries < 400 && !(await listens(port)); tries++) await new Promise((resolve) => setTimeout(resolve, 25));
  }
  async function kill(): Promise<void> {
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child?.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }
  await start();
  return {
    url,
    start,
    kill,
    async cluster(more = {}) {
      const options = { url, replicas: 1, prefix: 'klavze', leaseMs: 2_000, logger: silent, isPatient: false, ...more };
      const cluster = await connectCluster(options);
      clusters.push(cluster);
      return cluster;
    },
    async close() {
      await Promise.all(clusters.map((cluster) => cluster.close()));
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
