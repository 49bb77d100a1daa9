import { createRequire } from 'node:module';
import type { CellObject, Range, read, SSF, WorkBook, WorkSheet } from '@e965/xlsx';

import type { Format, Row } from '../../plugin.ts';
import { err, ok, type Result } from '../../result.ts';
import { fromExcelDays } from '../excel-days.ts';
import { columnName, findHeader, lackOf, mostTitleLines } from './header.ts';
import { beginning, otherFormat, refusal, type Dataset } from './parsed.ts';
import { withinZipLimits } from './zip-limit.ts';

/** What is used of the library. */
interface SheetJs {
  readonly read: typeof read;
  readonly SSF: typeof SSF;
}

type XlsxFormat = Format & { kind: 'xlsx' };

/** Excel's own limit is a million; a sheet with more columns than this is none of a person. */
const mostColumns = 1000;

/** A cell as rows have it: see `Row` in core/plugin.ts. */
export type SheetCell = string | number | boolean | { readonly percent: number };

/** A sheet as lines of cells, with the number of each line as the spreadsheet shows it. */
export interface SheetLines {
  readonly name: string;
  readonly lines: readonly { readonly cells: readonly (SheetCell | undefined)[]; readonly number: number; readonly isHidden: boolean }[];
}

/**
 * Reads a workbook (XLSX, XLSM, XLSB, ODS and the old XLS). The header is looked for as in CSV; merged cells of a header stand above each
 * column that they span, a merged text of the rows in each of its rows. Formulas count by the value that was saved with them.
 * Refuses as a whole: `not_the_expected_format` (no workbook, no such sheet or header, a column twice), `unreadable_file` (damaged,
 * encrypted), `too_large` (a zip bomb).
 */
export function parseXlsx(bytes: Uint8Array, format: XlsxFormat, name: string): Result<Dataset> {
  const sheets = readSheets(bytes, name, format.hiddenRows === 'skip');
  if (!sheets.ok) return sheets;
  const named = sheets.value.filter((sheet) => format.sheet === undefined || sheet.name === format.sheet);
  if (named.length === 0) {
    return otherFormat(`${name} has no sheet "${format.sheet}"; it has ${sheets.value.map((sheet) => sheet.name).join(', ')}`);
  }
  for (const sheet of named) {
    const texts = sheet.lines.slice(0, mostTitleLines + (format.headerRows ?? 1)).map(({ cells }) => cells.map(textOf));
    const header = findHeader(texts, format.columns, format.headerRows);
    if (header === undefined) continue;
    const { names } = header;
    const twice = format.columns.find((column) => names.indexOf(column) !== names.lastIndexOf(column));
    if (twice !== undefined) return otherFormat(`${name} has the column "${twice}" twice; it does not say which one is meant`);
    const title = texts
      .slice(0, header.last + 1 - (format.headerRows ?? 1))
      .map((line) => [...new Set(line)].filter((text) => text !== '').join(' '));
    const body = sheet.lines.slice(header.last + 1).filter(({ isHidden }) => !(isHidden && format.hiddenRows === 'skip'));
    return ok({
      header: title.length === 0 ? {} : { '@title': title.join('\n') },
      rows: body.map(({ cells, number }) => rowOf(cells, names, number)),
    });
  }
  const [first] = named;
  const texts = (first?.lines ?? []).slice(0, mostTitleLines + 2).map(({ cells }) => cells.map(textOf));
  return otherFormat(`${name}, sheet "${first?.name}", has ${lackOf(texts, format.columns, format.headerRows)}`);
}

/** Every sheet of a workbook, without lines that are empty; `withHidden` looks which lines are hidden, at some cost. */
export function readSheets(bytes: Uint8Array, name: string, withHidden = false): Result<SheetLines[]> {
  const isZip = bytes[0] === 0x50 && bytes[1] === 0x4b;
  const isCompound = bytes[0] === 0xd0 && bytes[1] === 0xcf && bytes[2] === 0x11 && bytes[3] === 0xe0;
  if (!isZip && !isCompound) {
    return otherFormat(`${name} ${beginning(new TextDecoder().decode(bytes.subarray(0, 200)), 'a workbook (XLSX)')}`);
  }
  if (isZip) {
    const limits = withinZipLimits(bytes);
    if (!limits.ok) {
      const code =
        limits.error.startsWith('unpacked') || limits.error.includes('at most')
          ? 'too_large'
          : limits.error.includes('cut')
            ? 'truncated_file'
            : 'unreadable_file';
      return err(refusal(code, `${name}: ${limits.error}`));
    }
  }
  try {
    // Loaded here only: it is large, and most runs read no workbook.
    const library = createRequire(import.meta.url)('@e965/xlsx') as SheetJs;
    const book = library.read(bytes, {
      type: 'array',
      dense: true,
      cellNF: true,
      cellHTML: false,
      cellFormula: false,
      cellText: false,
      cellStyles: withHidden,
    });
    return ok(book.SheetNames.flatMap((sheet) => sheetLines(sheet, book, library)));
  } catch (error) {
    const message = (error as Error).message;
    const why = /password|encrypt/i.test(message) ? 'it is protected by a password; save it without one' : message;
    return err(refusal('unreadable_file', `${name} cannot be read as a workbook: ${why}`));
  }
}

