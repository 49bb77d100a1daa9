import type { Format, Row } from '../../plugin.ts';
import { err, ok, type Result } from '../../result.ts';
import { beginning, isRow, maxDepth, missingColumns, otherFormat, refusal, type Dataset } from './parsed.ts';
import { decodeText } from './text.ts';

/**
 * Reads a JSON file (RFC 8259). The rows are what stands at the path of the format, through arrays on the way; the members around them
 * named in `outer` come into each row. Values become strings, null becomes `''`; the header is the root's own plain members.
 * Refuses as a whole: `wrong_encoding`, `not_the_expected_format` (HTML, no JSON, no such path, another product), `truncated_file`, `too_deep`.
 */
export function parseJsonRows(bytes: Uint8Array, format: Format & { kind: 'json' }, name: string): Result<Dataset> {
  const tree = parseTree(bytes, name, 'a JSON dataset');
  if (!tree.ok) return tree;
  const failure = failureOf(tree.value, format);
  if (failure !== undefined) return err(refusal('unexpected_content', `${name} is no answer of the publisher but its failure: ${failure}`));
  const named = format.names === undefined ? tree.value : withNames(tree.value, format.rows, format.names);
  const rows =
    select(named, format.rows, format.outer ?? [], {}) ?? (format.single === true ? onlyRow(tree.value, format.rows) : undefined);
  if (rows === undefined) {
    const members = isRow(tree.value) ? Object.keys(tree.value).slice(0, 8).join(', ') : 'no object';
    return otherFormat(`${name} holds no list at ${format.rows.join(' > ') || 'its root'}; it has ${members}`);
  }
  const fault = missingColumns(rows, format.columns, name);
  if (fault !== undefined) return err(fault);
  return ok({ header: isRow(tree.value) ? plainMembers(tree.value) : {}, rows });
}

/** The text as a JSON value that is not nested too deep, with leaves as JSON has them. */
export function parseTree(bytes: Uint8Array, name: string, expected: string): Result<unknown> {
  const decoded = decodeText(bytes, name);
  if (!decoded.ok) return decoded;
  const text = decoded.value.trim();
  if (!/^[{[]/.test(text)) return otherFormat(`${name} ${beginning(text, expected)}`);
  try {
    const tree: unknown = JSON.parse(text);
    if (isTooDeep(tree)) return err(refusal('too_deep', `${name} nests values more than ${maxDepth} deep`));
    return ok(tree);
  } catch (error) {
    const { message } = error as Error;
    const place = /at position (\d+)/.exec(message)?.[1];
    const isCut = /end of JSON input|^Unterminated string/.test(message) || Number(place) >= text.length;
    if (isCut) return err(refusal('truncated_file', `${name} ends in the middle of a JSON value`));
    const line = place === undefined ? '' : ` at line ${text.slice(0, Number(place)).split('\n').length}`;
    return otherFormat(`${name} is not well-formed JSON${line}: ${message.replace(/\s+/g, ' ')}`);
  }
}

/** Leaves as strings, as the rows of every format have them; null is `''`. */
export function asText(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asText);
  // fromEntries makes own members, also of one that is called __proto__.
  if (isRow(value)) return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, asText(member)]));
  if (typeof value === 'number') return plainDigits(value);
  return value === null ? '' : String(value);
}

/** Members that are no list, object or null, as strings; members of objects in it are left out. */
function plainMembers(value: Row): Row {
  return Object.fromEntries(Object.entries(value).flatMap(([key, member]) => (typeof member === 'object' ? [] : [[key, asText(member)]])));
}

/** Rows that are lists become objects, their values under the names that the root gives in another member. */
function withNames(tree: unknown, path: readonly string[], member: string): unknown {
  const [step] = path;
  if (!isRow(tree) || step === undefined || !Array.isArray(tree[member]) || !Array.isArray(tree[step])) return undefined;
  const names = tree[member] as unknown[];
  const rows = (tree[step] as unknown[]).map((row) =>
    Array.isArray(row) ? Object.fromEntries(names.slice(0, row.length).map((name, index) => [String(name), row[index] as unknown])) : row,
  );
  return { ...tree, [step]: rows };
}

/** Rows at a path, each with the members around it that are wanted; undefined where the path does not exist. */
function select(tree: unknown, path: readonly string[], wanted: readonly string[], outer: Row): Row[] | undefined {
  if (path.length === 0) {
    if (!Array.isArray(tree)) return undefined;
    return tree.map((row): Row => ({ ...outer, ...(isRow(row) ? (asText(row) as Row) : {}) }));
  }
  const objects = Array.isArray(tree) ? tree : [tree];
  const rows: Row[] = [];
  for (const object of objects) {
    const [step = '', ...rest] = path;
    if (!isRow(object) || (step !== '*' && !Object.hasOwn(object, step))) return undefined;
    const around = Object.fromEntries(Object.entries(plainMembers(object)).filter(([key]) => wanted.includes(key)));
    const inner = select(step === '*' ? Object.values(object) : object[step], rest, wanted, { ...outer, ...around });
    if (inner === undefined) return undefined;
    for (const row of inner) rows.push(row);
  }
  return rows;
}

/** The object at a path as the only row. */
function onlyRow(tree: unknown, path: readonly string[]): Row[] | undefined {
  const object = at(tree, path);
  return isRow(object) ? [asText(object) as Row] : undefined;
}

/** What the publisher says of its failure; undefined where it does not speak of one. */
function failureOf(tree: unknown, { failure }: Format & { kind: 'json' }): string | undefined {
  if (failure === undefined || !isRow(tree) || String(tree[failure.member]) !== failure.value) return undefined;
  const reason = at(tree, failure.message);
  return typeof reason === 'string' && reason !== '' ? reason : `${failure.member} is ${failure.value}`;
}

function at(tree: unknown, path: readonly string[]): unknown {
  return path.reduce((value: unknown, step) => (isRow(value) && Object.hasOwn(value, step) ? value[step] : undefined), tree);
}

/** Without exponent, which is no way to write a number in registers. */
function plainDigits(value: number): string {
  const text = String(value);
  return /e-/.test(text) ? value.toFixed(15) : text;
}

function isTooDeep(tree: unknown): boolean {
  let level = [tree];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > maxDepth) return true;
    level = level.flatMap((value): unknown[] => (typeof value === 'object' && value !== null ? Object.values(value) : []));
  }
  return false;
}
