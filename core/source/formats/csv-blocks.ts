import { closeSync, openSync, readSync } from 'node:fs';

/** What is read at once. */
const chunkBytes = 64 * 1024;
/** A quoted cell that goes on for longer than this is a quote that was never closed. */
const longestOpen = 8 * 1024 * 1024;

export interface Block {
  /** Whole lines: it ends at the end of a record, the last one where the file ends. */
  readonly text: string;
  readonly isLast: boolean;
}

/** The encoding of a file by its first bytes: a mark, zero bytes beside letters, else undefined. */
export function markedEncoding(path: string): 'utf-8' | 'utf-16le' | 'utf-16be' | undefined {
  const start = Buffer.alloc(200);
  const file = openSync(path, 'r');
  const length = readSync(file, start);
  closeSync(file);
  if (start[0] === 0xef && start[1] === 0xbb && start[2] === 0xbf) return 'utf-8';
  if (start[0] === 0xff && start[1] === 0xfe) return 'utf-16le';
  if (start[0] === 0xfe && start[1] === 0xff) return 'utf-16be';
  const zeros = [0, 1].map((offset) => start.subarray(0, length).filter((byte, index) => index % 2 === offset && byte === 0).length);
  if ((zeros[1] ?? 0) > length / 4 && zeros[0] === 0) return 'utf-16le';
  return (zeros[0] ?? 0) > length / 4 && zeros[1] === 0 ? 'utf-16be' : undefined;
}

/**
 * A text file piece by piece, each of whole records: it is cut at a line end before which the quotes are in pairs. No more than a few
 * megabytes are held at once.
 * @throws {TypeError} when the bytes are not of the encoding, @throws {RangeError} when a quote is never closed.
 */
export function* textBlocks(path: string, encoding: string, size = chunkBytes): Generator<Block> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  const chunk = Buffer.alloc(size);
  const file = openSync(path, 'r');
  let open = '';
  try {
    for (;;) {
      const length = readSync(file, chunk);
      open += decoder.decode(chunk.subarray(0, length), { stream: length > 0 });
      if (length === 0) {
        yield { text: open, isLast: true };
        return;
      }
      const end = endOfRecords(open);
      if (end > 0) {
        yield { text: open.slice(0, end), isLast: false };
        open = open.slice(end);
      } else if (open.length > longestOpen) throw new RangeError('a quoted cell has no end');
    }
  } finally {
    closeSync(file);
  }
}

/** Where the last whole record of a text that begins with one ends; 0 when there is none. */
function endOfRecords(text: string): number {
  if (!text.includes('"')) return text.lastIndexOf('\n') + 1;
  let isQuoted = false;
  let end = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x22) isQuoted = !isQuoted;
    else if (code === 0x0a && !isQuoted) end = at + 1;
  }
  return end;
}
