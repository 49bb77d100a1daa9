import type { LookupFunction } from 'node:net';

import { isInside } from '../service/inside.ts';
import { guardedLookup } from '../service/reach.ts';

/**
 * For each redirect of a request to `url`. The operator chose the address; where it sends us is the publisher's word, and a public
 * publisher has no business on a private network. Another host is looked at before (an address) and after DNS (a name). From a private
 * address everything is followed.
 */
export function redirectGuard(url: string): (options: { hostname?: string; lookup?: LookupFunction }) => void {
  const { hostname: chosen } = new URL(url);
  return (options) => {
    const hostname = options.hostname ?? '';
    if (hostname === chosen || isInside(chosen) || chosen === 'localhost') return;
    if (isInside(hostname)) throw new Error(refusal(hostname));
    options.lookup = lookupOutside;
  };
}

/** Resolves names as usual, and refuses those that lead inside. */
export const lookupOutside: LookupFunction = guardedLookup(isInside, refusal);

function refusal(where: string): string {
  return `the publisher redirects to ${where}, an address of a private network; it is not followed`;
}
