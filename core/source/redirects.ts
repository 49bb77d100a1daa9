import { lookup as resolve, type LookupAddress } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** Addresses of this machine and of networks that are nobody's business outside. RFC 1122, 1918, 3927, 4193, 4291, 6598. */
const inside = new BlockList();
const subnets: readonly [string, number, 'ipv4' | 'ipv6'][] = [
  ['0.0.0.0', 8, 'ipv4'],
  ['10.0.0.0', 8, 'ipv4'],
  ['100.64.0.0', 10, 'ipv4'],
  ['127.0.0.0', 8, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['::', 127, 'ipv6'],
  ['fc00::', 7, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
];
for (const [address, prefix, family] of subnets) inside.addSubnet(address, prefix, family);

/** Whether an IP address belongs to this machine or to a private network; also as IPv4 within IPv6, and within brackets. */
export function isInside(address: string): boolean {
  const bare = address.replace(/^\[|\]$/g, '');
  const family = isIP(bare);
  return family !== 0 && inside.check(bare, family === 6 ? 'ipv6' : 'ipv4');
}

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
export const lookupOutside: LookupFunction = (hostname, options, callback) => {
  resolve(hostname, { ...options, all: true }, (error, addresses: LookupAddress[] = []) => {
    const within = addresses.find(({ address }) => isInside(address));
    const [first] = addresses;
    if (error !== null || first === undefined) callback(error ?? new Error(`${hostname} has no address`), '', 0);
    else if (within !== undefined) callback(new Error(refusal(`${hostname} (${within.address})`)), '', 0);
    else if (options.all === true) callback(null, addresses);
    else callback(null, first.address, first.family);
  });
};

function refusal(where: string): string {
  return `the publisher redirects to ${where}, an address of a private network; it is not followed`;
}
