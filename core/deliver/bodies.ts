/** Most bodies need no more; what is used again need not be asked of the machine. */
const usualBytes = 256 * 1024;
const most = 8;

/**
 * Bodies of batch requests, written into memory that is used again. A batch is longer than what a process gets cheaply: made as a text and
 * turned into bytes for each request it costs ten times as much above 128 KiB as below.
 */
export class Bodies {
  private readonly free: Buffer[] = [];

  /** The texts as a JSON array. To be given back. */
  arrayOf(texts: readonly string[]): Buffer {
    let length = 0;
    for (const text of texts) length += text.length + 1;
    let bytes = this.free.pop() ?? Buffer.allocUnsafeSlow(usualBytes);
    // A character takes three bytes at most, but nearly always one.
    if (bytes.length <= length * 3) {
      const needed = texts.reduce((sum, text) => sum + Buffer.byteLength(text) + 1, 2);
      if (bytes.length < needed) bytes = Buffer.allocUnsafeSlow(needed);
    }
    bytes[0] = 0x5b;
    let at = 1;
    for (const text of texts) {
      if (at > 1) bytes[at++] = 0x2c;
      at += bytes.write(text, at);
    }
    bytes[at++] = 0x5d;
    return bytes.subarray(0, at);
  }

  /** The request is answered: nobody reads them any more. */
  giveBack(body: Buffer): void {
    if (this.free.length < most && body.buffer.byteLength === usualBytes) this.free.push(Buffer.from(body.buffer));
  }
}
