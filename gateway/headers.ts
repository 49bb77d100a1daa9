import type { IncomingMessage } from 'node:http';

import type { View } from './question.ts';
import { notUnderstood, Refusal } from './refusal.ts';

/** URLs of JSON-LD contexts in a Link header. */
export function linksOf(req: IncomingMessage): string[] {
  const header = req.headers['link'];
  if (header === undefined) return [];
  const text = Array.isArray(header) ? header.join(', ') : header;
  if (text.length > 4_000) throw notUnderstood('the Link header is too long');
  const found = [...text.matchAll(/<([^<>]{1,1000})>([^<]*)/g)].filter(([, , rest = '']) =>
    /;\s*rel\s*=\s*"?[^";,]*http:\/\/www\.w3\.org\/ns\/json-ld#context/i.test(rest),
  );
  return found.map(([, url = '']) => url.trim());
}

/** The token of a request; undefined: none. @throws {Refusal} for other ways of proving who one is. */
export function tokenOf(req: IncomingMessage): string | undefined {
  const { authorization } = req.headers;
  const second = req.headers['x-auth-token'];
  const other = Array.isArray(second) ? second[0] : second;
  if (authorization === undefined) return other === undefined || other === '' ? undefined : other;
  const bearer = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(authorization)?.[1];
  if (bearer === undefined) {
    throw new Refusal(
      401,
      'InvalidRequest',
      'The token does not count',
      'Authorization: Bearer and a token is taken; open data need none',
      {
        'WWW-Authenticate': 'Bearer',
      },
    );
  }
  if (other !== undefined && other !== '' && other !== bearer) throw notUnderstood('Authorization and X-Auth-Token hold different tokens');
  return bearer;
}

/** One tenant stands behind this gateway: another cannot be asked for. */
export function checkTenant(req: IncomingMessage, tenant: string | undefined): void {
  for (const name of ['ngsild-tenant', 'fiware-service']) {
    const given = req.headers[name];
    if (given === undefined || given === '') continue;
    if (String(given).toLowerCase() !== tenant)
      throw new Refusal(404, 'NonexistentTenant', 'No such tenant', `${name} names none that can be read here`);
  }
}

/** The media type of an answer, of those offered the one best wished. */
export function mediaOf(req: IncomingMessage, offered: readonly View['media'][]): View['media'] {
  const ranges = (req.headers.accept ?? '*/*').slice(0, 1_000).split(',').map(readRange);
  const rated = offered.map((media) => ({ media, quality: qualityOf(media, ranges) }));
  const best = rated.reduce((left, right) => (right.quality > left.quality ? right : left));
  if (best.quality > 0) return best.media;
  throw new Refusal(406, 'InvalidRequest', 'Not acceptable', `${offered.join(', ')} can be had`);
}

interface Range {
  readonly name: string;
  readonly quality: number;
}

function readRange(text: string): Range {
  const [name = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const given = parameters.find((part) => part.startsWith('q='));
  const quality = given === undefined ? 1 : Number(given.slice(2));
  return { name: name === '' ? '*/*' : name, quality: quality >= 0 && quality <= 1 ? quality : 1 };
}

/** Of the most specific range that fits. A named type counts a trifle more than one of `*`. */
function qualityOf(media: string, ranges: readonly Range[]): number {
  for (const [name, less] of [
    [media, 0],
    ['application/*', 0.001],
    ['*/*', 0.002],
  ] as const) {
    const found = ranges.find((range) => range.name === name);
    if (found !== undefined) return found.quality === 0 ? 0 : found.quality - less;
  }
  return 0;
}

/** The address of the caller: behind the edge, the one that the edge saw. */
export function addressOf(req: IncomingMessage, trustProxy: boolean): string {
  const forwarded = trustProxy
    ? String(req.headers['x-forwarded-for'] ?? '')
        .split(',')
        .at(-1)
        ?.trim()
    : '';
  return forwarded === undefined || forwarded === '' ? (req.socket.remoteAddress ?? 'unknown') : forwarded;
}

/** The text of a body. @throws {Refusal} 413, 415 */
export async function bodyOf(req: IncomingMessage, mostBytes: number): Promise<{ readonly text: string; readonly isLd: boolean }> {
  const type = (req.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json' && type !== 'application/ld+json')
    throw new Refusal(415, 'InvalidRequest', 'Not a JSON body', 'Content-Type: application/json or application/ld+json is taken');
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of req as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > mostBytes) throw new Refusal(413, 'BadRequestData', 'Too large', `a question has at most ${mostBytes} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    // Whoever hangs up in the middle of a body gets no answer anyway.
    throw error instanceof Refusal ? error : notUnderstood('the body did not arrive whole');
  }
  return { text: Buffer.concat(chunks).toString('utf8'), isLd: type === 'application/ld+json' };
}
