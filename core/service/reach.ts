import { lookup as resolve, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { promisify } from 'node:util';

import { isIn, isInside, isLoopback, listOf } from './inside.ts';

/**
 * Where requests may go whose address comes from outside: an `@context`, the endpoint of a subscription, a registration or a provisioned
 * device. Public addresses are free; those of this machine and of private networks only where the operator names them (SSRF).
 */
export interface Reach {
  /** Why an address may not be asked, as far as it can be told without DNS; undefined: it may. */
  refusal(url: string | URL): string | undefined;
  /** For the options of a request or a socket: what a name leads to is looked at when the connection is made. @throws {Error} as `refusal`. */
  connection(url: string | URL): { readonly lookup?: LookupFunction };
  /** The host to connect to, for clients that look names up themselves. Rejects as `connection` does. */
  host(url: string | URL): Promise<string>;
}

export interface ReachOptions {
  /** Hosts (`sensor.lan`, `10.1.2.3`), with a port (`10.1.2.3:8080`), or networks (`10.1.0.0/16`); `*` is everything. */
  readonly allowed: readonly string[];
  /** URLs of the configuration: their host and port may always be asked. */
  readonly own?: readonly string[];
  /** Who can ask for it is on this machine: its own addresses are reachable for him anyway. */
  readonly loopback?: boolean;
}

/** Without any bound. */
export const everywhere: Reach = {
  refusal: () => undefined,
  connection: () => ({}),
  host: (url) => Promise.resolve(hostOf(new URL(url))),
};

export function createReach({ allowed, own = [], loopback = false }: ReachOptions): Reach {
  const hosts = new Set([...allowed.map((entry) => entry.toLowerCase()), ...own.map((url) => placeOf(new URL(url)))]);
  const networks = listOf(
    allowed.flatMap((entry) => {
      const [address = '', prefix] = entry.split('/');
      return prefix !== undefined && isIP(address) !== 0 ? [[address, Number(prefix)] as const] : [];
    }),
  );
  if (hosts.has('*')) return everywhere;

  const isNamed = (url: URL): boolean =>
    hosts.has(url.hostname) || hosts.has(hostOf(url)) || hosts.has(placeOf(url)) || (loopback && isLoopback(hostOf(url)));
  const isForbidden = (address: string): boolean => isInside(address) && !isIn(networks, address) && !(loopback && isLoopback(address));

  function refusal(from: string | URL): string | undefined {
    const url = new URL(from);
    return isNamed(url) || !isForbidden(hostOf(url)) ? undefined : told(hostOf(url));
  }

  function connection(from: string | URL): { readonly lookup?: LookupFunction } {
    const why = refusal(from);
    if (why !== undefined) throw new Error(why);
    return isNamed(new URL(from)) ? {} : { lookup };
  }

  const lookup = guardedLookup(isForbidden, told);
  const address = promisify((name: string, done: (error: Error | null, address: string) => void) =>
    lookup(name, {}, (error, found) => done(error, found as string)),
  );
  return {
    refusal,
    connection,
    async host(from) {
      const host = hostOf(new URL(from));
      return connection(from).lookup === undefined || isIP(host) !== 0 ? host : address(host);
    },
  };
}

/** Resolves names as usual, and refuses those that lead to a forbidden address. */
export function guardedLookup(isForbidden: (address: string) => boolean, told: (where: string) => string): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses: LookupAddress[] = []) => {
      const within = addresses.find(({ address }) => isForbidden(address));
      const [first] = addresses;
      if (error !== null || first === undefined) callback(error ?? new Error(`${hostname} has no address`), '', 0);
      else if (within !== undefined) callback(new Error(told(`${hostname} (${within.address})`)), '', 0);
      else if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

function told(where: string): string {
  return `${where} is an address of this machine or of a private network; name it in reach (KLAVZE_REACH) if it may be asked`;
}

/** Without the brackets of IPv6. */
function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '');
}

const defaultPorts: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443', 'mqtt:': '1883', 'mqtts:': '8883' };

function placeOf({ hostname, port, protocol }: URL): string {
  return `${hostname}:${port === '' ? (defaultPorts[protocol] ?? '') : port}`;
}
