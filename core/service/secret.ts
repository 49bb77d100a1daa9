import { createHash, timingSafeEqual } from 'node:crypto';

/** Compares hashes of one length, so that the time it takes tells nothing of the secret. */
export function isSameSecret(given: string, expected: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(given), hash(expected));
}
