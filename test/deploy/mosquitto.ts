import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { addMqttUser, makeSecrets } from '../../bin/stack/secrets.ts';
import { freePort, mosquittoBinary } from '../core/source/mqtt-brokers.ts';

const deploy = join(import.meta.dirname, '..', '..', 'deploy');

/** False where Debian's Mosquitto is not installed; the tests then say so and skip. */
export const hasMosquitto = mosquittoBinary !== undefined;

/** The stack's Mosquitto configuration under the installed Mosquitto: only paths, ports and the address are rewritten. */
export class DeployedMosquitto {
  readonly folder = mkdtempSync(join(tmpdir(), 'klavze-mosquitto-'));
  private child: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    readonly tlsPort: number,
    readonly internalPort: number,
  ) {}

  static async prepare(): Promise<DeployedMosquitto> {
    const broker = new DeployedMosquitto(await freePort(), await freePort(), await freePort());
    const { folder } = broker;
    // Started by root, Mosquitto becomes the user `mosquitto` and must still reach its files.
    chmodSync(folder, 0o755);
    mkdirSync(join(folder, 'data'));
    chmodSync(join(folder, 'data'), 0o777);
    makeSecrets(join(folder, 'secrets'), { host: 'localhost' });
    for (const name of ['server.crt', 'server.key', 'internal.crt', 'internal.key'])
      cpSync(join(folder, 'secrets', name), join(folder, name));
    cpSync(join(folder, 'secrets', 'mosquitto-passwords'), join(folder, 'passwords'));
    cpSync(join(deploy, 'mosquitto', 'acl'), join(folder, 'acl'));
    const configuration = readFileSync(join(deploy, 'mosquitto', 'mosquitto.conf'), 'utf8')
      .replaceAll('/mosquitto/config/', `${folder}/`)
      .replaceAll('/mosquitto/data/', `${folder}/data/`)
      .replace('listener 8883', `listener ${broker.tlsPort} 127.0.0.1`)
      .replace('listener 8884', `listener ${broker.internalPort} 127.0.0.1`)
      .replace('listener 1883', `listener ${broker.port} 127.0.0.1`);
    writeFileSync(join(folder, 'mosquitto.conf'), configuration);
    return broker;
  }

  password(user: 'klavze' | 'health'): string {
    return readFileSync(join(this.folder, 'secrets', `${user}-mqtt-password`), 'utf8').trim();
  }

  /** Adds a user as the operator does and gives its password. */
  addUser(name: string): string {
    const password = addMqttUser(join(this.folder, 'secrets'), name);
    cpSync(join(this.folder, 'secrets', 'mosquitto-passwords'), join(this.folder, 'passwords'));
    return password;
  }

  async start(): Promise<void> {
    const child = spawn(mosquittoBinary ?? 'mosquitto', ['-c', join(this.folder, 'mosquitto.conf')], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
    for (let attempt = 0; attempt < 600; attempt++) {
      if (child.exitCode !== null) throw new Error(`mosquitto ended with ${child.exitCode}: ${said}`);
      if (await accepts(this.port)) return;
      await sleep(50);
    }
    throw new Error(`mosquitto does not listen on ${this.port}: ${said}`);
  }

  async kill(): Promise<void> {
    const child = this.child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
