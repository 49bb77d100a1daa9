import { createHash } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import Database from 'better-sqlite3';
import { pack as createPack, type Pack } from 'tar-stream';

import { manifestName, type BackedUpFile, type Manifest } from './manifest.ts';
import { takeSnapshots } from './snapshots.ts';
import type { Source } from './sources.ts';

export interface BackupOptions {
  readonly files: readonly Source[];
  /** A folder of its own for copies of databases, one at a time; it is removed again. */
  readonly staging: string;
  /** What the manifest says beside the files. */
  readonly head: Omit<Manifest, 'files'>;
  readonly to: Writable;
}

/**
 * Writes a backup, a gzipped tar, while `klavze up` may run. Files that vanish meanwhile are left out, files that grow are kept as far as
 * they went when they were looked at.
 */
export async function writeBackup({ files, staging, head, to }: BackupOptions): Promise<Manifest> {
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(staging, { recursive: true, mode: 0o700 });
  const pack = createPack();
  const written = pipeline(pack, createGzip(), to);
  // A reader that goes away is told of below.
  written.catch(() => undefined);
  const snapshots = takeSnapshots(files.filter(({ isDatabase }) => isDatabase).map(({ file }) => file));
  try {
    const done: BackedUpFile[] = [];
    let outboxSchema: number | undefined;
    for (const { path, file, isDatabase } of files) {
      const copy = join(staging, 'copy.db');
      if (isDatabase) await snapshots.copy(file, copy);
      if (path === 'data/outbox.db') outboxSchema = schemaOf(copy);
      const added = await Promise.race([add(pack, path, isDatabase ? copy : file), written.then(() => undefined)]);
      if (added !== undefined) done.push(added);
      for (const suffix of ['', '-wal', '-shm']) rmSync(copy + suffix, { force: true });
    }
    const manifest: Manifest = { ...head, ...(outboxSchema !== undefined && { outboxSchema }), files: done };
    pack.entry({ name: manifestName, mode: 0o600, mtime: new Date(head.createdAt) }, `${JSON.stringify(manifest, null, 2)}\n`);
    pack.finalize();
    await written;
    return manifest;
  } catch (error) {
    pack.destroy();
    throw error;
  } finally {
    snapshots.close();
    rmSync(staging, { recursive: true, force: true });
  }
}

/** Undefined: it is gone. */
async function add(pack: Pack, path: string, file: string): Promise<BackedUpFile | undefined> {
  const handle = await open(file, 'r').catch((error: unknown) => {
    if ((error as { code?: string }).code === 'ENOENT') return undefined;
    throw error;
  });
  if (handle === undefined) return undefined;
  try {
    const { size, mode, mtime } = await handle.stat();
    const header = { name: path, size, mode: mode & 0o777, mtime };
    const hash = createHash('sha256');
    const hashing = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk);
        done(null, chunk);
      },
    });
    if (size === 0) pack.entry(header, '');
    else await pipeline(handle.createReadStream({ autoClose: false, end: size - 1 }), hashing, pack.entry(header));
    return { path, bytes: size, sha256: hash.digest('hex') };
  } finally {
    await handle.close();
  }
}

function schemaOf(file: string): number {
  const database = new Database(file, { readonly: true });
  try {
    return database.prepare('SELECT coalesce(max(version), 0) FROM migrations').pluck().get() as number;
  } finally {
    database.close();
  }
}
