import type { Readable } from 'node:stream';
import yauzl, { type Entry, type ZipFile } from 'yauzl';

import { err, ok, type Result } from '../../result.ts';
import type { Rejection } from '../../rejection.ts';
import { refusal } from './parsed.ts';

/** One file of an archive. Its stream fails when it gives other bytes than the directory of the archive says. */
export interface ZipEntry {
  readonly name: string;
  readonly size: number;
  open(): Promise<Readable>;
}

/** What an archive may hold, by its directory, before anything of it is unpacked. */
export interface ZipLimits {
  readonly entries: number;
  readonly entryBytes: number;
  readonly totalBytes: number;
  /** Unpacked bytes for each packed one. Texts come to some 20; a bomb to 1000. */
  readonly ratio: number;
}

const MB = 1024 * 1024;
export const zipLimits: ZipLimits = { entries: 1000, entryBytes: 512 * MB, totalBytes: 1024 * MB, ratio: 200 };
/** Below this a ratio says nothing: a table of a header only is packed well. */
const smallBytes = MB;

/**
 * The files of a ZIP archive, by its directory and without unpacking any. Refuses `too_large` (more, larger or better packed files than the
 * limits: a zip bomb), `forbidden_archive` (encrypted, an archive in it, a path out of it, a method other than store and deflate),
 * `truncated_file` (no directory at its end) and `not_the_expected_format`.
 */
export async function openZip(bytes: Uint8Array, name: string, limits: ZipLimits = zipLimits): Promise<Result<ZipEntry[]>> {
  if (!isZip(bytes)) return err(refusal('not_the_expected_format', `${name} is no ZIP archive`));
  try {
    const zip = await openBytes(bytes);
    if (zip.entryCount > limits.entries) {
      return err(refusal('too_large', `${name} holds ${zip.entryCount} files; at most ${limits.entries} are read`));
    }
    const entries = await listEntries(zip);
    const fault = faultOf(entries, bytes.length, name, limits);
    if (fault !== undefined) return err(fault);
    return ok(
      entries
        .filter(({ fileName }) => !fileName.endsWith('/'))
        .map((entry) => ({ name: entry.fileName, size: entry.uncompressedSize, open: () => openEntry(zip, entry) })),
    );
  } catch (error) {
    return err(refused(error, name));
  }
}

/** Whether bytes begin as an archive does, also an empty one. */
export function isZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && ((bytes[2] === 3 && bytes[3] === 4) || (bytes[2] === 5 && bytes[3] === 6));
}

/** What the library says of an archive or a file in it, as a refusal. */
export function refused(error: unknown, name: string): Rejection {
  const { message } = error as Error;
  if (/end of central directory|unexpected end|central directory/i.test(message)) {
    return refusal('truncated_file', `${name} ends within the archive: ${message}`);
  }
  if (/relative path|absolute path|invalid characters/i.test(message)) {
    return refusal('forbidden_archive', `${name} holds a file with a path out of the archive: ${message}`);
  }
  return refusal('not_the_expected_format', `${name} cannot be unpacked: ${message}`);
}

function openBytes(bytes: Uint8Array): Promise<ZipFile> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return new Promise((resolve, reject) => {
    yauzl.fromBuffer(buffer, { lazyEntries: true }, (error, zip) => (error === null ? resolve(zip) : reject(error)));
  });
}

function listEntries(zip: ZipFile): Promise<Entry[]> {
  const entries: Entry[] = [];
  return new Promise((resolve, reject) => {
    zip.on('error', reject);
    zip.on('end', () => resolve(entries));
    zip.on('entry', (entry: Entry) => {
      entries.push(entry);
      zip.readEntry();
    });
    zip.readEntry();
  });
}

function openEntry(zip: ZipFile, entry: Entry): Promise<Readable> {
  return new Promise((resolve, reject) => {
    zip.openReadStream(entry, (error, stream) => (error === null ? resolve(stream) : reject(error)));
  });
}

function faultOf(entries: readonly Entry[], archiveBytes: number, name: string, limits: ZipLimits): Rejection | undefined {
  for (const { fileName, uncompressedSize, compressedSize, compressionMethod, generalPurposeBitFlag } of entries) {
    if ((generalPurposeBitFlag & 1) === 1) return refusal('forbidden_archive', `${fileName} in ${name} is encrypted`);
    if (/\.(?:zip|gz|7z|rar|tar|tgz)$/i.test(fileName)) {
      return refusal('forbidden_archive', `${name} holds another archive, ${fileName}; unpack it and take the inner one`);
    }
    if (compressionMethod !== 0 && compressionMethod !== 8) {
      return refusal('forbidden_archive', `${fileName} in ${name} is packed by method ${compressionMethod}; expected store or deflate`);
    }
    const tooWell = uncompressedSize > smallBytes && uncompressedSize > limits.ratio * compressedSize;
    if (uncompressedSize > limits.entryBytes || tooWell) {
      const found = `${fileName} in ${name} has ${uncompressedSize} bytes, packed into ${compressedSize}`;
      return refusal('too_large', `${found}; at most ${limits.entryBytes} bytes, and ${limits.ratio} for each packed one, are unpacked`);
    }
  }
  const total = entries.reduce((sum, { uncompressedSize }) => sum + uncompressedSize, 0);
  if (total > limits.totalBytes) return refusal('too_large', `${name} unpacks to ${total} bytes; at most ${limits.totalBytes} are read`);
  // Files that share their packed bytes are how a small archive becomes endless.
  const packed = entries.reduce((sum, { compressedSize }) => sum + compressedSize, 0);
  if (packed > archiveBytes) return refusal('too_large', `the files in ${name} share their bytes, as in an archive made to fill a disk`);
  return undefined;
}