type DenseSheet = WorkSheet & { '!data'?: (CellObject | undefined)[][]; '!rows'?: ({ hidden?: boolean } | undefined)[] };

function sheetLines(name: string, book: WorkBook, library: SheetJs): SheetLines[] {
  const sheet = book.Sheets[name] as DenseSheet | undefined;
  const data = sheet?.['!data'];
  if (sheet === undefined || data === undefined) return [];
  const is1904 = book.Workbook?.WBProps?.date1904 === true;
  const lines = [];
  const merged = mergedTexts(sheet['!merges'] ?? [], data);
  for (const [index, cells] of data.entries()) {
    const own = Array.from(cells ?? [], (cell) => (cell === undefined ? undefined : valueOf(cell, is1904, library))).slice(0, mostColumns);
    for (const [column, text] of merged.get(index) ?? []) own[column] ??= text;
    if (own.every((cell) => cell === undefined || (typeof cell === 'string' && columnName(cell) === ''))) continue;
    lines.push({ cells: own, number: index + 1, isHidden: sheet['!rows']?.[index]?.hidden === true });
  }
  return [{ name, lines }];
}

/** The text of each merged range in every cell of it. A number that stands for several rows is no number of each of them. */
function mergedTexts(ranges: readonly Range[], data: readonly (CellObject | undefined)[][]): Map<number, [column: number, text: string][]> {
  const merged = new Map<number, [number, string][]>();
  for (const { s, e } of ranges) {
    const cell = data[s.r]?.[s.c];
    if (cell?.t !== 's' || typeof cell.v !== 'string') continue;
    for (let row = s.r; row <= Math.min(e.r, data.length - 1); row += 1) {
      const texts = merged.get(row) ?? [];
      for (let column = s.c; column <= Math.min(e.c, mostColumns); column += 1) texts.push([column, cell.v]);
      merged.set(row, texts);
    }
  }
  return merged;
}

function valueOf(cell: CellObject, is1904: boolean, { SSF }: SheetJs): SheetCell | undefined {
  const { t, v, z } = cell;
  if (v === undefined || v === null) return undefined;
  if (t === 'e') return errors[v as number] ?? '#N/A';
  if (typeof v === 'boolean') return v;
  if (v instanceof Date) return v.toISOString().slice(0, 19);
  if (typeof v !== 'number') return v === '' ? undefined : v;
  const format = typeof z === 'string' ? z : '';
  if (SSF.is_date(format) === true) {
    if (v >= 0 && v < 1) return fromExcelDays(v).local.slice(11);
    const { local, precision } = fromExcelDays(v, is1904);
    return precision === 'day' ? local.slice(0, 10) : local;
  }
  if (/%/.test(format.replace(/"[^"]*"|\\./g, ''))) return { percent: Number((v * 100).toPrecision(12)) };
  // 0.1 + 0.2 of a formula is 0.3 as Excel shows it.
  return Number(v.toPrecision(15));
}

/** Error values by their number in the file. */
const errors: Readonly<Record<number, string>> = {
  0: '#NULL!',
  7: '#DIV/0!',
  15: '#VALUE!',
  23: '#REF!',
  29: '#NAME?',
  36: '#NUM!',
  42: '#N/A',
};

/** A cell as the text of a header or title. */
export function textOf(cell: SheetCell | undefined): string {
  if (cell === undefined) return '';
  return columnName(typeof cell === 'object' ? `${cell.percent} %` : String(cell));
}

function rowOf(cells: readonly (SheetCell | undefined)[], names: readonly string[], number: number): Row {
  const row: Record<string, unknown> = {};
  for (const [index, name] of names.entries()) if (name !== '' && cells[index] !== undefined) row[name] = cells[index];
  row['@line'] = number;
  return row;
}
