import type { Pages } from '../plugin.ts';
import { reject, type RejectionCode } from '../rejection.ts';
import { fetchDataset, taken, type Fetched, type FetchRequest } from './fetch.ts';
import { defaultMaxBytes } from './formats/parse.ts';
import { isRow } from './formats/parsed.ts';

/** Validators of single pages say nothing of the whole. */
const forgetful = { get: () => undefined, set: () => undefined };

/**
 * A dataset that the publisher gives page by page, as one document: the first page with the rows of all. Without `pages` it is
 * `fetchDataset`. `refused` when fewer rows come than the publisher says that there are (`unexpected_content`) or when all of them are too
 * large; `unavailable` when a page is not to be had, or their number changes while they are read.
 */
export async function fetchPages(request: FetchRequest, pages: Pages | undefined): Promise<Fetched> {
  if (pages === undefined) return fetchDataset(request);
  const page = (offset: number): Promise<Fetched> =>
    fetchDataset({ ...request, url: pageAddress(request.url, pages, offset), state: forgetful });
  const first = await page(0);
  if (first.kind !== 'fresh') return first;
  const tree = treeOf(first.bytes);
  const total = totalOf(tree, pages);
  const rows = listAt(tree, pages.rows);
  // What is no page is told by the format, in its own words.
  if (total === undefined || rows === undefined) return taken(request, first.bytes);
  const most = request.maxBytes ?? defaultMaxBytes;
  let bytes = first.bytes.length;
  while (rows.length < total) {
    const next = await page(rows.length);
    if (next.kind !== 'fresh') return next;
    bytes += next.bytes.length;
    if (bytes > most)
      return refused('too_large', `the pages of ${request.url} have more than ${most} bytes; they were not read to the end`);
    const further = treeOf(next.bytes);
    const count = totalOf(further, pages);
    if (count !== undefined && count !== total) {
      return { kind: 'unavailable', reason: `${request.url} changed while its pages were read: ${total} rows, then ${count}` };
    }
    const more = listAt(further, pages.rows) ?? [];
    if (more.length === 0) {
      return refused('unexpected_content', `${request.url} says that it has ${total} rows, but its pages end after ${rows.length}`);
    }
    for (const row of more) rows.push(row);
  }
  return taken(request, new TextEncoder().encode(JSON.stringify(tree)));
}

function pageAddress(url: string, { offset, limit, size }: Pages, from: number): string {
  if (!URL.canParse(url)) return url;
  const address = new URL(url);
  address.searchParams.set(limit, String(size));
  address.searchParams.set(offset, String(from));
  return address.href;
}

function treeOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

function at(tree: unknown, path: readonly string[]): unknown {
  return path.reduce((value: unknown, step) => (isRow(value) && Object.hasOwn(value, step) ? value[step] : undefined), tree);
}

function listAt(tree: unknown, path: readonly string[]): unknown[] | undefined {
  const list = at(tree, path);
  return Array.isArray(list) ? list : undefined;
}

function totalOf(tree: unknown, { total }: Pages): number | undefined {
  const count = at(tree, total);
  return typeof count === 'number' && Number.isSafeInteger(count) && count >= 0 ? count : undefined;
}

function refused(code: RejectionCode, message: string): Fetched {
  return { kind: 'refused', rejection: reject('source', code, message) };
}
