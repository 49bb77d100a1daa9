import type { Format, Row } from '../../plugin.ts';
import { err, ok, type Result } from '../../result.ts';
import { asText } from './json.ts';
import { beginning, isRow, maxDepth, missingColumns, otherFormat, refusal, type Dataset } from './parsed.ts';
import { decodeText } from './text.ts';

/**
 * Reads a file of JSON objects, one a line (NDJSON, JSON Lines). Values become strings, null becomes `''`; a line that is no object is a row
 * with `@fault`.
 * Refuses as a whole: `wrong_encoding`, `not_the_expected_format` (HTML, no object in its first line, another product), `truncated_file`.
 */
export function parseNdjson(bytes: Uint8Array, format: Format & { kind: 'ndjson' }, name: string): Result<Dataset> {
  const decoded = decodeText(bytes, name);
  if (!decoded.ok) return decoded;
  const rows = ndjsonRows(decoded.value, name, 0);
  if (!rows.ok) return rows;
  const fault = missingColumns(rows.value, format.columns, name);
  return fault === undefined ? ok({ header: {}, rows: rows.value }) : err(fault);
}

/** The rows of a text of whole lines that begins after `linesBefore` others. */
export function ndjsonRows(text: string, name: string, linesBefore: number): Result<Row[]> {
  const rows: Row[] = [];
  const lines = text.split('\n');
  for (const [index, raw] of lines.entries()) {
    const line = raw.trim();
    if (line === '') continue;
    const number = linesBefore + index + 1;
    const value = parsed(line);
    if (isRow(value) && !isTooDeep(value, 0)) {
      rows.push({ ...(asText(value) as Row), '@line': number });
      continue;
    }
    if (rows.length === 0) return otherFormat(`${name} ${beginning(line, 'a JSON object a line')}`);
    if (index === lines.length - 1 && line.startsWith('{'))
      return err(refusal('truncated_file', `${name} ends in the middle of line ${number}`));
    rows.push({
      '@fault': `line ${number} of ${name} is no JSON object; it begins with "${line.slice(0, 20)}"`,
      '@text': line.slice(0, 4000),
      '@line': number,
    });
  }
  return ok(rows);
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function isTooDeep(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return depth >= maxDepth || Object.values(value).some((member) => isTooDeep(member, depth + 1));
}
