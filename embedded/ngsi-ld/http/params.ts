import type { Request } from 'express';
import { Problem } from '../problems.ts';
import type { BrokerDeps } from '../types.ts';

export type Params = Readonly<Record<string, string>>;

/**
 * The URI parameters of a request. Repeated ones are joined with a comma. Unknown ones: refused by Orion-LD and by the
 * specification (6.3.20: InvalidRequest, 400).
 */
export function paramsOf(req: Request, known: readonly string[], deps: BrokerDeps): Params {
  const params: Record<string, string> = {};
  const start = req.originalUrl.indexOf('?');
  for (const [name, value] of new URLSearchParams(start < 0 ? '' : req.originalUrl.slice(start + 1))) {
    if (!known.includes(name)) {
      throw new Problem(deps.profile === 'orion' ? 'BadRequestData' : 'InvalidRequest', 'Unknown URI parameter', name);
    }
    if (value === '') throw new Problem('BadRequestData', 'Empty value of a URI parameter', name);
    params[name] = params[name] === undefined ? value : `${params[name]},${value}`;
  }
  return params;
}

/** Members of a comma-separated parameter. */
export function listOf(text: string | undefined): string[] | undefined {
  return text
    ?.split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

export function flagOf(params: Params, name: string): boolean {
  const value = params[name];
  if (value === undefined || value === 'false') return false;
  if (value === 'true') return true;
  throw new Problem('BadRequestData', 'Invalid URI parameter', `${name}: true or false is expected, not ${value}`);
}

export interface Page {
  readonly limit: number;
  readonly offset: number;
  readonly count: boolean;
}

const PAGE = { limit: 20, most: 1000 };

/** limit 1 to 1000, default 20; 0 only together with count=true. */
export function pageOf(params: Params): Page {
  const count = flagOf(params, 'count');
  const limit = wholeNumber(params, 'limit', PAGE.limit);
  const offset = wholeNumber(params, 'offset', 0);
  if (limit > PAGE.most) throw new Problem('BadRequestData', 'Invalid URI parameter', `limit: at most ${PAGE.most}, not ${limit}`);
  if (limit === 0 && !count) throw new Problem('BadRequestData', 'Invalid URI parameter', 'limit: 0 only together with count=true');
  return { limit, offset, count };
}

function wholeNumber(params: Params, name: string, absent: number): number {
  const text = params[name];
  if (text === undefined) return absent;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new Problem('BadRequestData', 'Invalid URI parameter', `${name}: a whole number from 0 is expected, not ${text}`);
}
