/** Publishes a load over one plain connection with as little work as possible, so that it is not what is measured. */
import { connect, type Socket } from 'node:net';
import { generate, type Packet } from 'mqtt-packet';

import { message, type Load } from './load.ts';
import { answer, now, say } from './parts.ts';

/** Messages without PUBACK at QoS 1. */
const mostUnderWay = 2_000;
/** Messages in one write. */
const together = 50;

export interface PublisherTask extends Load {
  readonly port: number;
  /** Left out: as fast as it goes. */
  readonly perSecond?: number;
}

answer(async (task: PublisherTask) => {
  const packets = task.perSecond === undefined ? Array.from({ length: task.messages }, (_, n) => packet(n, task)) : undefined;
  const socket = await connected(task.port);
  say('started', now());
  let acknowledged = 0;
  let wake: (() => void) | undefined;
  socket.on('data', (chunk: Buffer) => {
    acknowledged += chunk.length / 4; // PUBACKs are all that comes, four bytes each
    wake?.();
  });
  const woken = () => new Promise<void>((resolve) => (wake = resolve));
  const start = now();
  for (let n = 0; n < task.messages;) {
    const due = task.perSecond === undefined ? task.messages : Math.floor(((now() - start) / 1_000) * task.perSecond);
    const end = Math.min(task.messages, n + together, due, task.qos === 1 ? acknowledged + mostUnderWay : Infinity);
    if (end <= n) {
      await (task.perSecond === undefined ? woken() : pause(2));
      continue;
    }
    const chunk = Array.from({ length: end - n }, (_, i) => packets?.[n + i] ?? packet(n + i, task, now()));
    n = end;
    if (!socket.write(Buffer.concat(chunk))) await new Promise((resolve) => socket.once('drain', resolve));
  }
  while (task.qos === 1 && acknowledged < task.messages) await woken();
  socket.end(generate({ cmd: 'disconnect' } as Packet));
  return { from: start, until: now() };
});

function packet(n: number, task: PublisherTask, at?: number): Buffer {
  const { topic, payload } = message(n, task, at);
  const common = { cmd: 'publish', topic, payload, dup: false, retain: false } as const;
  return generate(task.qos === 0 ? { ...common, qos: 0 } : { ...common, qos: 1, messageId: (n % 65_535) + 1 });
}

function connected(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.setNoDelay(true);
      socket.write(generate({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clean: true, clientId: 'publisher', keepalive: 0 }));
    });
    socket.once('error', reject);
    socket.once('data', () => resolve(socket));
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
