import { isMap, isSeq, parseDocument, type YAMLMap } from 'yaml';

import { ConfigError } from '../errors.ts';

/** A device as it stands in the registry's file. */
export type DeviceEntry = Readonly<Record<string, unknown>> & { readonly id: string };

/**
 * The text of a registry with one more device; comments, order and layout of the rest stay.
 * @throws {ConfigError} when the text cannot be edited, or a CSV has no column for a field.
 */
export function withDevice(text: string, file: string, entry: DeviceEntry): string {
  if (isCsv(file)) return withLine(text, file, entry);
  const document = readDocument(text, file);
  const node = document.createNode(entry) as YAMLMap;
  for (const item of node.items) if (isSeq(item.value)) item.value.flow = true;
  const devices = document.get('devices');
  if (isSeq(devices)) {
    devices.flow = isJson(file);
    devices.add(node);
  } else document.set('devices', document.createNode([entry]));
  return isJson(file) ? `${JSON.stringify(document.toJS(), null, 2)}\n` : document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

/**
 * The text of a registry with one field of a device set.
 * @throws {ConfigError} as `withDevice`.
 */
export function withField(text: string, file: string, id: string, field: string, value: string): string {
  if (isCsv(file)) return withCell(text, file, id, field, value);
  const document = readDocument(text, file);
  const devices = document.get('devices');
  const device = isSeq(devices)
    ? devices.items.find((item) => isMap(item) && String(item.get('id')).toLowerCase() === id.toLowerCase())
    : undefined;
  if (!isMap(device)) throw new ConfigError(`${file} has no device "${id}"`);
  device.set(field, value);
  return isJson(file) ? `${JSON.stringify(document.toJS(), null, 2)}\n` : document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

function readDocument(text: string, file: string) {
  const document = parseDocument(text.trim() === '' ? 'devices: []\n' : text);
  const [error] = document.errors;
  if (error !== undefined) throw new ConfigError(`${file} cannot be edited: ${error.message}`);
  return document;
}

function isJson(file: string): boolean {
  return file.toLowerCase().endsWith('.json');
}

function isCsv(file: string): boolean {
  return file.toLowerCase().endsWith('.csv');
}

function withLine(text: string, file: string, entry: DeviceEntry): string {
  const { columns, delimiter } = headerOf(text.trim() === '' ? `${Object.keys(cellsOf(entry, ';')).join(';')}\n` : text);
  const start = text.trim() === '' ? `${columns.join(delimiter)}\n` : text.endsWith('\n') ? text : `${text}\n`;
  const cells = cellsOf(entry, delimiter);
  const missing = Object.keys(cells).filter((name) => !columns.includes(name));
  if (missing.length > 0) throw new ConfigError(`${file} has no column ${missing.join(', ')}; add it to the header line`);
  return `${start}${columns.map((name) => quoted(cells[name] ?? '', delimiter)).join(delimiter)}\n`;
}

/** Only lines without quotes are edited in place: what a person quoted by hand, a person edits. */
function withCell(text: string, file: string, id: string, field: string, value: string): string {
  const { columns, delimiter } = headerOf(text);
  const column = columns.indexOf(field);
  if (column < 0) throw new ConfigError(`${file} has no column ${field}; add it to the header line`);
  const idColumn = columns.indexOf('id');
  const lines = text.split('\n');
  const idOf = (line: string): string => (line.split(delimiter)[idColumn] ?? '').trim().replace(/^"(.*)"$/, '$1');
  const at = lines.findIndex((line, i) => i > 0 && idOf(line).toLowerCase() === id.toLowerCase());
  const cells = (lines[at] ?? '').replace(/\r$/, '').split(delimiter);
  if (at < 0 || cells.length !== columns.length)
    throw new ConfigError(`${file}: the line of "${id}" cannot be edited safely; write ${field} = ${value} by hand`);
  cells[column] = value;
  lines[at] = `${cells.join(delimiter)}${lines[at]?.endsWith('\r') === true ? '\r' : ''}`;
  return lines.join('\n');
}

function headerOf(text: string): { readonly columns: readonly string[]; readonly delimiter: string } {
  const header = text.replace(/^\uFEFF/, '').split(/\r?\n/, 1)[0] ?? '';
  const delimiter = header.includes(';') ? ';' : ',';
  return { columns: header.split(delimiter).map((name) => name.trim().replace(/^"(.*)"$/, '$1')), delimiter };
}

/** An entry by the columns of `devices-csv.ts`. */
function cellsOf(entry: DeviceEntry, delimiter: string): Record<string, string> {
  const cells: Record<string, string> = {};
  const number = (value: unknown): string => (delimiter === ';' ? String(value).replace('.', ',') : String(value));
  for (const [field, value] of Object.entries(entry)) {
    if (field === 'location') {
      const [longitude, latitude] = value as [number, number];
      cells['longitude'] = number(longitude);
      cells['latitude'] = number(latitude);
    } else if (field === 'name') {
      for (const [language, name] of Object.entries(value as object)) cells[`name.${language}`] = String(name);
    } else if (Array.isArray(value)) cells[field] = value.join(' ');
    else cells[field] = typeof value === 'number' ? number(value) : String(value);
  }
  return cells;
}

function quoted(cell: string, delimiter: string): string {
  return cell.includes(delimiter) || /["\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
