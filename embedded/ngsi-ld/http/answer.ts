import type { Request, Response } from 'express';
import { Problem } from '../problems.ts';
import type { BrokerDeps, ResolvedContext } from '../types.ts';
import type { Page } from './params.ts';
import { sendText } from './text.ts';

export type MediaType = 'application/json' | 'application/ld+json' | 'application/geo+json';

/** The media type of an answer with a body; 406 if none of `offered` fits. Of equally wished ones the most specific, then the first offered. */
export function acceptOf(req: Request, offered: readonly MediaType[] = ['application/json', 'application/ld+json']): MediaType {
  const header = req.get('Accept');
  if (header === undefined || header.trim() === '') return 'application/json';
  const ranges = header.split(',').map(parseRange);
  let best: { type: MediaType; q: number; specific: number } | undefined;
  for (const type of offered) {
    const match = ranges.filter((range) => fits(range.name, type)).sort((a, b) => b.specific - a.specific)[0];
    if (match === undefined || match.q === 0) continue;
    if (best === undefined || match.q > best.q || (match.q === best.q && match.specific > best.specific)) {
      best = { type, q: match.q, specific: match.specific };
    }
  }
  if (best !== undefined) return best.type;
  throw new Problem('InvalidRequest', 'Not Acceptable', `${header}: ${offered.join(', ')} can be had`, { status: 406 });
}

function parseRange(text: string): { name: string; q: number; specific: number } {
  const [name = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const quality = parameters.find((part) => part.startsWith('q='));
  const q = quality === undefined ? 1 : Number(quality.slice(2));
  return { name, q: Number.isFinite(q) ? q : 1, specific: name === '*/*' ? 0 : name.endsWith('/*') ? 1 : 2 };
}

function fits(range: string, type: MediaType): boolean {
  return range === '*/*' || range === type || (range === 'application/*' && type.startsWith('application/'));
}

export function linkHeader(context: ResolvedContext, deps: BrokerDeps): string {
  return `<${deps.contexts.link(context)}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"`;
}

/** Answers with a body in the context's names: `@context` inside for ld+json, in a Link header else. */
export function sendJson(
  req: Request,
  res: Response,
  deps: BrokerDeps,
  answer: { body: unknown; context: ResolvedContext; accept: MediaType; status?: number },
): void {
  const { body, context, accept } = answer;
  echoTenant(req, res);
  res.status(answer.status ?? 200);
  if (accept === 'application/ld+json') {
    sendText(res, accept, JSON.stringify(withContext(body, deps.contexts.body(context))));
    return;
  }
  res.append('Link', linkHeader(context, deps));
  sendText(res, accept, JSON.stringify(body));
}

function withContext(body: unknown, context: unknown): unknown {
  if (Array.isArray(body)) return body.map((item: unknown) => withContext(item, context));
  return typeof body === 'object' && body !== null ? { '@context': context, ...body } : body;
}

export function echoTenant(req: Request, res: Response): void {
  const tenant = req.get('NGSILD-Tenant');
  if (tenant !== undefined) res.set('NGSILD-Tenant', tenant);
}

export function sendNoContent(req: Request, res: Response): void {
  echoTenant(req, res);
  res.status(204).end();
}

/** 201 without a body. `path` is below /ngsi-ld/v1. */
export function sendCreated(req: Request, res: Response, path: string): void {
  echoTenant(req, res);
  res.status(201).set('Location', `/ngsi-ld/v1${path}`).end();
}

/** A path segment: what a URI path allows stays readable. */
export function segment(id: string): string {
  return encodeURIComponent(id).replace(/%3A/g, ':');
}

/** Count and links of a page (6.3.10): `more` tells whether a next one exists. */
export function setPaging(req: Request, res: Response, page: Page, total: number): void {
  if (page.count) res.set('NGSILD-Results-Count', String(total));
  if (page.limit === 0) return;
  const url = new URL(req.originalUrl, 'http://broker');
  const link = (offset: number, rel: string): string => {
    url.searchParams.set('limit', String(page.limit));
    url.searchParams.set('offset', String(offset));
    return `<${url.pathname}${url.search}>;rel="${rel}"`;
  };
  if (page.offset > 0) res.append('Link', link(Math.max(0, page.offset - page.limit), 'prev'));
  if (page.offset + page.limit < total) res.append('Link', link(page.offset + page.limit, 'next'));
}
