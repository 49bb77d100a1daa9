import { createHash } from 'node:crypto';
import { chmodSync, createWriteStream, mkdirSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract as createExtract } from 'tar-stream';

import { ConfigError } from '../../core/errors.ts';
import { newestSchema } from '../../core/outbox/schema.ts';
import { faultsOf, manifestName, partOf, readManifest, type BackedUpFile, type Manifest, type Part } from './manifest.ts';

/** No manifest is longer. */
const longestManifest = 64 * 1024 * 1024;
/** What the machine refuses says nothing about the backup. */
const ofTheDisk = new Set(['ENOSPC', 'EACCES', 'EPERM', 'EROFS']);

/**
 * Reads a backup to its end. `folderFor`: where the files of a part go, as they lie in the archive; undefined: they are only checked.
 * Asked with the first file of each part.
 *
 * @throws {ConfigError} when it is no backup, broke off, is damaged, or a newer Klavže wrote it. What was written then must be thrown away.
 */
export async function readBackup(from: Readable, folderFor: (part: Part) => string | undefined): Promise<Manifest> {
  const found: BackedUpFile[] = [];
  let manifest: Manifest | undefined;
  const extract = createExtract();
  const unpacked = pipeline(from, createGunzip(), extract);
  unpacked.catch(() => undefined);
  try {
    for await (const entry of extract) {
      const { name, type, mode, mtime } = entry.header;
      if (manifest !== undefined) throw new ConfigError(`${name} follows the manifest; the backup is not as Klavže wrote it`);
      if (name === manifestName) {
        manifest = readManifest((await gather(entry as AsyncIterable<Buffer>)).toString('utf8'), newestSchema);
        continue;
      }
      const part = partOf(name);
      if (part === undefined || type !== 'file') throw new ConfigError(`"${name}" has no place in a backup of Klavže`);
      const folder = folderFor(part);
      const to = folder === undefined ? undefined : join(folder, name);
      found.push(await take(entry as AsyncIterable<Buffer>, name, to));
      if (to === undefined) continue;
      chmodSync(to, (mode ?? 0o600) & 0o777);
      // The journal goes by it.
      if (mtime !== undefined) utimesSync(to, mtime, mtime);
    }
    await unpacked;
  } catch (error) {
    if (error instanceof ConfigError || ofTheDisk.has(String((error as { code?: string }).code))) throw error;
    throw new ConfigError(`this is no whole backup: ${(error as Error).message}`, [], { cause: error });
  }
  if (manifest === undefined) throw new ConfigError('the backup has no manifest: it broke off while it was written or copied');
  const faults = faultsOf(found, manifest);
  if (faults.length > 0) throw new ConfigError('the backup is damaged', faults);
  return manifest;
}

async function gather(entry: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of entry) {
    bytes += chunk.length;
    if (bytes > longestManifest) throw new ConfigError('the manifest of the backup is longer than any');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function take(entry: AsyncIterable<Buffer>, path: string, to: string | undefined): Promise<BackedUpFile> {
  const hash = createHash('sha256');
  let bytes = 0;
  const count = (chunk: Buffer): void => {
    hash.update(chunk);
    bytes += chunk.length;
  };
  if (to === undefined) for await (const chunk of entry) count(chunk);
  else {
    mkdirSync(dirname(to), { recursive: true, mode: 0o700 });
    const hashing = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        count(chunk);
        done(null, chunk);
      },
    });
    await pipeline(entry, hashing, createWriteStream(to, { mode: 0o600, flags: 'wx', flush: true }));
  }
  return { path, bytes, sha256: hash.digest('hex') };
}
