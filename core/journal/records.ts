import type { Instant, MqttMessage } from '../plugin.ts';
import type { KeptFile } from '../source/dataset.ts';

/** What the journal keeps: a message, or a dataset file; of one that is too large to be kept `bytes` is missing. */
export type RawRecord =
  | { readonly kind: 'message'; readonly receivedAt: Instant; readonly message: MqttMessage }
  | { readonly kind: 'file'; readonly receivedAt: Instant; readonly file: KeptFile };

/**
 * A record in bytes: what it is (1), length of its head (4) and of its body (4, little endian), head, body. The head of a message is
 * `<receivedAt> <topic>`, that of a file JSON; the body is the payload, or the file.
 */
const prefix = 9;
const kinds = { message: 1, file: 2, absentFile: 3 } as const;

/** Most bytes that a message takes: UTF-8 has at most three for each UTF-16 unit. */
export function roomFor({ topic, receivedAt, payload }: MqttMessage): number {
  return prefix + 1 + 3 * (topic.length + receivedAt.length) + payload.length;
}

/** Writes a message at `at`; where it ends. */
export function writeMessage(buffer: Buffer, at: number, { topic, receivedAt, payload }: MqttMessage): number {
  const start = at + prefix;
  const head = buffer.write(`${receivedAt} ${topic}`, start);
  buffer[at] = kinds.message;
  buffer.writeUInt32LE(head, at + 1);
  buffer.writeUInt32LE(payload.length, at + 5);
  buffer.set(payload, start + head);
  return start + head + payload.length;
}

export function fileRecord({ bytes, ...about }: KeptFile): Buffer {
  const head = Buffer.from(JSON.stringify(about));
  const start = Buffer.alloc(prefix);
  start[0] = bytes === undefined ? kinds.absentFile : kinds.file;
  start.writeUInt32LE(head.length, 1);
  start.writeUInt32LE(bytes?.length ?? 0, 5);
  return Buffer.concat([start, head, bytes ?? new Uint8Array()]);
}

/** The records of a chunk, which always holds whole ones. */
export function* recordsOf(chunk: Buffer): Generator<RawRecord> {
  for (let at = 0; at + prefix <= chunk.length;) {
    const bodyAt = at + prefix + chunk.readUInt32LE(at + 1);
    const end = bodyAt + chunk.readUInt32LE(at + 5);
    const head = chunk.toString('utf8', at + prefix, bodyAt);
    const body = chunk.subarray(bodyAt, end);
    if (chunk[at] === kinds.message) {
      const space = head.indexOf(' ');
      const receivedAt = head.slice(0, space);
      yield { kind: 'message', receivedAt, message: { topic: head.slice(space + 1), payload: body, receivedAt } };
    } else {
      const about = JSON.parse(head) as Omit<KeptFile, 'bytes'>;
      yield { kind: 'file', receivedAt: about.receivedAt, file: { ...about, ...(chunk[at] === kinds.file && { bytes: body }) } };
    }
    at = end;
  }
}
