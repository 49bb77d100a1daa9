import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { generate, parser, type Packet } from 'mqtt-packet';

import type { Done } from '../outbox/outbox.ts';
import { Frames, isPublish, readPublish, type Published } from './mqtt-frames.ts';
import { Pending } from './mqtt-pending.ts';

export interface LinkOptions {
  readonly url: string;
  readonly clientId: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly receiveMaximum: number;
  readonly sessionExpirySeconds: number;
  readonly most: { readonly messages: number; readonly bytes: number };
  accept(message: Published, done: Done): void;
  /** Whether what was taken in is passed on more slowly than it comes. */
  isBehind?: (() => boolean) | undefined;
  onConnected(): void;
  /** `code` of a CONNACK that refuses; `answered` false: the broker hung up without a word. */
  onClosed(reason: string | undefined, code: number | undefined, answered: boolean): void;
}

const connectTimeoutMs = 10_000;
/** How long the end of a connection is waited for. */
const endMs = 1_000;
const keepaliveSeconds = 60;
/** Messages handled before others (answers of the broker, timers) have their turn; fewer while what was taken in is not passed on as fast. */
const turn = { usual: 64, behind: 16 };

/**
 * A client's side of MQTT 3.1.1 and 5 over TCP and TLS, no more than a subscriber with a persistent session needs. Packets other than
 * PUBLISH and acknowledgements are read and written by mqtt-packet.
 */
export class MqttLink {
  version: 4 | 5 = 5;
  private socket: Socket | undefined;
  private frames = new Frames();
  private packets = parser();
  private connected = false;
  private stopped = false;
  private scheduled = false;
  private nextId = 1;
  private heardAt = 0;
  private timer: NodeJS.Timeout | undefined;
  private readonly answers = new Map<number, (packet: Packet) => void>();
  readonly pending: Pending;

  constructor(private readonly options: LinkOptions) {
    this.pending = new Pending({
      most: options.most,
      accept: (message, done) => options.accept(message, done),
      send: (bytes) => this.send(bytes),
      onLost: () => this.socket?.destroy(),
      onRoom: () => this.readOn(),
    });
  }

  get isConnected(): boolean {
    return this.connected;
  }

  open(): void {
    const { hostname, port, protocol } = new URL(this.options.url);
    const host = hostname.replace(/^\[|\]$/g, '');
    const isTls = protocol !== 'mqtt:' && protocol !== 'tcp:';
    const socket = isTls
      ? connectTls({ host, port: Number(port || 8883), ...(/^[\d.]+$|:/.test(host) ? {} : { servername: host }) })
      : connectTcp({ host, port: Number(port || 1883) });
    this.socket = socket;
    this.frames = new Frames();
    this.packets = parser({ protocolVersion: this.version } as never);
    this.packets.on('packet', (packet: Packet) => this.handle(packet));
    this.packets.on('error', (error: Error) => socket.destroy(error));
    let reason: string | undefined;
    let answered = false;
    this.timer = setTimeout(() => socket.destroy(new Error(`no answer within ${connectTimeoutMs / 1_000} s`)), connectTimeoutMs);
    socket.setNoDelay(true);
    socket.once(isTls ? 'secureConnect' : 'connect', () => socket.write(this.connectPacket()));
    socket.on('data', (chunk: Buffer) => {
      answered = true;
      this.heardAt = performance.now();
      this.frames.add(chunk);
      this.read();
    });
    socket.on('error', (error: Error & { code?: string }) => {
      answered = true;
      reason = error.message || String(error.code);
    });
    socket.on('close', () => {
      clearInterval(this.timer);
      this.connected = false;
      this.answers.clear();
      this.options.onClosed(reason, this.refusal, answered);
    });
    this.refusal = undefined;
  }

  private refusal: number | undefined;

  /** Sends a packet that is answered; its id is filled in. */
  request(packet: Packet, answered: (answer: Packet) => void): void {
    const messageId = this.nextId;
    this.nextId = (this.nextId % 65_535) + 1;
    this.answers.set(messageId, answered);
    this.write({ ...packet, messageId } as Packet);
  }

  write(packet: Packet): void {
    this.send(generate(packet, { protocolVersion: this.version }));
  }

  /** Takes nothing more. */
  pause(): void {
    this.stopped = true;
    this.socket?.pause();
  }

