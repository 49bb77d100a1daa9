import { CsvError, parse } from 'csv-parse/sync';

import { err, ok, type Result } from '../../result.ts';
import { headerOf, mostCells } from './cube.ts';
import { otherFormat, refusal, type Dataset } from './parsed.ts';

const delimiters = [',', ';', '\t', '|'] as const;
/** A number (with a remark such as `M` behind it), or what PxWeb writes where there is none. */
const valueForm = /^(?:[-+]?\d+(?:[.,]\d+)?|\d{1,3}(?: \d{3})+)(?: ?[A-Za-z])?$|^(?:[a-zA-Z]|-|\.{1,6}|…)?$/;
/** Variables whose values look like numbers: they are no values of the table. */
const numericVariable = /^(?:LETO|MESEC|DAN|POLLETJE|ČETRTLETJE|STAROST|YEAR|MONTH|DAY|HALF-?YEAR|QUARTER|AGE)$/i;

interface Sheet {
  readonly title: readonly string[];
  readonly header: readonly string[];
  readonly lines: readonly (readonly string[])[];
}

/**
 * Reads the CSV that a PxWeb portal exports, also after a spreadsheet saved it again (semicolons, no quotes, padded with empty cells): a title,
 * an empty line, a header of variables and then of columns (`Prenočitve turistov 2018`, one for each period), lines of words and values.
 * One row per value: words under their variable, the column's words under `@column`, the value under `@value`, the title under `@title`.
 * Refuses `not_the_expected_format`, `truncated_file`, `too_large`.
 */
export function parsePxCsv(text: string, name: string): Result<Dataset> {
  let cut = false;
  for (const delimiter of delimiters) {
    let records: string[][];
    try {
      records = parse(text, { delimiter, relax_column_count: true, record_delimiter: ['\r\n', '\n', '\r'] });
    } catch (error) {
      cut ||= error instanceof CsvError && error.code === 'CSV_QUOTE_NOT_CLOSED';
      continue;
    }
    const sheet = sheetOf(records);
    if (sheet !== undefined) return rowsOf(sheet, !/[\r\n]$/.test(text), name);
  }
  if (cut) return err(refusal('truncated_file', `${name} ends within a quoted cell`));
  return otherFormat(`${name} has no header of variables and columns with values below, as a CSV export of PxWeb has`);
}

/** The header is the first line of several cells whose last column holds values only. */
function sheetOf(records: readonly (readonly string[])[]): Sheet | undefined {
  const trimmed = records.map((record) => record.map((cell) => cell.trim()));
  const at = trimmed.findIndex((record) => record.filter((cell) => cell !== '').length > 1);
  const header = withoutEnd(trimmed[at] ?? []);
  const lines = trimmed.slice(at + 1).map(withoutEnd);
  const body = lines.filter((line) => line.length > 1);
  if (at < 0 || header.includes('') || body.length === 0) return undefined;
  if (!body.every((line) => valueForm.test(line[header.length - 1] ?? ''))) return undefined;
  return { title: trimmed.slice(0, at).flatMap((line) => line.filter((cell) => cell !== '')), header, lines };
}

/** Without the empty cells with which a spreadsheet pads a line. */
function withoutEnd(line: readonly string[]): readonly string[] {
  return line.slice(0, line.findLastIndex((cell) => cell !== '') + 1);
}

function rowsOf({ title, header, lines }: Sheet, endsOpen: boolean, name: string): Result<Dataset> {
  const body = lines.filter((line) => line.length > 1);
  const isValue = header.map((column, at) => !numericVariable.test(column) && body.every((line) => valueForm.test(line[at] ?? '')));
  const first = isValue.lastIndexOf(false) + 1;
  if (first === 0) return otherFormat(`${name} has no column of words, so nothing says what its values are about`);
  if (body.length * (header.length - first) > mostCells) {
    return err(refusal('too_large', `${name} has more than ${mostCells} values; export a selection of the table`));
  }
  const long = lines.findIndex((line) => line.length > header.length);
  if (long >= 0)
    return otherFormat(`line ${long + 1} below the header of ${name} has ${lines[long]?.length} cells; expected at most ${header.length}`);
  const last = lines.at(-1) ?? [];
  if (endsOpen && last.length < header.length && body.some((line) => line.length >= header.length)) {
    return err(refusal('truncated_file', `${name} ends in the middle of its last line`));
  }
  const rows = body.flatMap((line) => {
    const words = Object.fromEntries(header.slice(0, first).map((variable, at) => [variable, line[at] ?? '']));
    return header.slice(first).map((column, at) => ({ ...words, '@column': column, '@value': line[first + at] ?? '' }));
  });
  // A line of one cell below the table is a note.
  const notes = lines.filter((line) => line.length === 1).map(([note = '']) => note);
  return ok({ header: headerOf({ '@title': title.join(' '), '@notes': notes.join(' ') }), rows });
}
