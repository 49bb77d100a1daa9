import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Agent, buildConnector, fetch, type Response } from 'undici';

import type { Reach } from '../../core/service/reach.ts';
import { CORE_CONTEXT, isCoreContextUrl } from './core-context.ts';
import { Problem } from './problems.ts';
import type { ContextStore } from './context-store.ts';

const LARGEST_CONTEXT_BYTES = 4 * 1024 * 1024;

export interface ContextLoader {
  /** The document at a URL, `{"@context": …}`; from the core, the hosted ones, the folder, the cache, else by HTTP. */
  load(url: string): Promise<Record<string, unknown>>;
  /** Downloads anew, whatever is cached. */
  download(url: string): Promise<Record<string, unknown>>;
}

export interface ContextLoaderOptions {
  readonly held: ContextStore;
  /** Holds files and an `index.json` that maps URL → file name. */
  readonly folder?: string;
  readonly clock: () => string;
  /** Where contexts may be fetched from. */
  readonly reach: Reach;
  readonly timeoutMs?: number;
}

export function createContextLoader(options: ContextLoaderOptions): ContextLoader {
  const files = options.folder === undefined ? new Map<string, string>() : readIndex(options.folder);
  // Each connection is looked at, so also those to where a redirect leads.
  const dispatcher = new Agent({
    pipelining: 0,
    connect(target, done) {
      try {
        buildConnector(options.reach.connection(`${target.protocol}//${target.host ?? target.hostname}`))(target, done);
      } catch (error) {
        done(error as Error, null);
      }
    },
  });

  async function load(url: string): Promise<Record<string, unknown>> {
    if (isCoreContextUrl(url)) return { '@context': CORE_CONTEXT };
    const held = options.held.byUrl(url);
    if (held !== undefined) {
      options.held.used(held.localId, options.clock());
      return checkedDocument(held.document, url);
    }
    const file = files.get(url);
    if (file !== undefined) return checkedDocument(JSON.parse(readFileSync(file, 'utf8')), url);
    const document = await download(url);
    options.held.put('Cached', url, document, options.clock());
    return document;
  }

  async function download(url: string): Promise<Record<string, unknown>> {
    let text: string;
    try {
      const response = await fetch(url, {
        headers: { accept: 'application/ld+json, application/json;q=0.9' },
        dispatcher,
        signal: AbortSignal.timeout(options.timeoutMs ?? 5000),
      });
      if (!response.ok) throw new Error(`HTTP ${response.status}`);
      text = await readLimited(response);
    } catch (error) {
      throw notAvailable(
        url,
        error instanceof Error ? (error.cause instanceof Error ? error.cause.message : error.message) : String(error),
      );
    }
    return parseDocument(text, url);
  }

  return { load, download };
}

function parseDocument(text: string, url: string): Record<string, unknown> {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw new Problem('BadRequestData', 'Invalid @context', `${url}: the answer is not JSON`);
  }
  return checkedDocument(document, url);
}

function checkedDocument(document: unknown, url: string): Record<string, unknown> {
  if (typeof document === 'object' && document !== null && '@context' in document) return document as Record<string, unknown>;
  throw new Problem('BadRequestData', 'Invalid @context', `${url}: the document has no @context member`);
}

function notAvailable(url: string, why: string): Problem {
  return new Problem('LdContextNotAvailable', 'Unable to obtain the @context', `${url}: ${why}`);
}

async function readLimited(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > LARGEST_CONTEXT_BYTES) throw new Error(`larger than ${LARGEST_CONTEXT_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function readIndex(folder: string): Map<string, string> {
  const index = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as Record<string, string>;
  return new Map(Object.entries(index).map(([url, file]) => [url, join(folder, file)]));
}
