import { reject, type Rejection } from '../../rejection.ts';
import { err, ok, type Result } from '../../result.ts';

/** What a file may declare, and how it is then read. */
const decoders: Readonly<Record<string, string>> = {
  'utf-8': 'utf-8',
  utf8: 'utf-8',
  'us-ascii': 'utf-8',
  'utf-16': 'utf-16le',
  'windows-1250': 'windows-1250',
  cp1250: 'windows-1250',
  'iso-8859-2': 'iso-8859-2',
};

/**
 * The bytes as text, by byte order mark, else by the encoding that the XML declaration names, else as UTF-8.
 * Refuses `wrong_encoding`: an encoding we do not read, bytes that are not what the file declares, UTF-8 declared as something else.
 */
export function decodeText(bytes: Uint8Array, name: string): Result<string> {
  const mark = byteOrderMark(bytes);
  const declared = mark ?? declaredEncoding(bytes) ?? 'utf-8';
  const encoding = decoders[declared.toLowerCase()];
  if (encoding === undefined) return err(wrong(`${name} declares the encoding "${declared}"; expected UTF-8, windows-1250 or ISO-8859-2`));
  if (encoding === 'utf-16le' && mark === undefined) return err(wrong(`${name} declares UTF-16 but has no byte order mark`));
  if (encoding !== 'utf-8' && encoding !== 'utf-16le' && hasBeyondAscii(bytes) && fatal(bytes, 'utf-8') !== undefined) {
    return err(wrong(`${name} declares ${declared} but its bytes are UTF-8`));
  }
  const text = fatal(bytes, encoding);
  if (text === undefined) return err(wrong(`${name} is read as ${encoding} but ${firstBadPlace(bytes, encoding)}`));
  if (text.includes('\0')) return err(wrong(`${name} holds zero bytes; expected text in UTF-8, windows-1250 or ISO-8859-2`));
  return ok(text);
}

function wrong(message: string): Rejection {
  return reject('source', 'wrong_encoding', message);
}

function byteOrderMark(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8';
  return bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16' : undefined;
}

function declaredEncoding(bytes: Uint8Array): string | undefined {
  const start = new TextDecoder('latin1').decode(bytes.subarray(0, 200));
  return /^\s*<\?xml\s[^>]*?encoding\s*=\s*["']([^"']+)["']/.exec(start)?.[1];
}

function hasBeyondAscii(bytes: Uint8Array): boolean {
  return bytes.some((byte) => byte > 0x7f);
}

function fatal(bytes: Uint8Array, encoding: string): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function firstBadPlace(bytes: Uint8Array, encoding: string): string {
  const before = new TextDecoder(encoding).decode(bytes).split('\uFFFD', 1)[0] ?? '';
  return `line ${before.split('\n').length} holds bytes that are not; windows-1250 must be declared in the XML declaration`;
}
