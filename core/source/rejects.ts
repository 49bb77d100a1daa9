import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Instant, Row } from '../plugin.ts';
import type { Rejection } from '../rejection.ts';
import type { PassedRow } from './duplicates.ts';

/** A refused row as it stands in a `.ndjson` file, one a line. */
export interface RejectedRow {
  /** Counted from 1; none when the file was refused as a whole. */
  readonly row?: number;
  readonly code: string;
  readonly reason: string;
  /** Further reasons of the same row. */
  readonly more?: readonly { readonly code: string; readonly reason: string }[];
  /** File or URL, and when it was read. */
  readonly from: string;
  readonly at: Instant;
  /** What stood in the file beside the rows, where there was something. */
  readonly header?: Row;
  /** The row as the format gives it; to be corrected here. None of adapters with personal data. */
  readonly raw?: Row;
}

const keptFiles = 50;
const mostBytes = 32 * 1024 * 1024;
const resubmitted = '.resubmitted.ndjson';

/** Where the files of an adapter lie. */
export function rejectsFolder(dataDir: string, adapter: string): string {
  return join(dataDir, 'rejects', adapter);
}

/** The refused rows of a run. Without `keepsRaw` (personal data) the rows themselves are left out. */
export function rejectedRows(rows: readonly PassedRow[], header: Row, keepsRaw: boolean): RejectedRow[] {
  return rows.flatMap(({ row: raw, passage: { deadLetters } }): RejectedRow[] => {
    const [first, ...others] = deadLetters;
    if (first === undefined) return [];
    const { from, receivedAt, row } = first.origin;
    return [
      {
        ...(row !== undefined && { row }),
        ...reasonOf(first.rejection),
        ...(others.length > 0 && { more: others.map(({ rejection }) => reasonOf(rejection)) }),
        from,
        at: receivedAt,
        ...(keepsRaw && Object.keys(header).length > 0 && { header }),
        ...(keepsRaw && { raw }),
      },
    ];
  });
}

function reasonOf({ code, message }: Rejection): { code: string; reason: string } {
  return { code, reason: message };
}

/** Writes `<stamp>.ndjson` and removes the oldest files beyond the newest fifty; gives its path, none when nothing was refused. */
export function writeRejects(folder: string, rows: readonly RejectedRow[], at: Instant): string | undefined {
  if (rows.length === 0) return undefined;
  mkdirSync(folder, { recursive: true });
  const lines: string[] = [];
  let bytes = 0;
  for (const row of rows) {
    const line = `${JSON.stringify(row)}\n`;
    bytes += Buffer.byteLength(line);
    if (bytes > mostBytes) break;
    lines.push(line);
  }
  const path = freePath(folder, at.replaceAll(':', '-').replace('.', '-'));
  // Whole or not at all: a reader never sees half a line.
  writeFileSync(`${path}.part`, lines.join(''));
  renameSync(`${path}.part`, path);
  for (const old of rejectsFiles(folder, 'all').slice(keptFiles)) rmSync(old, { force: true });
  return path;
}

function freePath(folder: string, stamp: string): string {
  for (let count = 1; ; count += 1) {
    const path = join(folder, count === 1 ? `${stamp}.ndjson` : `${stamp}-${count}.ndjson`);
    if (!existsSync(path)) return path;
  }
}

/** Newest first; `open` are those that were not resubmitted. */
export function rejectsFiles(folder: string, which: 'open' | 'all'): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.ndjson') && (which === 'all' || !name.endsWith(resubmitted)))
    .sort()
    .reverse()
    .map((name) => join(folder, name));
}

/** The rows of a file, or in words what is wrong with it: the line and what was expected. */
export function readRejects(path: string): RejectedRow[] | string {
  const rows: RejectedRow[] = [];
  for (const [index, line] of readFileSync(path, 'utf8')
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    if (line.trim() === '') continue;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (error) {
      return `line ${index + 1} of ${path} is no JSON: ${(error as Error).message}; correct it, one row a line`;
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return `line ${index + 1} of ${path} is no JSON object`;
    rows.push(value as RejectedRow);
  }
  return rows;
}

/** So that the same file is not taken again. */
export function setResubmitted(path: string): void {
  renameSync(path, path.replace(/(?:\.resubmitted)?\.ndjson$/, resubmitted));
}
