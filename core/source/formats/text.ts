import { reject, type Rejection } from '../../rejection.ts';
import { err, ok, type Result } from '../../result.ts';

/** What a file may declare, and how it is then read. */
const decoders: Readonly<Record<string, string>> = {
  'utf-8': 'utf-8',
  utf8: 'utf-8',
  'us-ascii': 'utf-8',
  'utf-16': 'utf-16le',
  'utf-16le': 'utf-16le',
  'utf-16be': 'utf-16be',
  'windows-1250': 'windows-1250',
  cp1250: 'windows-1250',
  'iso-8859-2': 'iso-8859-2',
};

/**
 * The bytes as text, by byte order mark, else by the encoding that the XML declaration names, else as UTF-8 or, where a format cannot
 * declare one, as `fallback` when the bytes are no UTF-8. `given` is the encoding that somebody who knows the file has named.
 * Refuses `wrong_encoding`: an encoding we do not read, bytes that are not what the file declares, UTF-8 declared as something else.
 */
export function decodeText(bytes: Uint8Array, name: string, fallback?: 'windows-1250', given?: string): Result<string> {
  const mark = byteOrderMark(bytes) ?? (fallback === undefined ? undefined : unmarkedUtf16(bytes));
  const declared =
    mark ?? given ?? declaredEncoding(bytes) ?? (fallback !== undefined && fatal(bytes, 'utf-8') === undefined ? fallback : 'utf-8');
  const encoding = decoders[declared.toLowerCase()];
  if (encoding === undefined) return err(wrong(`${name} declares the encoding "${declared}"; expected UTF-8, windows-1250 or ISO-8859-2`));
  if (encoding.startsWith('utf-16') && mark === undefined && given === undefined)
    return err(wrong(`${name} declares UTF-16 but has no byte order mark`));
  if (mark === undefined && encoding !== 'utf-8' && hasBeyondAscii(bytes) && fatal(bytes, 'utf-8') !== undefined) {
    return err(wrong(`${name} declares ${declared} but its bytes are UTF-8`));
  }
  const text = fatal(bytes, encoding);
  if (text === undefined) return err(wrong(`${name} is read as ${encoding} but ${firstBadPlace(bytes, encoding)}`));
  // windows-1250 has no byte that cannot be read; those without a letter become control characters.
  if (text.includes('\0') || (encoding === 'windows-1250' && /[\u0080-\u009f]/.test(text))) {
    return err(wrong(`${name} holds bytes that are no text; expected UTF-8, windows-1250 or ISO-8859-2`));
  }
  return ok(text);
}

function wrong(message: string): Rejection {
  return reject('source', 'wrong_encoding', message);
}

function byteOrderMark(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  return bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16' : undefined;
}

/** Registers come as UTF-16 without a mark too: ASCII letters then have a zero byte beside them. */
function unmarkedUtf16(bytes: Uint8Array): string | undefined {
  const start = bytes.subarray(0, 200);
  const zeros = [0, 1].map((offset) => start.filter((byte, index) => index % 2 === offset && byte === 0).length);
  const [even = 0, odd = 0] = zeros;
  if (odd > start.length / 4 && even === 0) return 'utf-16';
  return even > start.length / 4 && odd === 0 ? 'utf-16be' : undefined;
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
