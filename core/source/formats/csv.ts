import { CsvError, parse, type Options } from 'csv-parse/sync';

import type { Format, Row } from '../../plugin.ts';
import { err, ok, type Result } from '../../result.ts';
import { beginning, otherFormat, refusal, type Dataset } from './parsed.ts';
import { decodeText } from './text.ts';

const delimiters = [',', ';', '\t', '|'] as const;
/** Titles, dates and blank lines may stand above the header. */
const mostTitleLines = 20;

interface Line {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

/**
 * Reads a CSV file (RFC 4180, also with another delimiter). The header is the first of the upper lines that has every column of the
 * format; what stands above it is the dataset's header under `@title`. Encoding by byte order mark, else UTF-8, else windows-1250.
 * Cells stay strings; a cell that a short line lacks is absent.
 * Refuses as a whole: `wrong_encoding`, `not_the_expected_format` (HTML, no such header, a column twice, a line with too many cells),
 * `truncated_file` (an open quote, a last line that is cut).
 */
export function parseCsv(bytes: Uint8Array, format: Format & { kind: 'csv' }, name: string): Result<Dataset> {
  const decoded = decodeText(bytes, name, 'windows-1250');
  if (!decoded.ok) return decoded;
  const text = decoded.value;
  if (/^\s*[<{[]/.test(text)) return otherFormat(`${name} ${beginning(text, 'a CSV dataset')}`);
  for (const delimiter of delimiters) {
    const header = topOf(text, delimiter).findIndex((line) => hasColumns(line.record, format.columns));
    if (header < 0) continue;
    const lines = linesOf(text, delimiter);
    if (!lines.ok) return err(refusal(lines.error.isCut ? 'truncated_file' : 'not_the_expected_format', `${name}: ${lines.error.message}`));
    return rowsOf(lines.value, header, format.columns, isCut(text), name);
  }
  return otherFormat(`${name} has no line with the columns ${format.columns.join(', ')} among its first ${mostTitleLines}`);
}

/** The upper lines, whatever is wrong below them. */
function topOf(text: string, delimiter: string): Line[] {
  const top = linesOf(text, delimiter, { to: mostTitleLines, skip_records_with_error: true });
  return top.ok ? top.value : [];
}

function linesOf(text: string, delimiter: string, more: Options = {}): Result<Line[], { isCut: boolean; message: string }> {
  try {
    const lines: unknown = parse(text, {
      delimiter,
      record_delimiter: ['\r\n', '\n', '\r'],
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
      ...more,
    });
    return ok(lines as Line[]);
  } catch (error) {
    const isCut = error instanceof CsvError && error.code === 'CSV_QUOTE_NOT_CLOSED';
    return err({ isCut, message: isCut ? 'the file ends within a quoted cell' : (error as Error).message });
  }
}

function hasColumns(record: readonly string[], columns: readonly string[]): boolean {
  const names = record.map((cell) => cell.trim());
  return columns.every((column) => names.includes(column));
}

function isCut(text: string): boolean {
  return !/[\r\n]$/.test(text);
}

function rowsOf(lines: readonly Line[], header: number, columns: readonly string[], endsOpen: boolean, name: string): Result<Dataset> {
  const names = (lines[header]?.record ?? []).map((cell) => cell.trim());
  const twice = columns.find((column) => names.indexOf(column) !== names.lastIndexOf(column));
  if (twice !== undefined) return otherFormat(`${name} has the column "${twice}" twice; it does not say which one is meant`);
  const body = lines.slice(header + 1).filter(({ record }) => record.some((cell) => cell.trim() !== ''));
  for (const { record, info } of body) {
    const extra = record.slice(names.length).filter((cell) => cell.trim() !== '');
    if (extra.length > 0) {
      return otherFormat(`line ${info.lines} of ${name} has ${record.length} cells; expected at most ${names.length}, as in the header`);
    }
  }
  const last = body.at(-1);
  if (endsOpen && last !== undefined && last.record.length < names.length && body.some(({ record }) => record.length >= names.length)) {
    return err(refusal('truncated_file', `${name} ends in the middle of line ${last.info.lines}`));
  }
  const title = lines.slice(0, header).map(({ record }) => record.filter((cell) => cell !== '').join(' '));
  return ok({
    header: title.length === 0 ? {} : { '@title': title.join('\n') },
    rows: body.map(({ record }): Row => Object.fromEntries(names.slice(0, record.length).map((column, i) => [column, record[i] ?? '']))),
  });
}
