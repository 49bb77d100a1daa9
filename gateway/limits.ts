import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

import { Refusal } from './refusal.ts';
import type { Caller } from './tokens.ts';

export interface Limits {
  /** Counts one request. @throws {Refusal} 429 */
  take(caller: Caller, address: string): Promise<void>;
  /** Counts one under way; the function ends it. @throws {Refusal} 429 */
  enter(): () => void;
}

export interface LimitOptions {
  /** Requests a minute without a token, by network address. */
  readonly open: number;
  /** With one, by who is in it. */
  readonly token: number;
  readonly atOnce: number;
}

export function createLimits({ open, token, atOnce }: LimitOptions): Limits {
  const minute = { duration: 60 };
  const ofOpen = new RateLimiterMemory({ ...minute, points: open, keyPrefix: 'open' });
  const ofToken = new RateLimiterMemory({ ...minute, points: token, keyPrefix: 'token' });
  let underWay = 0;

  return {
    async take({ issuer, subject, client }, address) {
      const [limiter, key] =
        issuer === undefined ? [ofOpen, networkOf(address)] : [ofToken, JSON.stringify([issuer, subject ?? client ?? address])];
      try {
        await limiter.consume(key);
      } catch (error) {
        if (error instanceof RateLimiterRes) throw tooMany(Math.max(1, Math.ceil(error.msBeforeNext / 1_000)));
        throw error;
      }
    },
    enter() {
      if (underWay >= atOnce) throw tooMany(1);
      underWay += 1;
      return () => void (underWay -= 1);
    },
  };
}

/** One household or host: an IPv6 network of 64 bits counts as one. */
export function networkOf(address: string): string {
  const bare = address.replace(/^::ffff:(?=\d+\.)/, '');
  return bare.includes(':') ? bare.split(':').slice(0, 4).join(':') : bare;
}

function tooMany(seconds: number): Refusal {
  return new Refusal(429, 'TooManyRequests', 'Too many requests', `try again in ${seconds} s`, { 'Retry-After': String(seconds) });
}
