import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { Logger } from 'pino';

import type { HiddenEntities } from '../core/access/hidden.ts';
import { answerAttributes, answerOne, answerQuery, answerTypes, withContext, type Answer, type Sources } from './answers.ts';
import type { Audit } from './audit.ts';
import { addressOf, bodyOf, checkTenant, linksOf, mediaOf, tokenOf } from './headers.ts';
import { networkOf, type Limits } from './limits.ts';
import type { GatewayMetrics } from './metrics.ts';
import type { View } from './question.ts';
import { Refusal } from './refusal.ts';
import { contextIn } from './represent.ts';
import { routeOf, type Route } from './routes.ts';
import type { Caller, Verifier } from './tokens.ts';

export interface GatewayParts extends Sources {
  readonly host: string;
  readonly port: number;
  readonly tenant?: string | undefined;
  readonly trustProxy: boolean;
  readonly mostEntities: number;
  readonly verifier: Verifier;
  readonly limits: Limits;
  readonly audit: Audit;
  readonly metrics: GatewayMetrics;
  readonly hidden: () => HiddenEntities;
  readonly now: () => number;
  readonly logger: Logger;
}

export interface Gateway {
  readonly url: string;
  close(): Promise<void>;
}

const mostBodyBytes = 65_536;
const longestAsked = 1_000;
const anonymous: Caller = { level: 'open' };
/** Any web page may show open data; nothing here goes by cookies. */
const everywhere = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Expose-Headers': 'Link, NGSILD-Results-Count, Retry-After',
};

/** What is known of a request once it is over. */
interface Course {
  caller: Caller;
  asked: string;
}

