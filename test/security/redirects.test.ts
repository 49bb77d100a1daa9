/** Requests that a publisher would like us to make inside the network (SSRF). */
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';

import { isInside } from '../../core/service/inside.ts';
import { lookupOutside, redirectGuard } from '../../core/source/redirects.ts';

const private_ = [
  '127.0.0.1',
  '127.8.0.1',
  '10.1.2.3',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '169.254.169.254',
  '100.64.0.1',
  '0.0.0.0',
];
const private6 = ['::1', '::', 'fc00::1', 'fd12::1', 'fe80::1', '[::1]', '::ffff:127.0.0.1', '::ffff:10.0.0.1'];

describe('a redirect into a private network', () => {
  it.each([...private_, ...private6])('%s is inside', (address) => {
    expect(isInside(address)).toBe(true);
  });

  it.each(['193.2.1.66', '172.32.0.1', '100.128.0.1', '11.0.0.1', '2001:1470::1', 'meteo.arso.gov.si', ''])('%s is not', (address) => {
    expect(isInside(address)).toBe(false);
  });

  it('of a public publisher is not followed, by address or by name', async () => {
    const guard = redirectGuard('https://data.example/air.xml');
    expect(() => guard({ hostname: '169.254.169.254' })).toThrow('169.254.169.254, an address of a private network');
    expect(() => guard({ hostname: '[::1]' })).toThrow('not followed');
    const options: Parameters<typeof guard>[0] = { hostname: 'localhost' };
    guard(options);
    expect(options.lookup).toBe(lookupOutside);
    const lookup = promisify((name: string, take: (error: Error | null) => void) => lookupOutside(name, {}, (error) => take(error)));
    await expect(lookup('localhost')).rejects.toThrow('private network');
  });

  it('is followed on the same host, and where the operator chose a private address', () => {
    for (const [url, hostname] of [
      ['https://data.example/old', 'data.example'],
      ['http://127.0.0.1:8000/old', '127.0.0.1'],
      ['http://192.168.1.5/old', '192.168.1.6'],
      ['http://localhost/old', '127.0.0.1'],
    ] as const) {
      const options: Parameters<ReturnType<typeof redirectGuard>>[0] = { hostname };
      redirectGuard(url)(options);
      expect(options).toEqual({ hostname });
    }
  });
});
