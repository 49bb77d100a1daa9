import { inflateRawSync } from 'node:zlib';

import { err, ok, type Result } from '../../result.ts';

/** What all parts of a workbook may come to when unpacked. */
const mostUnpacked = 128 * 1024 * 1024;
const mostParts = 2000;
const endOfDirectory = 0x06054b50;
const directoryEntry = 0x02014b50;
const localHeader = 0x04034b50;

/**
 * Unpacks every part of a ZIP file under a limit and keeps none of them: what a library then reads is no bomb, whatever the sizes in its
 * directory say. Gives in words why not.
 */
export function withinZipLimits(bytes: Uint8Array, most: number = mostUnpacked): Result<true, string> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = findEnd(view);
  if (end === undefined) return err('its directory is missing: the file is cut');
  const count = view.getUint16(end + 10, true);
  if (count > mostParts) return err(`it has ${count} parts; at most ${mostParts} are read`);
  let at = view.getUint32(end + 16, true);
  let left = most;
  try {
    for (let index = 0; index < count; index += 1) {
      if (view.getUint32(at, true) !== directoryEntry) return err('its directory is damaged');
      if ((view.getUint16(at + 8, true) & 1) !== 0) return err('it is encrypted');
      const method = view.getUint16(at + 10, true);
      const packed = view.getUint32(at + 20, true);
      const start = view.getUint32(at + 42, true);
      if (view.getUint32(start, true) !== localHeader) return err('its directory is damaged');
      const from = start + 30 + view.getUint16(start + 26, true) + view.getUint16(start + 28, true);
      if (from + packed > bytes.length) return err('it is cut');
      const size =
        method === 0 ? packed : inflateRawSync(bytes.subarray(from, from + packed), { maxOutputLength: Math.max(left, 1) }).length;
      left -= size;
      if (left < 0) return err(tooLarge(most));
      at += 46 + view.getUint16(at + 28, true) + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    }
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE') return err(tooLarge(most));
    return err(`its parts cannot be unpacked: ${(error as Error).message}`);
  }
  return ok(true);
}

function tooLarge(most: number): string {
  return `unpacked it has more than ${most / 1024 / 1024} MB`;
}

/** The end of the directory stands in the last 64 KB, behind it only a comment. */
function findEnd(view: DataView): number | undefined {
  for (let at = view.byteLength - 22; at >= Math.max(0, view.byteLength - 65_557); at -= 1) {
    if (view.getUint32(at, true) === endOfDirectory) return at;
  }
  return undefined;
}
