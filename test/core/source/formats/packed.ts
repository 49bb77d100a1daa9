import { deflateRawSync } from 'node:zlib';

import { crc32 } from './crc32.ts';

export interface Packed {
  readonly name: string;
  readonly text: string;
  readonly flags?: number;
  readonly method?: number;
  /** What the directory says instead of the true size. */
  readonly size?: number;
  /** Bytes of the first file are given again. */
  readonly isShared?: boolean;
}

/** An archive byte by byte (APPNOTE 4.3), so that it may lie. */
export function zip(files: readonly Packed[]): Buffer {
  const local: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, text, flags = 0, method = 8, size, isShared = false } of files) {
    const plain = Buffer.from(text);
    const packed = method === 8 ? deflateRawSync(plain) : plain;
    const head = Buffer.alloc(26);
    head.writeUInt16LE(20, 0);
    head.writeUInt16LE(flags, 2);
    head.writeUInt16LE(method, 4);
    head.writeUInt32LE(crc32(plain), 10);
    head.writeUInt32LE(packed.length, 14);
    head.writeUInt32LE(size ?? plain.length, 18);
    head.writeUInt16LE(Buffer.byteLength(name), 22);
    const more = Buffer.alloc(14);
    more.writeUInt32LE(isShared ? 0 : offset, 10);
    directory.push(Buffer.from([0x50, 0x4b, 1, 2, 20, 0]), head, more, Buffer.from(name));
    if (isShared) continue;
    local.push(Buffer.from([0x50, 0x4b, 3, 4]), head, Buffer.from(name), packed);
    offset += 30 + Buffer.byteLength(name) + packed.length;
  }
  const index = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(files.length, 4);
  end.writeUInt16LE(files.length, 6);
  end.writeUInt32LE(index.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...local, index, Buffer.from([0x50, 0x4b, 5, 6]), end]);
}
