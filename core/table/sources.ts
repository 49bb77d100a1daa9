import type { Row } from '../plugin.ts';
import { compilePattern, type Pattern } from '../service/pattern.ts';
import { cellReader, textOfCell, type Cell, type RowFaults } from './cell.ts';
import type { Compiler } from './compiler.ts';
import type { Expression, Lookup } from './mapping.ts';

/** A value before it is held against the model, and the column it came from. */
export type CellSource = (row: Row, faults: RowFaults) => Cell | undefined;

/** Texts with `{columns}` in them: undefined where one of them has no value. */
export function template(text: string, compiler: Compiler, path: readonly string[]): CellSource {
  const pieces: (string | CellSource)[] = [];
  let end = 0;
  for (const match of text.matchAll(/\{([^{}]+)\}/g)) {
    if (match.index > end) pieces.push(text.slice(end, match.index));
    pieces.push(column(match[1] ?? '', compiler));
    end = match.index + match[0].length;
  }
  if (end < text.length) pieces.push(text.slice(end));
  if (/[{}]/.test(text.replace(/\{[^{}]+\}/g, ''))) compiler.fault(path, `has a brace without its partner; a column stands as {Column}`);
  const [only] = pieces;
  if (pieces.length === 1 && typeof only === 'function') return asText(only);
  return (row, faults) => {
    let whole = '';
    for (const piece of pieces) {
      const part = typeof piece === 'string' ? piece : piece(row, faults);
      if (part === undefined) return undefined;
      whole += textOfCell(part);
    }
    return whole;
  };
}

function asText(source: CellSource): CellSource {
  return (row, faults) => {
    const cell = source(row, faults);
    return cell === undefined ? undefined : textOfCell(cell);
  };
}

/** The cell of a column; the file must have it. */
export function column(name: string, compiler: Compiler, missing: readonly string[] = []): CellSource {
  compiler.needs(name);
  return cellReader(name, new Set([...compiler.mapping.missing, ...missing]));
}

/** What an expression reads, with its pattern and lookup applied; and the column for messages. */
export function cellSource(
  expression: Expression,
  compiler: Compiler,
  path: readonly string[],
): { read: CellSource; name: string | undefined } {
  const { column: name, text, first, value, missing } = expression;
  let read: CellSource;
  if (name !== undefined) read = column(name, compiler, missing);
  else if (text !== undefined) read = template(text, compiler, [...path, 'text']);
  else if (first !== undefined) {
    const sources = first.map((one) => column(one, compiler, missing));
    read = (row, faults) => {
      for (const source of sources) {
        const cell = source(row, faults);
        if (cell !== undefined) return cell;
      }
      return undefined;
    };
  } else read = () => value as Cell;
  const shown = name ?? first?.[0];
  if (expression.match !== undefined) read = matched(read, patternOf(expression.match, compiler, [...path, 'match']), shown);
  if (expression.lookup !== undefined) read = lookedUp(read, expression, compiler, path, shown);
  return { read, name: shown };
}

/** Undefined, and a fault of the mapping, where it cannot be taken. */
function patternOf(text: string, compiler: Compiler, path: readonly string[]): Pattern | undefined {
  try {
    return compilePattern(text);
  } catch (error) {
    compiler.fault(path, (error as Error).message);
    return undefined;
  }
}

function matched(source: CellSource, pattern: Pattern | undefined, name: string | undefined): CellSource {
  return (row, faults) => {
    const cell = source(row, faults);
    if (cell === undefined) return undefined;
    const text = textOfCell(cell);
    const found = pattern?.find(text);
    return found ?? faults.add('invalid_value', `${name ?? 'the text'} is "${text}", which does not match ${pattern?.source}`, name);
  };
}

type WithLookup = Pick<Expression, 'lookup' | 'otherwise'>;

/** A source whose texts are looked up; `name` is the column for messages. */
export function lookedUp(
  source: CellSource,
  expression: WithLookup,
  compiler: Compiler,
  path: readonly string[],
  name: string | undefined,
): CellSource {
  const table = lookupOf(expression.lookup, compiler, path);
  const { otherwise } = expression;
  const known = Object.keys(table);
  const list = known.length > 12 ? `${known.slice(0, 12).join(', ')} …` : known.join(', ');
  return (row, faults) => {
    const cell = source(row, faults);
    if (cell === undefined) return undefined;
    const text = textOfCell(cell);
    if (Object.hasOwn(table, text)) return table[text];
    if (otherwise !== undefined) return otherwise;
    return faults.add('invalid_value', `${name ?? 'the text'} is "${text}", which the lookup does not have; it knows ${list}`, name);
  };
}

function lookupOf(lookup: string | Lookup | undefined, compiler: Compiler, path: readonly string[]): Lookup {
  if (typeof lookup !== 'string') return lookup ?? {};
  const named = compiler.mapping.lookups?.[lookup];
  if (named === undefined) {
    const known = Object.keys(compiler.mapping.lookups ?? {});
    compiler.fault(
      [...path, 'lookup'],
      `names the lookup "${lookup}"; ${known.length > 0 ? `there are ${known.join(', ')}` : 'the mapping has no lookups'}`,
    );
  }
  return named ?? {};
}

/** A text that is fixed or stands in a column, as units do. */
export function fixedOrColumn(
  from: Expression['unit'],
  compiler: Compiler,
  path: readonly string[],
): { fixed: string | undefined; read: (row: Row, faults: RowFaults) => string | undefined } {
  if (from === undefined || typeof from === 'string') return { fixed: from, read: () => from };
  let read = column(from.column, compiler);
  if (from.lookup !== undefined) read = lookedUp(read, from, compiler, path, from.column);
  return {
    fixed: undefined,
    read: (row, faults) => {
      const cell = read(row, faults);
      return cell === undefined ? undefined : textOfCell(cell);
    },
  };
}
