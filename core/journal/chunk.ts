import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { brotliCompress, brotliDecompress, constants } from 'node:zlib';

const compress = promisify(brotliCompress);
const decompress = promisify(brotliDecompress);

/** Four letters, length packed, length unpacked (both little endian), the first bytes of the packed bytes' SHA-256. */
const magic = Buffer.from('KLJ1');
const digestBytes = 8;
export const headerBytes = magic.length + 8 + digestBytes;
/** A longer chunk is none: its length is damaged. */
const longest = 256 * 1024 * 1024;

/** A chunk as the file has it. Compressed off the main thread, and lightly: messages of sensors are much alike. */
export async function pack(chunk: Buffer): Promise<Buffer> {
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT } = constants;
  const packed = await compress(chunk, { params: { [BROTLI_PARAM_QUALITY]: 0, [BROTLI_PARAM_SIZE_HINT]: chunk.length } });
  const header = Buffer.alloc(headerBytes);
  magic.copy(header);
  header.writeUInt32LE(packed.length, 4);
  header.writeUInt32LE(chunk.length, 8);
  digestOf(packed).copy(header, 12);
  return Buffer.concat([header, packed]);
}

/** What a header announces; undefined when it is none. */
export function readHeader(header: Buffer): { readonly packed: number; readonly digest: Buffer } | undefined {
  if (header.length < headerBytes || !header.subarray(0, magic.length).equals(magic)) return undefined;
  const packed = header.readUInt32LE(4);
  return packed > longest || header.readUInt32LE(8) > longest ? undefined : { packed, digest: header.subarray(12, headerBytes) };
}

/** The chunk, or undefined when its bytes are not those that were written. */
export async function unpack(packed: Buffer, digest: Buffer): Promise<Buffer | undefined> {
  if (!digestOf(packed).equals(digest)) return undefined;
  return decompress(packed, { maxOutputLength: longest });
}

function digestOf(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest().subarray(0, digestBytes);
}