/** Answers questions over HTTP. @throws {Error} when the port cannot be had. */
export async function startServer(parts: GatewayParts): Promise<Gateway> {
  const server = createServer(
    { requestTimeout: 15_000, headersTimeout: 10_000, maxHeaderSize: 32_768 },
    (req, res) => void serve(parts, req, res),
  );
  server.maxRequestsPerSocket = 1_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(parts.port, parts.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${parts.host.includes(':') ? `[${parts.host}]` : parts.host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Never throws. */
async function serve(parts: GatewayParts, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const started = parts.now();
  const course: Course = { caller: anonymous, asked: '' };
  let answer: Answer | undefined;
  let refusal: Refusal | undefined;
  try {
    if (req.method === 'OPTIONS') return preflight(res);
    answer = await answerTo(parts, req, course);
  } catch (error) {
    refusal = error instanceof Refusal ? error : brokenBy(error, parts.logger);
  }
  const status = refusal?.status ?? 200;
  note(parts, req, course, { status, started, outcome: refusal?.title ?? 'answered', ...(answer && { entities: answer.entities }) });
  if (answer !== undefined && course.caller.level !== 'open' && !parts.audit.writable) {
    refusal = new Refusal(503, 'InternalError', 'Not now', 'what is read must be noted, and it cannot be; open data can be read');
  }
  if (!req.complete) res.setHeader('Connection', 'close');
  if (refusal !== undefined) sendRefusal(res, refusal);
  else if (answer !== undefined) sendAnswer(req, res, answer, course.caller);
  req.resume();
}

function brokenBy(error: unknown, logger: Logger): Refusal {
  logger.error({ error }, 'the gateway failed on a request');
  return new Refusal(500, 'InternalError', 'Internal error', 'the gateway failed; its log tells more');
}

async function answerTo(parts: GatewayParts, req: IncomingMessage, course: Course): Promise<Answer> {
  const { limits, verifier } = parts;
  const address = addressOf(req, parts.trustProxy);
  const leave = limits.enter();
  try {
    try {
      const token = tokenOf(req);
      if (token !== undefined) course.caller = await verifier.verify(token);
    } catch (error) {
      // Guessing tokens is counted like asking without one.
      await limits.take(anonymous, address);
      throw error;
    }
    await limits.take(course.caller, address);
    const url = req.url ?? '/';
    course.asked = url.split('?').slice(1).join('?').slice(0, longestAsked);
    const route = routeOf(req.method ?? 'GET', url);
    checkTenant(req, parts.tenant);
    return await routed(parts, req, route, url, course);
  } finally {
    leave();
  }
}

const textual = ['application/json', 'application/ld+json'] as const;

async function routed(parts: GatewayParts, req: IncomingMessage, route: Route, url: string, course: Course): Promise<Answer> {
  const isTemporal = 'isTemporal' in route && route.isTemporal;
  const hasGeo = !isTemporal && (route.kind === 'entities' || route.kind === 'entity' || route.kind === 'query');
  const media: View['media'] = mediaOf(req, hasGeo ? [...textual, 'application/geo+json'] : textual);
  const asked = { url, media, links: linksOf(req), namings: parts.namings, mostEntities: parts.mostEntities, isTemporal };
  const reader = { level: course.caller.level, hidden: parts.hidden() };
  switch (route.kind) {
    case 'query': {
      const body = await bodyOf(req, mostBodyBytes);
      course.asked = `${course.asked} ${body.text}`.trim().slice(0, longestAsked);
      return answerQuery(parts, asked, body, reader);
    }
    case 'entities':
      return answerQuery(parts, asked, undefined, reader);
    case 'entity':
      return answerOne(parts, asked, route.id, reader);
    case 'types':
    case 'type':
      return answerTypes(parts, asked, route.kind === 'type' ? route.name : undefined, reader);
    case 'attributes':
    case 'attribute':
      return answerAttributes(parts, asked, route.kind === 'attribute' ? route.name : undefined, reader);
  }
}

interface Ending {
  readonly status: number;
  readonly started: number;
  readonly outcome: string;
  readonly entities?: number;
}

function note({ audit, metrics, now, trustProxy }: GatewayParts, req: IncomingMessage, { caller, asked }: Course, ending: Ending): void {
  const { status, started, outcome, entities } = ending;
  const ms = now() - started;
  const { level, issuer, subject, client } = caller;
  metrics.answered(level, status, ms / 1_000);
  audit.write({
    at: new Date(started).toISOString(),
    level,
    ...(issuer === undefined ? { network: networkWide(addressOf(req, trustProxy)) } : { issuer }),
    ...(subject !== undefined && { subject }),
    ...(client !== undefined && { client }),
    method: (req.method ?? '').slice(0, 20),
    path: (req.url ?? '').split('?')[0]?.slice(0, 300) ?? '',
    ...(asked !== '' && { asked }),
    status,
    outcome,
    ...(entities !== undefined && { entities }),
    ms,
  });
}

/** Who reads open data is nobody's business: the last part of an IPv4 address is left out, and of IPv6 all but the first 48 bits. */
function networkWide(address: string): string {
  const network = networkOf(address);
  return network.includes(':') ? `${network.split(':').slice(0, 3).join(':')}::` : network.replace(/\.\d+$/, '.0');
}

function preflight(res: ServerResponse): void {
  res.writeHead(204, {
    ...everywhere,
    Allow: 'GET, HEAD, POST, OPTIONS',
    'Access-Control-Allow-Methods': 'GET, HEAD, POST',
    'Access-Control-Allow-Headers': 'Accept, Authorization, Content-Type, Link',
    'Access-Control-Max-Age': '86400',
  });
  res.end();
}

function sendRefusal(res: ServerResponse, refusal: Refusal): void {
  send(
    res,
    refusal.status,
    { ...everywhere, ...refusal.headers, 'Content-Type': 'application/json', 'Cache-Control': 'no-store' },
    refusal.body(),
  );
}

const coreContext = 'https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.8.jsonld';

function sendAnswer(req: IncomingMessage, res: ServerResponse, { body, naming, media, count, page }: Answer, { level }: Caller): void {
  const inBody = media !== 'application/json';
  const links = inBody ? [] : [`<${naming.shown}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"`];
  if (page !== undefined && page.limit > 0) links.push(...pageLinks(req.url ?? '', page));
  const headers = {
    ...everywhere,
    'Content-Type': media,
    Vary: 'Accept, Authorization, Link',
    'Cache-Control': level === 'open' ? 'no-cache' : 'no-store',
    ...(links.length > 0 && { Link: links }),
    ...(count !== undefined && { 'NGSILD-Results-Count': String(count) }),
  };
  const context = contextIn(naming, coreContext);
  send(res, 200, headers, JSON.stringify(inBody ? withContext(body, context) : body), req.method === 'HEAD');
}

function pageLinks(asked: string, { limit, offset, hasMore }: NonNullable<Answer['page']>): string[] {
  const url = new URL(asked, 'http://gateway');
  const link = (to: number, rel: string): string => {
    url.searchParams.set('limit', String(limit));
    url.searchParams.set('offset', String(to));
    return `<${url.pathname}${url.search}>; rel="${rel}"`;
  };
  return [...(offset > 0 ? [link(Math.max(0, offset - limit), 'prev')] : []), ...(hasMore ? [link(offset + limit, 'next')] : [])];
}

function send(
  res: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string | readonly string[]>>,
  text: string,
  bare = false,
): void {
  if (res.destroyed) return;
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
  res.setHeader('X-Content-Type-Options', 'nosniff');
  res.setHeader('Content-Length', Buffer.byteLength(text));
  res.statusCode = status;
  res.end(bare ? undefined : text);
}
