/** Cuts what comes over a connection into MQTT packets and reads the one that comes by the thousand, PUBLISH. MQTT 3.1.1 and 5, 2.1 and 3.3. */

export interface Published {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1 | 2;
  /** The broker had kept it and sends it because of a new subscription (3.3.1.3). */
  readonly retain: boolean;
  /** 0 at QoS 0. */
  readonly id: number;
}

/** No packet of a device is longer; a broker that sends one is not understood. */
const longestPacketBytes = 16 * 1024 * 1024;

/** The packets of one connection, one after the other, as far as they have come. */
export class Frames {
  private rest: Buffer = Buffer.alloc(0);
  private at = 0;

  add(chunk: Buffer): void {
    this.rest = this.at >= this.rest.length ? chunk : Buffer.concat([this.rest.subarray(this.at), chunk]);
    this.at = 0;
  }

  /** The next whole packet; undefined when more must come first. @throws {RangeError} when it is none. */
  next(): Buffer | undefined {
    const { rest, at } = this;
    let length = 0;
    let body = at + 1;
    for (let shift = 0; ; shift += 7) {
      const byte = rest[body++];
      if (byte === undefined) return undefined;
      length += (byte & 0x7f) << shift;
      if (byte < 0x80) break;
      if (shift >= 21) throw new RangeError('the broker sent something that is no MQTT packet');
    }
    if (length > longestPacketBytes)
      throw new RangeError(`the broker sent a packet of ${length} bytes; at most ${longestPacketBytes} are read`);
    if (rest.length < body + length) return undefined;
    this.at = body + length;
    return rest.subarray(at, body + length);
  }
}

export function isPublish(packet: Buffer): boolean {
  return (packet[0] ?? 0) >> 4 === 3;
}

/** A PUBLISH packet. @throws {RangeError} when it is malformed. */
export function readPublish(packet: Buffer, version: 4 | 5): Published {
  const qos = (((packet[0] ?? 0) >> 1) & 3) as 0 | 1 | 2 | 3;
  if (qos === 3) throw new RangeError('the broker sent a message of QoS 3');
  let at = afterLength(packet, 1);
  const topicEnd = at + 2 + packet.readUInt16BE(at);
  const topic = packet.toString('utf8', at + 2, topicEnd);
  at = topicEnd;
  let id = 0;
  if (qos > 0) {
    id = packet.readUInt16BE(at);
    at += 2;
  }
  if (version === 5) {
    const properties = at;
    at = afterLength(packet, properties) + lengthAt(packet, properties);
  }
  if (at > packet.length) throw new RangeError('the broker sent a message that ends in the middle');
  return { topic, payload: packet.subarray(at), qos, retain: ((packet[0] ?? 0) & 1) === 1, id };
}

/** Where a number of variable length ends. */
function afterLength(packet: Buffer, at: number): number {
  while ((packet[at] ?? 0) >= 0x80) at++;
  return at + 1;
}

function lengthAt(packet: Buffer, at: number): number {
  let length = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = packet[at++] ?? 0;
    length += (byte & 0x7f) << shift;
    if (byte < 0x80) return length;
  }
}

/** Many acknowledgements as one piece of bytes: PUBACK is 0x40, PUBREC 0x50, PUBCOMP 0x70. Without more bytes they mean success in MQTT 5. */
export function acknowledgements(acks: readonly { readonly type: 0x40 | 0x50 | 0x70; readonly id: number }[]): Buffer {
  const bytes = Buffer.allocUnsafe(acks.length * 4);
  let at = 0;
  for (const { type, id } of acks) {
    bytes[at] = type;
    bytes[at + 1] = 2;
    bytes[at + 2] = id >> 8;
    bytes[at + 3] = id & 0xff;
    at += 4;
  }
  return bytes;
}
