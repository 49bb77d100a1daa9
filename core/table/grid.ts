import { err, ok, type Result } from '../result.ts';
import type { Rejection } from '../rejection.ts';
import { topLines } from '../source/formats/csv-lines.ts';
import { columnName, joined } from '../source/formats/header.ts';
import { parseGeoJson } from '../source/formats/geojson.ts';
import { asText } from '../source/formats/json.ts';
import { ndjsonRows } from '../source/formats/ndjson.ts';
import { isRow, refusal } from '../source/formats/parsed.ts';
import { decodeText } from '../source/formats/text.ts';
import { readSheets, textOf, type SheetCell } from '../source/formats/xlsx.ts';
import type { FormatMapping } from './mapping.ts';

/** Lines of a file that somebody looks at for the first time. */
const mostLines = 200;

/** The beginning of a file as a table, and how it is written. */
export interface Grid {
  readonly format: FormatMapping;
  /** Texts above the header. */
  readonly title: readonly string[];
  readonly names: readonly string[];
  readonly rows: readonly (readonly (SheetCell | undefined)[])[];
  readonly hasGeometry?: true;
}

/** Finds out what kind of file it is and where its header stands. Refuses what is no table. */
export function gridOf(bytes: Uint8Array, name: string): Result<Grid> {
  const isBook = (bytes[0] === 0x50 && bytes[1] === 0x4b) || (bytes[0] === 0xd0 && bytes[1] === 0xcf);
  return isBook ? gridOfBook(bytes, name) : gridOfText(bytes, name);
}

function gridOfBook(bytes: Uint8Array, name: string): Result<Grid> {
  const sheets = readSheets(bytes, name);
  if (!sheets.ok) return sheets;
  const [largest] = [...sheets.value].sort((one, other) => other.lines.length - one.lines.length);
  const lines = (largest?.lines ?? []).slice(0, mostLines).map(({ cells }) => cells);
  const hasMore = sheets.value.filter(({ lines: own }) => own.length > 0).length > 1;
  return withHeader(lines, { kind: 'xlsx', ...(hasMore && largest !== undefined && { sheet: largest.name }) }, name);
}

function gridOfText(bytes: Uint8Array, name: string): Result<Grid> {
  const decoded = decodeText(bytes, name, 'windows-1250');
  if (!decoded.ok) return decoded;
  const text = decoded.value;
  if (/^\s*[[{]/.test(text)) return gridOfJson(bytes, text, name);
  if (/^\s*</.test(text)) return none(`${name} is XML or HTML; a table is CSV, XLSX, JSON, NDJSON or GeoJSON`);
  const tries = [';', ',', '\t', '|'].map((delimiter) => ({ delimiter, lines: topLines(text, delimiter, mostLines) }));
  const best = tries.reduce((one, other) => (cellCount(other.lines) > cellCount(one.lines) ? other : one));
  return withHeader(best.lines, { kind: 'csv' }, name);
}

/** Cells of the lines that are as wide as most of them. */
function cellCount(lines: readonly (readonly string[])[]): number {
  const widths = lines.map((line) => line.length);
  const usual = [...widths].sort((a, b) => a - b)[Math.floor(widths.length / 2)] ?? 0;
  return usual < 2 ? 0 : widths.filter((width) => width === usual).length * Math.min(usual, 50);
}

function gridOfJson(bytes: Uint8Array, text: string, name: string): Result<Grid> {
  let tree: unknown;
  try {
    tree = JSON.parse(text);
  } catch {
    const rows = ndjsonRows(text.slice(0, text.lastIndexOf('\n') + 1), name, 0);
    return rows.ok ? ok(ofRows(rows.value, { kind: 'ndjson' })) : rows;
  }
  if (isRow(tree) && tree['type'] === 'FeatureCollection') {
    const parsed = parseGeoJson(bytes, { kind: 'geojson', columns: [] }, name);
    return parsed.ok ? ok({ ...ofRows(parsed.value.rows, { kind: 'geojson' }), hasGeometry: true }) : parsed;
  }
  const path = listPath(tree);
  if (path === undefined) return none(`${name} holds no list of objects`);
  const list = path.reduce((value, step) => (value as Record<string, unknown>)[step], tree) as unknown[];
  return ok(
    ofRows(
      list.filter(isRow).map((row) => asText(row) as Record<string, unknown>),
      { kind: 'json', rows: path },
    ),
  );
}

function listPath(tree: unknown, depth = 0): string[] | undefined {
  if (Array.isArray(tree)) return tree.some(isRow) ? [] : undefined;
  if (!isRow(tree) || depth > 4) return undefined;
  for (const [key, member] of Object.entries(tree)) {
    const below = listPath(member, depth + 1);
    if (below !== undefined) return [key, ...below];
  }
  return undefined;
}

function ofRows(rows: readonly Readonly<Record<string, unknown>>[], format: FormatMapping): Grid {
  const some = rows.slice(0, mostLines);
  const names = [...new Set(some.flatMap((row) => Object.keys(row)))].filter((name) => !name.startsWith('@'));
  return { format, title: [], names, rows: some.map((row) => names.map((name) => cellOf(row[name]))) };
}

function cellOf(value: unknown): SheetCell | undefined {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : undefined;
}

/** The header is the first line of words that is as wide as the lines below it; a second one below merged cells belongs to it. */
function withHeader(lines: readonly (readonly (SheetCell | undefined)[])[], format: FormatMapping, name: string): Result<Grid> {
  const texts = lines.map((line) => line.map(textOf));
  const filled = texts.map((line) => line.filter((text) => text !== '').length);
  const usual = [...filled].sort((a, b) => a - b)[Math.floor(filled.length / 2)] ?? 0;
  // A title in merged cells is one text, however wide.
  const first = texts.findIndex(
    (line, index) => isWords(line) && new Set(line).size >= Math.max(2, usual * 0.6) && index < lines.length - 1,
  );
  if (first < 0) return none(`${name} has no line with names of columns above its rows`);
  const below = texts[first + 1] ?? [];
  const isDouble = hasGaps(texts[first] ?? []) && isWords(below) && lines.length > first + 2 && !below.some((text) => /\d/.test(text));
  const headerRows = isDouble ? 2 : 1;
  const names = joined(texts.slice(first, first + headerRows));
  return ok({
    format: headerRows === 1 ? format : { ...format, headerRows },
    title: texts.slice(0, first).map((line) => [...new Set(line)].filter((text) => text !== '').join(' ')),
    names,
    rows: lines.slice(first + headerRows),
  });
}

function isWords(line: readonly string[]): boolean {
  const filled = line.filter((text) => text !== '');
  return filled.length > 1 && filled.every((text) => !/^[-+\d.,\s%:/]+$/.test(columnName(text)));
}

function hasGaps(line: readonly string[]): boolean {
  const own = line.filter((text) => text !== '');
  return (
    line
      .slice(
        0,
        line.findLastIndex((text) => text !== ''),
      )
      .includes('') || new Set(own).size < own.length
  );
}

function none(message: string): { readonly ok: false; readonly error: Rejection } {
  return err(refusal('not_the_expected_format', message));
}
