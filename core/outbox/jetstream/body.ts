import { deflateRawSync, inflateRawSync } from 'node:zlib';

import type { Instant } from '../../plugin.ts';
import { reject, type Rejection } from '../../rejection.ts';
import type { DeadLetter, Origin, Publication } from '../outbox.ts';
import { parseLine, type HeldPublication } from '../segments.ts';

/** What goes to the stream in one message: consignments that came at the same time. */
export interface Part {
  readonly publications: readonly HeldPublication[];
  readonly deadLetters: readonly DeadLetter[];
}

/** Bodies above this are deflated: JSON of sensors shrinks to a tenth. */
const deflateAbove = 16_384;
/** So much of a message is left to its headers. */
const headerBytes = 4_096;
/** Characters of consignments in one message. */
const mostChars = 700_000;

/** The largest refused payload that is kept whole where messages may have `most` bytes. */
function mostRaw(most: number): number {
  return Math.floor(((most - headerBytes) * 3) / 4) - headerBytes;
}

/** Shares a group out among messages; only a consignment that fits into none is divided. */
export function partsOf(group: readonly Part[], mostBytes: number): Part[] {
  const parts: { publications: HeldPublication[]; deadLetters: DeadLetter[] }[] = [];
  const most = Math.min(mostChars, mostBytes);
  let size = Infinity;
  const place = (chars: number) => {
    size += chars;
    if (size <= most) return;
    parts.push({ publications: [], deadLetters: [] });
    size = chars;
  };
  for (const { publications, deadLetters } of group) {
    const sizes = publications.map(({ json }) => json.length + 200);
    const letters = deadLetters.map((letter) => cut(letter, mostBytes));
    const whole = sizes.reduce((sum, chars) => sum + chars, 0) + letters.reduce((sum, { raw }) => sum + raw.length * 1.4 + 500, 0);
    if (whole <= most) place(whole);
    for (const [at, publication] of publications.entries()) {
      if (whole > most) place(sizes[at] ?? 0);
      parts.at(-1)?.publications.push(publication);
    }
    for (const letter of letters) {
      if (whole > most) place(letter.raw.length * 1.4 + 500);
      parts.at(-1)?.deadLetters.push(letter);
    }
  }
  return parts;
}

function cut(letter: DeadLetter, mostBytes: number): DeadLetter {
  const most = mostRaw(mostBytes);
  if (letter.raw.length <= most) return letter;
  const { stage, code, message, pointer } = letter.rejection;
  const words = `${message} (only the first ${most} of ${letter.raw.length} bytes are kept: max_payload of NATS is ${mostBytes})`;
  return { ...letter, rejection: reject(stage, code, words, pointer), raw: letter.raw.subarray(0, most) };
}

/** The bytes of a message: a line for each publication and, after `!`, for each dead letter. */
export function encodePart({ publications, deadLetters }: Part): Uint8Array {
  return pack([...publications.map(lineOf), ...deadLetters.map((letter) => `!${letterText(letter)}`)].join('\n'));
}

function lineOf({ origin, removal, json }: HeldPublication): string {
  return `${removal === true ? '-' : '+'}${JSON.stringify(origin)}\t${json}`;
}

/** Lines that cannot be read are counted. */
export function decodePart(bytes: Uint8Array): {
  readonly publications: Publication[];
  readonly deadLetters: DeadLetter[];
  readonly unreadable: number;
} {
  const publications: Publication[] = [];
  const deadLetters: DeadLetter[] = [];
  let unreadable = 0;
  const text = unpack(bytes);
  for (const line of text === '' ? [] : text.split('\n')) {
    const one = line.startsWith('!') ? readLetter(line.slice(1)) : parseLine(line, 0);
    if (one === undefined) unreadable++;
    else if ('raw' in one) deadLetters.push(one);
    else publications.push(one);
  }
  return { publications, deadLetters, unreadable };
}

/** A dead letter as it lies in the stream of dead letters. */
export interface KeptLetter extends DeadLetter {
  readonly id: number;
  readonly at: Instant;
  /** The message of the outbox stream that it came with, and its place in it: what is found twice is one. */
  readonly key: string;
}

export function encodeLetters(letters: readonly KeptLetter[]): Uint8Array {
  return pack(letters.map((letter) => letterText(letter)).join('\n'));
}

export function decodeLetters(bytes: Uint8Array): KeptLetter[] {
  return unpack(bytes)
    .split('\n')
    .map((line) => readLetter(line) as KeptLetter | undefined)
    .filter((letter) => letter !== undefined);
}

function letterText(letter: DeadLetter): string {
  return JSON.stringify({ ...letter, raw: Buffer.from(letter.raw).toString('base64') });
}

function readLetter(line: string): DeadLetter | undefined {
  try {
    const letter = JSON.parse(line) as { origin: Origin; rejection: Rejection; raw: string };
    return { ...letter, raw: Buffer.from(letter.raw, 'base64') };
  } catch {
    return undefined;
  }
}

/** The first byte of a deflated body is one that no text begins with. */
const deflated = 0x01;

export function pack(text: string): Uint8Array {
  const bytes = Buffer.from(text);
  return bytes.length <= deflateAbove ? bytes : Buffer.concat([Buffer.of(deflated), deflateRawSync(bytes, { level: 1 })]);
}

export function unpack(bytes: Uint8Array): string {
  const body = bytes[0] === deflated ? inflateRawSync(bytes.subarray(1)) : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return body.toString();
}
