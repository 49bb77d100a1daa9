import { isAscii, isUtf8 } from 'node:buffer';

import { reject, type Rejection } from '../rejection.ts';
import { err, ok, type Result } from '../result.ts';

/** Largest message that is read at all. */
const maxPayloadBytes = 1024 * 1024;
/** Deepest nesting of JSON that is parsed: real messages stay below ten. */
const maxDepth = 32;

/** UTF-8 text of a payload, without byte order mark. Refuses `empty_payload`, `too_large`, `wrong_encoding`. */
export function readText(payload: Uint8Array): Result<string> {
  if (payload.length === 0) return fault('empty_payload', 'the message is empty; expected a payload');
  if (payload.length > maxPayloadBytes) {
    return fault('too_large', `the message has ${payload.length} bytes; expected at most ${maxPayloadBytes}`);
  }
  const bytes = bytesOf(payload);
  if (isAscii(bytes)) return ok(bytes.toString('latin1'));
  if (!isUtf8(bytes)) return fault('wrong_encoding', 'the message is not UTF-8 text');
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return ok(bytes.toString('utf8', hasMark ? 3 : 0));
}

/** The same bytes as a Buffer, not copied. */
export function bytesOf(payload: Uint8Array): Buffer {
  return Buffer.isBuffer(payload) ? payload : Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
}

/** JSON of a payload. Refuses as `readText` does, and `too_deep`, `malformed_payload`. */
export function readJson(payload: Uint8Array): Result<unknown> {
  const text = readText(payload);
  return text.ok ? parseJson(text.value) : text;
}

export function parseJson(text: string): Result<unknown> {
  // JSON.parse recurses: the depth is counted before it.
  if (mayNestDeeper(text, maxDepth) && depthOf(text) > maxDepth) return fault('too_deep', `the JSON nests deeper than ${maxDepth} levels`);
  try {
    return ok(JSON.parse(text) as unknown);
  } catch (error) {
    return fault('malformed_payload', `the message is not valid JSON: ${(error as Error).message.slice(0, 120)}`);
  }
}

/** A JSON object, not an array nor null. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Bytes of a base64 text (standard or URL-safe, padded or not); undefined when it is none. */
export function fromBase64(text: unknown): Uint8Array | undefined {
  if (typeof text !== 'string' || !/^[A-Za-z0-9+/_-]*={0,2}$/.test(text)) return undefined;
  const digits = text.replace(/=+$/, '');
  if (digits.length % 4 === 1) return undefined;
  return new Uint8Array(Buffer.from(digits, 'base64'));
}

/** Networks that write numbers as texts: `"-104"` is −104; anything else stays as it is, to be refused where it matters. */
export function plainNumber(value: unknown): unknown {
  return typeof value === 'string' && /^-?\d{1,15}(?:\.\d{1,15})?$/.test(value) ? Number(value) : value;
}

/** Bytes of a text in hexadecimal digits; undefined when it is none. */
export function fromHex(text: unknown): Uint8Array | undefined {
  if (typeof text !== 'string' || text.length % 2 === 1 || !/^[0-9a-f]*$/i.test(text)) return undefined;
  return new Uint8Array(Buffer.from(text, 'hex'));
}

/** Whether a text holds more opening brackets than `limit`, wherever they stand: if not, nothing in it nests deeper. */
export function mayNestDeeper(text: string | Buffer, limit: number): boolean {
  if (text.length <= 2 * limit) return false;
  let left = limit;
  for (const bracket of ['{', '[']) {
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1)) if (--left < 0) return true;
  }
  return false;
}

function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (inString) {
      if (code === 0x5c) i++;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) inString = true;
    else if (code === 0x7b || code === 0x5b) deepest = Math.max(deepest, ++depth);
    else if (code === 0x7d || code === 0x5d) depth--;
  }
  return deepest;
}

function fault(code: Rejection['code'], message: string): { readonly ok: false; readonly error: Rejection } {
  return err(reject('decode', code, message));
}

export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
