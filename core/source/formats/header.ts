import { suggestion } from '../../entity/suggestion.ts';

/** Titles, dates and blank lines may stand above the header. */
export const mostTitleLines = 20;

export interface Header {
  /** Index of its last line. */
  readonly last: number;
  /** Names of the columns, by place; `''` where a column has none. */
  readonly names: readonly string[];
}

/**
 * The first of the upper lines that has every column; of a header of several lines their texts are joined by a blank, and a text that
 * spans several columns stands above each of them.
 */
export function findHeader(lines: readonly (readonly string[])[], columns: readonly string[], headerRows = 1): Header | undefined {
  for (let first = 0; first + headerRows <= lines.length && first < mostTitleLines; first += 1) {
    const names = joined(lines.slice(first, first + headerRows));
    if (columns.every((column) => names.includes(column))) return { last: first + headerRows - 1, names };
  }
  return undefined;
}

/** The names that lines of a header make together. */
export function joined(lines: readonly (readonly string[])[]): string[] {
  const own = lines.map((line) => line.map(columnName));
  const bottom = own.at(-1) ?? [];
  const width = Math.max(...own.map((line) => line.length));
  const names = Array.from({ length: width }, (_, index) => {
    const above = own.slice(0, -1).map((line) => textAbove(line, index, bottom));
    return [...new Set([...above, bottom[index] ?? ''].filter((text) => text !== ''))].join(' ');
  });
  while (names.at(-1) === '') names.pop();
  return names;
}

/** The text of a column or, where the column below has a name of its own, the one that spans it from the left. */
function textAbove(line: readonly string[], index: number, bottom: readonly string[]): string {
  if (line[index] !== undefined && line[index] !== '') return line[index];
  if ((bottom[index] ?? '') === '') return '';
  for (let left = index - 1; left >= 0; left -= 1) {
    const text = line[left] ?? '';
    if (text !== '') return (bottom[left] ?? '') === '' ? '' : text;
  }
  return '';
}

/** A name as mappings write it: line breaks and runs of blanks are one blank. */
export function columnName(text: string): string {
  return text.replace(/[\s\u00a0]+/g, ' ').trim();
}

/** What the upper lines lack, in words: of the line that comes nearest. */
export function lackOf(lines: readonly (readonly string[])[], columns: readonly string[], headerRows = 1): string {
  let best: { found: number; names: readonly string[] } = { found: 0, names: [] };
  for (let first = 0; first + headerRows <= lines.length && first < mostTitleLines; first += 1) {
    const names = joined(lines.slice(first, first + headerRows));
    const found = columns.filter((column) => names.includes(column)).length;
    if (found > best.found) best = { found, names };
  }
  if (best.found === 0) return `no line with the columns ${columns.join(', ')} among its first ${mostTitleLines}`;
  const missing = columns.filter((column) => !best.names.includes(column));
  const others = best.names.filter((name) => !columns.includes(name));
  const words = missing.map((column) => `"${column}"${suggestion(column, others).replace(/^; (.*)$/, ' ($1)')}`);
  return `no column ${words.join(', ')}; its header is ${best.names.filter((name) => name !== '').join(', ')}`;
}
