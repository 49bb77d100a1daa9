import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Aedes } from 'aedes';

/** Debian puts it into a folder that is not in everybody's PATH. */
export const mosquittoBinary = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  .map((folder) => join(folder, 'mosquitto'))
  .find((file) => existsSync(file));

export interface TestBroker {
  readonly port: number;
  kill(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A real Mosquitto. `durable`: it writes its queue to disk at every change, as it must where nothing may be lost when it is killed. */
export async function mosquitto(durable = true): Promise<TestBroker> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'klavze-mosquitto-'));
  const config = join(folder, 'mosquitto.conf');
  writeFileSync(
    config,
    [
      `listener ${port} 127.0.0.1`,
      'allow_anonymous true',
      ...(durable ? ['persistence true', `persistence_location ${folder}/`, 'autosave_on_changes true', 'autosave_interval 1'] : []),
      'max_inflight_messages 1000',
      'max_queued_messages 1000000',
      ...(process.getuid?.() === 0 ? ['user root'] : []),
    ].join('\n'),
  );
  let child: ChildProcess | undefined;
  async function start(): Promise<void> {
    child = spawn(mosquittoBinary ?? 'mosquitto', ['-c', config], { stdio: 'ignore' });
    for (let tries = 0; tries < 200 && !(await listens(port)); tries++) await new Promise((resolve) => setTimeout(resolve, 25));
  }
  async function kill(): Promise<void> {
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child?.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }
  await start();
  return {
    port,
    start,
    kill,
    async close() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** aedes in this process: MQTT 3.1.1 only, sessions in memory. `kill` cuts every connection and stops listening. */
export async function aedes(): Promise<TestBroker> {
  const broker = await Aedes.createBroker();
  let server: Server;
  let sockets: Socket[] = [];
  let port = 0;
  async function start(): Promise<void> {
    server = createServer((socket) => {
      sockets.push(socket);
      broker.handle(socket);
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  }
  async function kill(): Promise<void> {
    for (const socket of sockets) socket.destroy();
    sockets = [];
    await new Promise((resolve) => server.close(resolve));
  }
  await start();
  return {
    port,
    start,
    kill,
    async close() {
      await kill();
      await new Promise<void>((resolve) => broker.close(() => resolve()));
    },
  };
}

export function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

/** What went through one connection, in order. */
export interface Line {
  readonly publishes: number[];
  readonly pubacks: number[];
}

/** A wire tap between client and broker that notes ids of PUBLISH (QoS 1) and PUBACK, and can cut all connections. */
export async function tap(brokerPort: number) {
  const lines: Line[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const line: Line = { publishes: [], pubacks: [] };
    lines.push(line);
    const broker = connect(brokerPort, '127.0.0.1');
    for (const socket of [client, broker]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
    }
    client.on('close', () => broker.destroy());
    broker.on('close', () => client.destroy());
    client.on(
      'data',
      packets(({ type, body }) => type === 4 && line.pubacks.push(body.readUInt16BE(0))),
    );
    broker.on(
      'data',
      packets(
        ({ type, flags, body }) => type === 3 && (flags & 6) === 2 && line.publishes.push(body.readUInt16BE(2 + body.readUInt16BE(0))),
      ),
    );
    client.pipe(broker);
    broker.pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    lines,
    cut() {
      for (const socket of sockets) socket.destroy();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Cuts a byte stream into MQTT packets. */
function packets(take: (packet: { type: number; flags: number; body: Buffer }) => unknown): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      let length = 0;
      let at = 1;
      for (; ; at++) {
        const byte = rest[at];
        if (byte === undefined) return;
        length += (byte & 127) * 128 ** (at - 1);
        if (byte < 128) break;
      }
      if (rest.length < at + 1 + length) return;
      const first = rest[0] ?? 0;
      take({ type: first >> 4, flags: first & 15, body: rest.subarray(at + 1, at + 1 + length) });
      rest = rest.subarray(at + 1 + length);
    }
  };
}
