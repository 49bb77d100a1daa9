import { decode } from 'cborg';

import { reject } from '../rejection.ts';
import { err, ok, type Result } from '../result.ts';

/** RFC 8428, table 4: the integers that stand for the labels of JSON. */
const labels: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  [-1, 'bver'],
  [-2, 'bn'],
  [-3, 'bt'],
  [-4, 'bu'],
  [-5, 'bv'],
  [-6, 'bs'],
  [0, 'n'],
  [1, 'u'],
  [2, 'v'],
  [3, 'vs'],
  [4, 'vb'],
  [5, 's'],
  [6, 't'],
  [7, 'ut'],
  [8, 'vd'],
]);

/** RFC 8949, 3.4: decimal fractions and bigfloats, which SenML may use for its numbers, and the mark that it is CBOR. */
const tags: ((inner: unknown) => unknown)[] = [];
tags[4] = (inner) => scaled(inner, 10);
tags[5] = (inner) => scaled(inner, 2);
tags[55_799] = (inner) => inner;

/** An array of CBOR, bare or marked as CBOR; no text of UTF-8 starts so. */
export function looksLikeCbor(payload: Uint8Array): boolean {
  const [first = 0, second, third] = payload;
  return (first >= 0x80 && first <= 0x9f) || (first === 0xd9 && second === 0xd9 && third === 0xf7);
}

/** The SenML pack of a CBOR payload, with the labels of JSON. Fields of other integers are passed over, as 4.4 wants. Refuses `malformed_payload`. */
export function readSenmlCbor(payload: Uint8Array): Result<unknown> {
  try {
    const pack: unknown = decode(payload, { useMaps: true, tags, rejectDuplicateMapKeys: true });
    return ok(Array.isArray(pack) ? pack.map(asJson) : pack);
  } catch (error) {
    return err(reject('decode', 'malformed_payload', `the message is no valid CBOR: ${(error as Error).message.slice(0, 120)}`));
  }
}

function asJson(record: unknown): unknown {
  if (!(record instanceof Map)) return record;
  const fields = [...(record as Map<unknown, unknown>)].flatMap(([label, value]): [string, unknown][] => {
    const name = typeof label === 'string' ? label : labels.get(label);
    return name === undefined || value === undefined ? [] : [[name, plain(value)]];
  });
  return Object.fromEntries(fields);
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64url') : value;
}

function scaled(inner: unknown, base: 2 | 10): number {
  const [exponent, mantissa] = Array.isArray(inner) ? (inner as unknown[]) : [];
  if (!isWhole(exponent) || !isWhole(mantissa)) throw new Error('a fraction that is no pair of whole numbers');
  // Written out, a decimal fraction is rounded once.
  return base === 10 ? Number(`${mantissa}e${exponent}`) : Number(mantissa) * 2 ** Number(exponent);
}

function isWhole(value: unknown): value is number | bigint {
  return typeof value === 'bigint' || Number.isInteger(value);
}
