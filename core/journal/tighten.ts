import { rename, stat, utimes, writeFile } from 'node:fs/promises';

import { pack } from './chunk.ts';
import { chunksOf } from './files.ts';

/** Packs a file that is written no more into few chunks. Killed in between, the old file is still there. */
export async function tighten(path: string, chunkBytes: number): Promise<void> {
  const { mtime } = await stat(path);
  const packed: Buffer[] = [];
  let held: Buffer[] = [];
  let size = 0;
  let damaged = false;
  const hand = async (): Promise<void> => {
    if (size > 0) packed.push(await pack(Buffer.concat(held)));
    held = [];
    size = 0;
  };
  for await (const chunk of chunksOf(path, () => (damaged = true))) {
    held.push(chunk);
    size += chunk.length;
    if (size >= chunkBytes) await hand();
  }
  await hand();
  // What is damaged may be of use to somebody yet.
  if (damaged) return;
  await writeFile(`${path}.tmp`, packed, { flush: true });
  await utimes(`${path}.tmp`, mtime, mtime);
  await rename(`${path}.tmp`, path);
}
