import { err, ok, type Result } from '../../result.ts';
import { cellsOf, cubeRows, headerOf, mostCells, textMember, type Dimension } from './cube.ts';
import { asText } from './json.ts';
import { isRow, otherFormat, refusal, type Dataset } from './parsed.ts';

/** Whether a JSON value looks like JSON-stat, of version 2 or, as PxWeb's `json-stat` answers, of version 1. */
export function isJsonStat(tree: unknown): boolean {
  return isRow(datasetOf(tree)?.['dimension']);
}

/** JSON-stat 2 has the dataset at its root, version 1 under `dataset` (or another single name). */
function datasetOf(tree: unknown): Readonly<Record<string, unknown>> | undefined {
  if (!isRow(tree)) return undefined;
  if (isRow(tree['dimension'])) return tree;
  const [only, ...more] = Object.values(tree);
  return more.length === 0 && isRow(only) ? only : undefined;
}

/**
 * Reads a JSON-stat dataset (json-stat.org, versions 1.x and 2.0): a value list or, where it is sparse, an object by position; `status` as a
 * list, an object or one text for all. Refuses `not_the_expected_format` where sizes and categories contradict each other,
 * `truncated_file` where values are missing at the end, `too_large`.
 */
export function parseJsonStat(tree: unknown, name: string): Result<Dataset> {
  const dataset = datasetOf(tree);
  const about = dataset?.['dimension'];
  if (dataset === undefined || !isRow(about)) return otherFormat(`${name} is no JSON-stat dataset: it has no dimension`);
  // Version 1 keeps id, size and role among the dimensions.
  const part = (member: string): unknown => dataset[member] ?? about[member];
  const ids = part('id');
  const sizes = part('size');
  if (!Array.isArray(ids) || !Array.isArray(sizes) || ids.length !== sizes.length || ids.length === 0) {
    return otherFormat(`${name} is no JSON-stat dataset: id and size are not lists of the same length`);
  }
  const dimensions: Dimension[] = [];
  for (const [at, id] of ids.entries()) {
    const dimension = dimensionOf(String(id), about[String(id)], Number(sizes[at]));
    if (dimension === undefined)
      return otherFormat(`${name}: the dimension "${String(id)}" has other categories than its size ${String(sizes[at])}`);
    dimensions.push(dimension);
  }
  const total = cellsOf(dimensions);
  const { value, status } = dataset;
  if (total <= mostCells) {
    const fault = valuesFault(value, total, name);
    if (fault !== undefined) return fault;
  }
  const role = part('role');
  const first = (kind: string): string | undefined => {
    const members = isRow(role) ? role[kind] : undefined;
    return Array.isArray(members) ? textMember({ first: members[0] as unknown }, 'first') : undefined;
  };
  const extension = isRow(dataset['extension']) ? dataset['extension']['px'] : undefined;
  return cubeRows(
    {
      dimensions,
      cell: (index) => ({ value: cellOf(value, index), status: typeof status === 'string' ? status : cellOf(status, index) }),
      header: headerOf({
        '@title': textMember(dataset, 'label'),
        '@updated': textMember(dataset, 'updated'),
        '@source': textMember(dataset, 'source'),
        '@table': textMember(extension, 'tableid') ?? textMember(extension, 'matrix'),
        '@time': first('time'),
        '@area': first('geo'),
        '@measure': first('metric'),
      }),
    },
    name,
  );
}

/** The categories in their order: `index` is a list or an object of positions, and may be left out where there is one category only. */
function dimensionOf(name: string, about: unknown, size: number): Dimension | undefined {
  const category = isRow(about) ? about['category'] : undefined;
  if (!isRow(category)) return undefined;
  const labels = isRow(category['label']) ? category['label'] : {};
  const index = category['index'] ?? Object.keys(labels);
  let codes: string[] = [];
  if (Array.isArray(index)) codes = index.map(String);
  else if (isRow(index))
    codes = Object.entries(index)
      .sort(([, left], [, right]) => Number(left) - Number(right))
      .map(([code]) => code);
  if (codes.length !== size || size === 0) return undefined;
  return { name, codes, labels: codes.map((code) => (Object.hasOwn(labels, code) ? String(labels[code]) : code)) };
}

function valuesFault(value: unknown, total: number, name: string): Result<never> | undefined {
  if (Array.isArray(value)) {
    if (value.length === total) return undefined;
    if (value.length < total)
      return err(refusal('truncated_file', `${name} has ${value.length} values; its dimensions have ${total} cells`));
    return otherFormat(`${name} has ${value.length} values, more than the ${total} cells of its dimensions`);
  }
  if (!isRow(value)) return otherFormat(`${name} is no JSON-stat dataset: it has no value`);
  const outside = Object.keys(value).find((key) => !/^\d+$/.test(key) || Number(key) >= total);
  return outside === undefined ? undefined : otherFormat(`${name} has a value at ${outside}; its dimensions have ${total} cells`);
}

function cellOf(values: unknown, index: number): string {
  const value: unknown = Array.isArray(values) ? values[index] : isRow(values) ? values[String(index)] : undefined;
  return typeof value === 'number' || typeof value === 'string' ? String(asText(value)) : '';
}

/** Whether a JSON value looks like an answer of PxWeb in its own `json` form. */
export function isPxJson(tree: unknown): boolean {
  return isRow(tree) && Array.isArray(tree['columns']) && Array.isArray(tree['data']);
}

/**
 * Reads PxWeb's own `json` form: `columns` (`d` dimension, `t` time, `c` content) and `data` with `key` and `values`. It has codes only.
 * A row per value; the words of its content column stand under `@column`.
 */
export function parsePxJson(tree: unknown, name: string): Result<Dataset> {
  const { columns, data, metadata } = tree as { columns: unknown[]; data: unknown[]; metadata?: unknown };
  const of = (type: RegExp): Record<string, unknown>[] => columns.filter(isRow).filter((column) => type.test(String(column['type'])));
  const dimensions = of(/^[dt]$/);
  const contents = of(/^c$/);
  if (dimensions.length === 0 || contents.length === 0)
    return otherFormat(`${name} has no dimension or no content column in PxWeb's JSON form`);
  if (data.length * contents.length > mostCells)
    return err(refusal('too_large', `${name} has more than ${mostCells} cells; ask for a selection`));
  const rows: Record<string, unknown>[] = [];
  for (const [line, entry] of data.entries()) {
    const { key, values } = isRow(entry) ? entry : {};
    if (!Array.isArray(key) || !Array.isArray(values) || key.length !== dimensions.length || values.length !== contents.length) {
      return otherFormat(`${name}: entry ${line + 1} of data has other keys or values than the columns`);
    }
    for (const [at, content] of contents.entries()) {
      const row: Record<string, unknown> = {};
      for (const [place, dimension] of dimensions.entries()) row[String(dimension['code'])] = asText(key[place]);
      rows.push({ ...row, '@column': asText(content['text'] ?? content['code'] ?? ''), '@value': asText(values[at] ?? '') });
    }
  }
  const about: unknown = Array.isArray(metadata) ? metadata[0] : undefined;
  const time = of(/^t$/)[0];
  const header = headerOf({
    '@title': textMember(about, 'label'),
    '@updated': textMember(about, 'updated'),
    '@source': textMember(about, 'source'),
    '@time': textMember(time, 'code'),
  });
  return ok({ header, rows });
}
