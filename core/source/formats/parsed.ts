import type { Row } from '../../plugin.ts';
import { reject, type Rejection, type RejectionCode } from '../../rejection.ts';
import { err, type Result } from '../../result.ts';

/** Rows of a dataset file and what stands beside them. */
export interface Dataset {
  readonly header: Row;
  readonly rows: readonly Row[];
}

/** Deeper nesting than this is refused as `too_deep`. */
export const maxDepth = 32;

export function refusal(code: RejectionCode, message: string): Rejection {
  return reject('source', code, message);
}

/** A file that is something else than its adapter expects. */
export function otherFormat(message: string): Result<never> {
  return err(refusal('not_the_expected_format', message));
}

export function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Why rows without one of the columns in any of them are refused as a whole; undefined when all are there, or no row. */
export function missingColumns(rows: readonly Row[], columns: readonly string[], name: string): Rejection | undefined {
  const missing = rows.length === 0 ? [] : columns.filter((column) => !rows.some((row) => Object.hasOwn(row, column)));
  if (missing.length === 0) return undefined;
  return refusal(
    'not_the_expected_format',
    `${name} has no row with ${missing.join(', ')}; it is another product or its columns were renamed`,
  );
}

/** What a text that is no `expected` begins with, in words; a page of HTML is the most frequent one. */
export function beginning(text: string, expected: string): string {
  if (/^\s*<(?:!doctype\s+html|html|head|body)\b/i.test(text)) {
    return `is an HTML page; expected ${expected} (the publisher may be showing an error page)`;
  }
  return `begins with "${text.trimStart().slice(0, 20).replace(/\s+/g, ' ')}"; expected ${expected}`;
}
