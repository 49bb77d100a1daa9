import type { Socket } from 'node:net';

/**
 * Cuts the connection as soon as a packet announces more than `limit` bytes, before any of it is buffered: aedes itself
 * collects a packet of any size. MQTT 3.1.1, 2.2.3: the length follows the first byte in at most four bytes of seven bits.
 */
export function limitPackets(socket: Socket, limit: number, refused: (announced: number) => void): void {
  const frames = new Frames(limit);
  const read = socket.read.bind(socket);
  socket.read = (size?: number): unknown => {
    const chunk: unknown = read(size);
    if (!(chunk instanceof Uint8Array)) return chunk;
    const announced = frames.scan(chunk);
    if (announced === undefined) return chunk;
    refused(announced);
    socket.destroy();
    return null;
  };
}

/** Follows the packet boundaries of a byte stream. */
class Frames {
  /** Bytes of the present packet still to come. */
  private rest = 0;
  /** Position in the length field, undefined between packets. */
  private lengthByte: number | undefined;
  private length = 0;

  constructor(private readonly limit: number) {}

  /** The announced length of a packet that is too long. */
  scan(chunk: Uint8Array): number | undefined {
    let at = 0;
    while (at < chunk.length) {
      if (this.rest > 0) {
        const skipped = Math.min(this.rest, chunk.length - at);
        this.rest -= skipped;
        at += skipped;
        continue;
      }
      const byte = chunk[at++] ?? 0;
      if (this.lengthByte === undefined) {
        this.lengthByte = 0;
        this.length = 0;
        continue;
      }
      this.length += (byte & 0x7f) * 128 ** this.lengthByte++;
      if (this.length > this.limit) return this.length;
      if (byte < 0x80) {
        this.rest = this.length;
        this.lengthByte = undefined;
      }
    }
    return undefined;
  }
}
