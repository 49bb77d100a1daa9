import { deviceInstant, isObject, reject, type Instant, type Rejection } from '#core';

/** A resolved record (RFC 8428 4.6): full name, absolute time, and what it says. */
export interface Resolved {
  readonly name: string;
  readonly observedAt: Instant;
  readonly unit?: string;
  /** A number for `v` (with the base value added), a text for `vs`, a switch for `vb`; records with sums or data only have none. */
  readonly value?: number | string | boolean;
  /** Holds a sum over time and no value. */
  readonly isSum?: true;
  readonly pointer: string;
}

/** RFC 8428 4.4: versions above are not understood. */
const newestVersion = 10;
/** RFC 8428 4.5.3: times below are relative to now. */
const relativeBelow = 2 ** 28;

/**
 * Base fields carry over, times become absolute. A pack with a higher version or a `must understand` field (its label ends in `_`)
 * must be refused as a whole (RFC 8428 4.4), so must one with a record that is no object.
 */
export function resolve(pack: readonly unknown[], receivedAt: Instant): Resolved[] | Rejection {
  const base = { name: '', time: 0, unit: undefined as string | undefined, value: undefined as number | undefined };
  const resolved: Resolved[] = [];
  for (const [i, record] of pack.entries()) {
    const pointer = `/${i}`;
    if (!isObject(record)) return reject('decode', 'malformed_payload', 'the SenML pack holds a record that is no object', pointer);
    const mustUnderstand = Object.keys(record).find((label) => label.endsWith('_'));
    if (mustUnderstand !== undefined) {
      return reject('decode', 'malformed_payload', `the SenML field "${mustUnderstand}" must be understood and is not known`, pointer);
    }
    if (number(record['bver']) !== undefined && Number(record['bver']) > newestVersion) {
      return reject(
        'decode',
        'malformed_payload',
        `the SenML version is ${String(record['bver'])}; expected at most ${newestVersion}`,
        pointer,
      );
    }
    const wrong = ['bt', 'bv', 't', 'v'].find((label) => record[label] !== undefined && number(record[label]) === undefined);
    if (wrong !== undefined) {
      return reject('decode', 'malformed_payload', `the SenML field "${wrong}" holds no number`, `${pointer}/${wrong}`);
    }
    base.name = text(record['bn']) ?? base.name;
    base.time = number(record['bt']) ?? base.time;
    base.unit = text(record['bu']) ?? base.unit;
    base.value = number(record['bv']) ?? base.value;

    const observedAt = absolute(base.time + (number(record['t']) ?? 0), receivedAt);
    if (observedAt === undefined) {
      return reject('decode', 'invalid_time', `the SenML time ${base.time} + ${String(record['t'] ?? 0)} is no moment`, pointer);
    }
    const unit = text(record['u']) ?? base.unit;
    const value = valueOf(record, base.value);
    resolved.push({
      name: base.name + (text(record['n']) ?? ''),
      observedAt,
      pointer,
      ...(unit === undefined ? {} : { unit }),
      ...(value === undefined ? {} : { value }),
      ...(value === undefined && (record['s'] !== undefined || record['bs'] !== undefined) ? { isSum: true as const } : {}),
    });
  }
  return resolved;
}

function valueOf(record: Readonly<Record<string, unknown>>, base: number | undefined): number | string | boolean | undefined {
  const own = number(record['v']);
  if (own !== undefined) return own + (base ?? 0);
  return text(record['vs']) ?? (typeof record['vb'] === 'boolean' ? record['vb'] : undefined);
}

function absolute(seconds: number, receivedAt: Instant): Instant | undefined {
  return deviceInstant(seconds < relativeBelow ? Date.parse(receivedAt) + seconds * 1000 : seconds * 1000);
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
