/**
 * The one place that knows how MQTT.js sends a PUBACK. By its public API one message waits for the disk at a time; here many wait for the
 * same commit: the library is told at once that a message is handled, and the PUBACK that it then wants to send is held back until the
 * message and all before it are safe. `canHoldAcks` proves at start that this still works; where it does not, messages go one by one.
 */
import { Duplex } from 'node:stream';
import { MqttClient, type IPublishPacket, type Packet } from 'mqtt';

export interface AckOptions {
  /** Resolves when the message is safe. When it rejects, the connection is closed, so that the message comes again. */
  accept(packet: IPublishPacket): Promise<void>;
  /** Reading stops while so much waits for the disk. */
  readonly mostWaiting: { readonly messages: number; readonly bytes: number };
  readonly mode: 'held' | 'serial';
}

export interface Acks {
  /** Messages that wait for the disk. */
  waiting(): number;
  /** Takes nothing more. */
  pause(): void;
}

/** What is used of MQTT.js beside its public API. */
interface Internals {
  _sendPacket(packet: Packet, done?: (error?: Error) => void): void;
}

interface Held {
  readonly connection: number;
  safe: boolean;
  puback?: Packet;
}

/** Acknowledges each message of `client` after `accept`, in the order of arrival, never on another connection than it came by. */
export function guardAcks(client: MqttClient, options: AckOptions): Acks {
  const internals = client as unknown as Internals;
  const send = internals._sendPacket.bind(client);
  const { mostWaiting } = options;
  let connection = 0;
  let queue: Held[] = [];
  let coming: Held | undefined;
  let messages = 0;
  let bytes = 0;
  let paused = false;
  let readOn: (() => void) | undefined;

  client.on('close', () => {
    connection++;
    queue = [];
    readOn = undefined;
  });

  function next(done: () => void): void {
    if (messages < mostWaiting.messages && bytes < mostWaiting.bytes) done();
    else readOn = done;
  }

  function release(held: Held): void {
    held.safe = true;
    for (let first = queue[0]; first?.safe === true; first = queue[0]) {
      queue.shift();
      if (first.puback !== undefined && first.connection === connection && client.connected) send(first.puback);
    }
  }

  if (options.mode === 'held') {
    internals._sendPacket = (packet, done) => {
      if (packet.cmd !== 'puback' || coming === undefined) return send(packet, done);
      coming.puback = packet;
      next(() => done?.());
    };
  }

  client.handleMessage = (packet, callback) => {
    if (paused) return;
    const held: Held = { connection, safe: false };
    const size = packet.payload.length + packet.topic.length;
    messages++;
    bytes += size;
    const accepted = options.accept(packet).then(
      () => release(held),
      () => client.stream.destroy(),
    );
    void accepted.finally(() => {
      messages--;
      bytes -= size;
      if (readOn === undefined || messages > mostWaiting.messages / 2 || bytes > mostWaiting.bytes / 2) return;
      const done = readOn;
      readOn = undefined;
      done();
    });
    if (packet.qos === 0) return next(callback);
    if (packet.qos === 2 || options.mode === 'serial') return void accepted.then(() => held.safe && callback());
    queue.push(held);
    coming = held;
    callback();
    coming = undefined;
  };

  return {
    waiting: () => messages,
    pause: () => {
      paused = true;
    },
  };
}

const connack = [0x20, 2, 0, 0];
/** QoS 1, topic `t`, payload `m`. */
const publish = (id: number) => [0x32, 6, 0, 1, 0x74, 0, id, 0x6d];
const puback = (id: number) => [0x40, 2, 0, id];

/** Tries the holding back on a connection in memory: two messages, the second safe before the first. */
export async function canHoldAcks(): Promise<boolean> {
  let sent: number[] = [];
  const stream = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      sent.push(...chunk);
      done();
    },
  });
  const safe: (() => void)[] = [];
  const client = new MqttClient(() => stream, { reconnectPeriod: 0, keepalive: 0, clientId: 'self-check' });
  client.on('error', () => undefined);
  const pause = () => new Promise((resolve) => setTimeout(resolve, 5));
  try {
    guardAcks(client, {
      mode: 'held',
      mostWaiting: { messages: 10, bytes: 1_000 },
      accept: () => new Promise((resolve) => safe.push(resolve)),
    });
    stream.push(Buffer.from([...connack, ...publish(1), ...publish(2)]));
    for (let turn = 0; turn < 100 && safe.length < 2; turn++) await pause();
    await pause();
    const early = sent.length;
    const connectOnly = sent[0] === 0x10 && early === 2 + (sent[1] ?? 0);
    safe[1]?.();
    await pause();
    const stillHeld = sent.length === early;
    sent = [];
    safe[0]?.();
    await pause();
    return safe.length === 2 && connectOnly && stillHeld && String(sent) === String([...puback(1), ...puback(2)]);
  } catch {
    return false;
  } finally {
    client.end(true);
  }
}
