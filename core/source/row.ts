import type { Row } from '../plugin.ts';
import { reject } from '../rejection.ts';
import { err, ok, type Result } from '../result.ts';
import { toWgs84, type Crs } from './crs.ts';
import { decimal } from './number.ts';

/** The text of a column, without outer white space; undefined where the column is absent, empty or more than a text. */
export function textOf(row: Row, column: string): string | undefined {
  const value = Object.hasOwn(row, column) ? row[column] : undefined;
  const text = typeof value === 'string' ? value.trim() : undefined;
  return text === '' ? undefined : text;
}

/** The text of a column that must have one. Refuses `missing_field`. */
export function requiredText(row: Row, column: string): Result<string> {
  const text = textOf(row, column);
  if (text !== undefined) return ok(text);
  return err(reject('decode', 'missing_field', `${column} is absent, empty or repeated; expected a text`, columnPointer(column)));
}

/** The texts of columns that must all have one, in their order. Refuses `missing_field` for the first that has none. */
export function requiredTexts<C extends readonly string[]>(row: Row, ...columns: C): Result<{ [K in keyof C]: string }> {
  const texts: string[] = [];
  for (const column of columns) {
    const text = requiredText(row, column);
    if (!text.ok) return text;
    texts.push(text.value);
  }
  return ok(texts as { [K in keyof C]: string });
}

/** The decimal number of a column; undefined where it is absent or empty. Refuses `invalid_value`, also when the column is repeated. */
export function numberOf(row: Row, column: string): Result<number | undefined> {
  const value = Object.hasOwn(row, column) ? row[column] : undefined;
  if (value === undefined || (typeof value === 'string' && value.trim() === '')) return ok(undefined);
  const number = typeof value === 'string' ? decimal(value.trim()) : undefined;
  if (number !== undefined) return ok(number);
  return err(reject('decode', 'invalid_value', `${column} is ${JSON.stringify(value)}; expected a decimal number`, columnPointer(column)));
}

/** Two columns as coordinates; undefined where one of them is absent or empty. Refuses `invalid_value`. */
export function coordinatesOf(row: Row, east: string, north: string): Result<readonly [number, number] | undefined> {
  const x = numberOf(row, east);
  const y = numberOf(row, north);
  if (!x.ok) return x;
  if (!y.ok) return y;
  return ok(x.value === undefined || y.value === undefined ? undefined : [x.value, y.value]);
}

/** The point that a GeoJSON feature is, in WGS84. Refuses `missing_location`. */
export function pointOf(row: Row, crs?: Crs): Result<readonly [number, number]> {
  const { type, coordinates } = (row['@geometry'] ?? {}) as { type?: unknown; coordinates?: unknown };
  const [east, north] = (Array.isArray(coordinates) ? coordinates : []) as unknown[];
  if (type === 'Point' && typeof east === 'number' && typeof north === 'number') {
    return ok(crs === undefined ? [east, north] : toWgs84(east, north, crs));
  }
  return err(reject('decode', 'missing_location', 'the feature has no Point with two coordinates as its geometry', '/@geometry'));
}

/** JSON pointer to a column of a row. */
export function columnPointer(column: string): string {
  return `/${column.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