  /** Says good-bye and keeps the session; resolves when the connection has ended. */
  async close(): Promise<void> {
    this.pending.flush();
    if (this.connected) this.write({ cmd: 'disconnect' } as Packet);
    this.connected = false;
    const { socket } = this;
    if (socket === undefined || socket.destroyed) return;
    const ended = new Promise((resolve) => socket.once('close', resolve));
    const timer = setTimeout(() => socket.destroy(), endMs);
    // What still comes must be read, else the end of the connection is never seen.
    socket.removeAllListeners('data').resume();
    socket.end();
    await ended;
    clearTimeout(timer);
  }

  private send(bytes: Buffer): void {
    if (this.connected) this.socket?.write(bytes);
  }

  /** Handles what has come, some at a time. */
  private read(): void {
    const most = this.options.isBehind?.() === true ? turn.behind : turn.usual;
    try {
      for (let handled = 0; ; handled++) {
        if (this.stopped) return;
        if (this.pending.isFull) {
          this.socket?.pause();
          return;
        }
        if (handled >= most) {
          this.socket?.pause();
          if (!this.scheduled) setImmediate(() => this.readOn());
          this.scheduled = true;
          return;
        }
        const packet = this.frames.next();
        if (packet === undefined) break;
        if (isPublish(packet)) {
          if (this.connected) this.pending.take(readPublish(packet, this.version));
        } else this.packets.parse(packet);
      }
      if (this.socket?.isPaused() === true) this.socket.resume();
    } catch (error) {
      this.socket?.destroy(error as Error);
    }
  }

  private readOn(): void {
    this.scheduled = false;
    if (this.connected) this.read();
  }

  private handle(packet: Packet): void {
    if (packet.cmd === 'connack') this.greeted(packet.reasonCode ?? packet.returnCode ?? 0, packet.sessionPresent);
    else if (packet.cmd === 'pubrel') this.pending.complete(packet.messageId ?? 0);
    else if (packet.cmd === 'disconnect') this.socket?.destroy(new Error(`the broker ends the session (reason ${packet.reasonCode ?? 0})`));
    else {
      const answered = this.answers.get(packet.messageId ?? 0);
      this.answers.delete(packet.messageId ?? 0);
      answered?.(packet);
    }
  }

  private greeted(code: number, sessionPresent: boolean): void {
    clearTimeout(this.timer);
    if (code !== 0) {
      this.refusal = code;
      this.socket?.destroy(new Error(`the broker refuses the connection (code ${code}: ${refusals[code] ?? 'see its log'})`));
      return;
    }
    this.connected = true;
    this.pending.renew(sessionPresent);
    this.timer = setInterval(() => this.keepAlive(), (keepaliveSeconds * 1_000) / 2).unref();
    this.options.onConnected();
  }

  private keepAlive(): void {
    const isReading = this.socket?.isPaused() === false;
    if (isReading && performance.now() - this.heardAt > keepaliveSeconds * 1_500) this.socket?.destroy(new Error('the broker fell silent'));
    else this.write({ cmd: 'pingreq' });
  }

  private connectPacket(): Buffer {
    const { url, clientId, receiveMaximum, sessionExpirySeconds: sessionExpiryInterval } = this.options;
    const { username, password } = new URL(url);
    const user = this.options.username ?? (username === '' ? undefined : decodeURIComponent(username));
    const secret = this.options.password ?? (password === '' ? undefined : decodeURIComponent(password));
    return generate({
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: this.version,
      clean: false,
      clientId,
      keepalive: keepaliveSeconds,
      ...(user !== undefined && { username: user }),
      ...(secret !== undefined && { password: Buffer.from(secret) }),
      ...(this.version === 5 && { properties: { receiveMaximum, sessionExpiryInterval } }),
    });
  }
}

/** What an operator can do something about. MQTT 3.1.1, 3.2.2.3; MQTT 5, 3.2.2.2. */
const refusals: Readonly<Record<number, string>> = {
  1: 'it does not speak this version of MQTT',
  2: 'the client id is not allowed',
  3: 'it is not available',
  4: 'user name or password is wrong',
  5: 'not authorized',
  132: 'it does not speak this version of MQTT',
  133: 'the client id is not allowed',
  134: 'user name or password is wrong',
  135: 'not authorized',
  136: 'it is not available',
  137: 'it is busy',
};
