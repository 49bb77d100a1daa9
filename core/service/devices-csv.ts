import { CsvError, parse, type Info } from 'csv-parse/sync';

import { ConfigError } from '../errors.ts';

type Cell = string | number | readonly unknown[] | Readonly<Record<string, unknown>>;

/** A registry out of a CSV file: the value as the YAML file would give it, and where in the file a path stands. */
export interface CsvDevices {
  readonly value: { readonly devices: readonly Readonly<Record<string, unknown>>[] };
  /** `line:column` of a path such as `['devices', 0, 'location']`; columns are counted from 1. */
  place(path: readonly (string | number)[]): string;
}

interface PropertySchema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly PropertySchema[];
}

/** Columns whose name is not that of the field. */
const special = ['longitude', 'latitude', 'name.sl', 'name.en'];

/**
 * Reads a registry of one header line and a line for each device. Columns are the fields of `devices.schema.json`; `location` is
 * `longitude` and `latitude`, `name` is `name.sl` and `name.en`; several `alsoKnownAs` are separated by spaces, several calibrations too,
 * each as `quantity*factor+offset@from/to`. Separated by `;` or `,` (the header decides), UTF-8 with or without BOM. A decimal comma is
 * read where `;` separates. `fields` and `commands` are JSON in their cell.
 * @throws {ConfigError} with line and column of every cell that cannot be read.
 */
export function readCsvDevices(text: string, file: string, properties: Readonly<Record<string, PropertySchema>>): CsvDevices {
  const delimiter = (text.split(/\r?\n/, 1)[0] ?? '').includes(';') ? ';' : ',';
  const [header, ...rows] = rowsOf(text, file, delimiter);
  const columns = (header?.record ?? []).map((name) => name.trim());
  const known = [...Object.keys(properties).filter((name) => name !== 'location' && name !== 'name'), ...special];
  const faults = columns.flatMap((name, i) => {
    if (!known.includes(name)) return [`${file}:1:${i + 1}: the column "${name}" is not known; expected of ${known.join(', ')}`];
    return columns.indexOf(name) < i ? [`${file}:1:${i + 1}: the column "${name}" stands there twice`] : [];
  });
  const devices = rows.map(({ record, line }) => {
    const device: Record<string, unknown> = {};
    for (const [i, name] of columns.entries()) {
      const cell = (record[i] ?? '').trim();
      if (cell === '') continue;
      const value = cellOf(name, cell, properties[name], delimiter);
      if (value === undefined) faults.push(`${file}:${line}:${i + 1}: ${name} is "${cell}"; expected ${wish(name, delimiter)}`);
      else assign(device, name, value);
    }
    return device;
  });
  if (faults.length > 0) throw new ConfigError(`${file} is not valid`, faults);
  return {
    value: { devices },
    place([, row, field, member]) {
      const of = { location: member === '1' || member === 1 ? 'latitude' : 'longitude', name: `name.${String(member ?? 'sl')}` };
      const column = columns.indexOf(of[field as keyof typeof of] ?? String(field));
      return `${rows[Number(row)]?.line ?? 1}:${column + 1 || 1}`;
    },
  };
}

function rowsOf(text: string, file: string, delimiter: string): { readonly record: string[]; readonly line: number }[] {
  const options = {
    bom: true,
    delimiter,
    info: true,
    skip_empty_lines: true,
    relax_column_count: false,
    comment: '#',
    comment_no_infix: true,
  };
  try {
    const rows = parse(text, options) as unknown as { record: string[]; info: Info }[];
    return rows.map(({ record, info }) => ({ record, line: info.lines }));
  } catch (error) {
    const { message } = error as Error;
    const line = error instanceof CsvError ? String(error['lines'] ?? 1) : '1';
    throw new ConfigError(`${file} cannot be read`, [`${file}:${line}:1: ${message}`]);
  }
}

function assign(device: Record<string, unknown>, name: string, value: Cell): void {
  if (name === 'longitude' || name === 'latitude') {
    const location = (device['location'] ??= []) as unknown[];
    location[name === 'longitude' ? 0 : 1] = value;
  } else if (name.startsWith('name.')) {
    device['name'] = { ...(device['name'] as object | undefined), [name.slice(5)]: value };
  } else device[name] = value;
}

function cellOf(name: string, cell: string, schema: PropertySchema | undefined, delimiter: string): Cell | undefined {
  if (name === 'alsoKnownAs') return cell.split(/\s+/);
  if (name === 'calibration') return calibrations(cell, delimiter);
  if (schema?.type === 'object' || schema?.type === 'array') return jsonOf(cell);
  if (!isNumeric(name, schema)) return cell;
  const number = numberOf(cell, delimiter);
  // An interval is a number or a duration; the schema says what else is wrong.
  return number ?? (schema?.anyOf === undefined ? undefined : cell);
}

/** What has members of its own stands in its cell as JSON. */
function jsonOf(cell: string): Cell | undefined {
  try {
    const value = JSON.parse(cell) as unknown;
    return typeof value === 'object' && value !== null ? (value as Cell) : undefined;
  } catch {
    return undefined;
  }
}

function isNumeric(name: string, schema: PropertySchema | undefined): boolean {
  if (name === 'longitude' || name === 'latitude') return true;
  if (schema?.anyOf !== undefined) return schema.anyOf.some((one) => isNumeric('', one));
  return schema?.type === 'number' || schema?.type === 'integer' || schema?.enum?.some((value) => typeof value === 'number') === true;
}

function numberOf(text: string, delimiter: string): number | undefined {
  const plain = delimiter === ';' ? text.replace(',', '.') : text;
  return /^[+-]?\d+(\.\d+)?$/.test(plain) ? Number(plain) : undefined;
}

/** `pm25*0.92+1.5@2026-05-01/2027-05-01`, each part but the quantity may be left out. */
const calibrationForm = /^([A-Za-z]\w*)(?:\*([\d.,]+))?([+-][\d.,]+)?(?:@([^/]*)(?:\/(.*))?)?$/;

function calibrations(cell: string, delimiter: string): Record<string, unknown>[] | undefined {
  const all: Record<string, unknown>[] = [];
  for (const text of cell.split(/\s+/)) {
    const [, quantity, factor, offset, validFrom = '', validTo = ''] = calibrationForm.exec(text) ?? [];
    const numbers = [factor, offset].map((part) => (part === undefined ? undefined : (numberOf(part, delimiter) ?? NaN)));
    if (quantity === undefined || numbers.some(Number.isNaN)) return undefined;
    const members = { quantity, factor: numbers[0], offset: numbers[1], validFrom: validFrom || undefined, validTo: validTo || undefined };
    all.push(Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)));
  }
  return all;
}

function wish(name: string, delimiter: string): string {
  if (name === 'calibration') return 'quantity*factor+offset@from/to, for example pm25*0.92+1.5@2026-05-01';
  if (name === 'fields' || name === 'commands') return 'JSON, with each quotation mark doubled within a quoted cell';
  return delimiter === ';' ? 'a number' : 'a number with a decimal point (a decimal comma is read only where ; separates the columns)';
}
