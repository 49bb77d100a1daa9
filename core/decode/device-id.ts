import { reject, type Rejection } from '../rejection.ts';

/** What a device may be called in a topic or payload: no wildcard, separator, space or control character, at most 128 characters. */
const deviceIdPattern = /^[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}$/;

/** `id_not_allowed` when `id` may not name a device or when the message names another one (`others`; without regard to case). */
export function deviceIdFault(id: unknown, from: string, ...others: unknown[]): Rejection | undefined {
  if (typeof id !== 'string' || !deviceIdPattern.test(id)) {
    const expected = 'expected 1–128 of the characters A–Z a–z 0–9 . _ : @ -, starting with a letter or digit';
    return reject('decode', 'id_not_allowed', `the device id ${shown(id)} in ${from} is not allowed; ${expected}`);
  }
  for (const other of others) {
    if (other === undefined || (typeof other === 'string' && other.toLowerCase() === id.toLowerCase())) continue;
    return reject('decode', 'id_not_allowed', `the topic names the device "${id}", the payload ${shown(other)}; both must be the same`);
  }
  return undefined;
}

function shown(value: unknown): string {
  return value === undefined ? '(none)' : JSON.stringify(value).slice(0, 140);
}
