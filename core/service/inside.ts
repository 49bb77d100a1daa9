import { BlockList, isIP } from 'node:net';

/** Addresses of this machine. RFC 1122, 4291. */
const loopback = listOf([
  ['127.0.0.0', 8],
  ['::1', 128],
]);

/** Those and addresses of networks that are nobody's business outside. RFC 1112, 1918, 2544, 3879, 3927, 4193, 4291, 6598, 6890. */
const inside = listOf([
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
  ['::', 127],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
]);

/** A list of subnets; `address/prefix`. */
export function listOf(subnets: readonly (readonly [address: string, prefix: number])[]): BlockList {
  const list = new BlockList();
  for (const [address, prefix] of subnets) list.addSubnet(address, prefix, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  return list;
}

/** Whether a list has an IP address; also as IPv4 within IPv6, and within brackets. A name is in no list. */
export function isIn(list: BlockList, address: string): boolean {
  const bare = address.replace(/^\[|\]$/g, '');
  const family = isIP(bare);
  return family !== 0 && list.check(bare, family === 6 ? 'ipv6' : 'ipv4');
}

/** Whether an IP address belongs to this machine or to a private network. */
export function isInside(address: string): boolean {
  return isIn(inside, address);
}

/** Whether an IP address, or the name `localhost`, is this machine's own. */
export function isLoopback(address: string): boolean {
  return address === 'localhost' || isIn(loopback, address);
}
