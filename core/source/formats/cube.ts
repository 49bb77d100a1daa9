import type { Row } from '../../plugin.ts';
import { err, ok, type Result } from '../../result.ts';
import { isRow, otherFormat, refusal, type Dataset } from './parsed.ts';

/** One dimension of a statistical table: its codes in order, with the words for them. */
export interface Dimension {
  readonly name: string;
  readonly codes: readonly string[];
  /** As many as codes, or none where the source gives codes only. */
  readonly labels: readonly string[];
}

/** A statistical table as its formats have it in common; the last dimension runs fastest. */
export interface Cube {
  readonly dimensions: readonly Dimension[];
  /** The value of a cell as text, `''` where it has none, and the source's remark on it. */
  cell(index: number): { readonly value: string; readonly status?: string | undefined };
  readonly header: Row;
}

/** More cells than this are refused: a table is asked for with a selection. */
export const mostCells = 1_000_000;

/**
 * One row per cell: the code of each dimension under its name, its words under `@label:` and the name, the value under `@value` (`''` where
 * there is none) and the source's remark on it under `@status`.
 */
export function cubeRows(cube: Cube, name: string): Result<Dataset> {
  const { dimensions, header } = cube;
  const names = dimensions.map((dimension) => dimension.name);
  const twice = names.find((one, index) => names.indexOf(one) !== index);
  if (twice !== undefined) return otherFormat(`${name} has the dimension "${twice}" twice`);
  const total = cellsOf(dimensions);
  if (total > mostCells) {
    return err(refusal('too_large', `${name} has ${total} cells; at most ${mostCells} are read, so ask for a selection of the table`));
  }
  const rows: Row[] = [];
  for (let index = 0; index < total; index++) {
    const row: Record<string, unknown> = {};
    let rest = index;
    for (let at = dimensions.length - 1; at >= 0; at--) {
      const dimension = dimensions[at] as Dimension;
      const place = rest % dimension.codes.length;
      rest = Math.floor(rest / dimension.codes.length);
      row[dimension.name] = dimension.codes[place];
      const label = dimension.labels[place];
      if (label !== undefined) row[`@label:${dimension.name}`] = label;
    }
    const { value, status } = cube.cell(index);
    row['@value'] = value;
    if (status !== undefined && status !== '') row['@status'] = status;
    rows.push(row);
  }
  return ok({ header, rows });
}

/** Cells of a table with these dimensions. */
export function cellsOf(dimensions: readonly Dimension[]): number {
  return dimensions.reduce((product, { codes }) => product * codes.length, 1);
}

/** A member that is a text, else undefined. */
export function textMember(value: unknown, member: string): string | undefined {
  const text = isRow(value) && Object.hasOwn(value, member) ? value[member] : undefined;
  return typeof text === 'string' && text !== '' ? text : undefined;
}

/** The header without what is not known. */
export function headerOf(members: Readonly<Record<string, string | undefined>>): Row {
  return Object.fromEntries(Object.entries(members).filter(([, text]) => text !== undefined && text !== ''));
}
