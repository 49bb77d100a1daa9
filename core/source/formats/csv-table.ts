import type { Format, Row } from '../../plugin.ts';
import { err, ok, type Result } from '../../result.ts';
import { topLines, visitLines } from './csv-lines.ts';
import { columnName, findHeader, lackOf, mostTitleLines, type Header } from './header.ts';
import { beginning, otherFormat, refusal } from './parsed.ts';

export type CsvFormat = Format & { kind: 'csv' };

const delimiters = [',', ';', '\t', '|'] as const;

/** A CSV file that is read as one text or, when it is large, text by text: each of whole lines, the first with the whole header. */
export class CsvTable {
  /** What stands above the header. */
  title: string[] = [];
  private delimiter = ',';
  private names: readonly string[] = [];
  private linesBefore = 0;
  private headerLine = -1;
  private longest = 0;
  private lastLine = 0;
  private lastCells = 0;

  constructor(
    private readonly format: CsvFormat,
    private readonly name: string,
  ) {}

  /** Finds delimiter and header in the first text. */
  begin(text: string): Result<true> {
    if (/^\s*[<{[]/.test(text)) return otherFormat(`${this.name} ${beginning(text, 'a CSV dataset')}`);
    const { columns, headerRows } = this.format;
    const tried = this.format.delimiter === undefined ? delimiters : [this.format.delimiter];
    // Enough for every title line and a header below them.
    const tops = tried.map((delimiter) => ({ delimiter, lines: topLines(text, delimiter, mostTitleLines + (headerRows ?? 1)) }));
    for (const { delimiter, lines } of tops) {
      const header = findHeader(lines, columns, headerRows);
      if (header !== undefined) return this.take(header, lines, delimiter);
    }
    const widest = tops.reduce((best, top) => (widthOf(top.lines) > widthOf(best.lines) ? top : best));
    return otherFormat(`${this.name} has ${lackOf(widest.lines, columns, headerRows)}`);
  }

  private take(header: Header, lines: readonly string[][], delimiter: string): Result<true> {
    const { names } = header;
    const twice = this.format.columns.find((column) => names.indexOf(column) !== names.lastIndexOf(column));
    if (twice !== undefined) return otherFormat(`${this.name} has the column "${twice}" twice; it does not say which one is meant`);
    const headerRows = this.format.headerRows ?? 1;
    this.delimiter = delimiter;
    this.names = names;
    this.headerLine = header.last;
    this.title = lines.slice(0, header.last + 1 - headerRows).map((record) => record.filter((cell) => cell !== '').join(' '));
    return ok(true);
  }

  /** Names of the columns, from left to right. */
  get columns(): readonly string[] {
    return this.names;
  }

  /** The rows of the next text; stops at a line that makes the file another one. */
  rows(text: string): Result<Row[]> {
    const rows: Row[] = [];
    const read = this.visit(text, (row) => rows.push(row));
    return read.ok ? ok(rows) : read;
  }

  /** The same one by one. The cells of a line that has as many as the header are offered first: when `taken`, no row is made of them. */
  visit(text: string, take: (row: Row, cells?: readonly string[]) => void, taken?: (cells: readonly string[]) => boolean): Result<true> {
    let fault: string | undefined;
    const width = this.names.length;
    const read = visitLines(text, this.delimiter, (cells, line) => {
      if (this.headerLine >= 0) this.headerLine -= 1;
      else if (fault === undefined) {
        const isPlain = taken !== undefined && cells.length === width && !cells.every(isBlank);
        if (isPlain && taken(cells)) {
          this.note(this.linesBefore + line, width);
          return;
        }
        const row = this.row(cells, this.linesBefore + line);
        if (typeof row === 'string') fault = row;
        else if (row !== undefined) take(row, isPlain ? cells : undefined);
      }
    });
    if (!read.ok)
      return err(refusal(read.error.isCut ? 'truncated_file' : 'not_the_expected_format', `${this.name}: ${read.error.message}`));
    if (fault !== undefined) return otherFormat(fault);
    this.linesBefore += read.value;
    return ok(true);
  }

  private note(line: number, cells: number): void {
    this.lastLine = line;
    this.lastCells = cells;
    if (cells > this.longest) this.longest = cells;
  }

  /** Why the file is not whole, once all was read: `endsOpen` when its last line has no end. */
  end(endsOpen: boolean): Result<true> {
    const { lastLine: line, lastCells: cells } = this;
    const isCut = endsOpen && cells > 0 && cells < this.names.length && this.longest >= this.names.length;
    return isCut ? err(refusal('truncated_file', `${this.name} ends in the middle of line ${line}`)) : ok(true);
  }

  /** The row of a line, undefined for a line without a value, or in words what makes the file another one. */
  private row(cells: readonly string[], line: number): Row | string | undefined {
    const { names } = this;
    const { length } = cells;
    if (length === 0 || cells.every(isBlank)) return undefined;
    this.note(line, length);
    const row: Record<string, unknown> = {};
    const width = Math.min(length, names.length);
    for (let index = 0; index < width; index += 1) {
      const name = names[index] as string;
      if (name !== '') row[name] = cells[index];
    }
    const isFaultOfRow = this.format.faultyLines === 'row';
    if (length > names.length && cells.slice(names.length).some((cell) => !isBlank(cell))) {
      const words = `line ${line} of ${this.name} has ${length} cells; expected at most ${names.length}, as in the header`;
      if (!isFaultOfRow) return words;
      row['@fault'] = words;
      row['@cells'] = cells;
    } else if (isFaultOfRow && length < names.length) {
      row['@fault'] = `line ${line} of ${this.name} has ${length} cells; expected ${names.length}, as in the header`;
    }
    if (isFaultOfRow) row['@line'] = line;
    return row;
  }
}

function isBlank(cell: string): boolean {
  return cell === '' || columnName(cell) === '';
}

function widthOf(lines: readonly (readonly string[])[]): number {
  return Math.max(0, ...lines.map((line) => line.length));
}
