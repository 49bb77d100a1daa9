import type { Format, Row } from '../../plugin.ts';
import { err, ok, type Result } from '../../result.ts';
import { asText, parseTree } from './json.ts';
import { isRow, missingColumns, otherFormat, type Dataset } from './parsed.ts';

/**
 * Reads a GeoJSON FeatureCollection (RFC 7946; the older `crs` member as OGC writes it). A row is the feature's properties as strings, its
 * geometry as it stands in the file under `@geometry` and its id under `@id`; the header is the collection's own properties.
 * Refuses as a whole what the JSON format refuses, and a file in another coordinate system than the format's (WGS84 where it names none).
 */
export function parseGeoJson(bytes: Uint8Array, format: Format & { kind: 'geojson' }, name: string): Result<Dataset> {
  const tree = parseTree(bytes, name, 'a GeoJSON dataset');
  if (!tree.ok) return tree;
  const { value: collection } = tree;
  if (!isRow(collection) || collection['type'] !== 'FeatureCollection' || !Array.isArray(collection['features'])) {
    const members = isRow(collection) ? Object.keys(collection).slice(0, 8).join(', ') : 'a list';
    return otherFormat(`${name} is no FeatureCollection with features; it has ${members}`);
  }
  const crs = crsOf(collection['crs']);
  const expected = format.crs ?? 'EPSG:4326';
  if (crs !== expected) return otherFormat(`${name} has coordinates in ${crs}; expected ${expected}`);
  const rows = collection['features'].map(rowOf);
  const fault = missingColumns(rows, format.columns, name);
  if (fault !== undefined) return err(fault);
  const { properties } = collection;
  return ok({ header: isRow(properties) ? (asText(properties) as Row) : {}, rows });
}

function rowOf(feature: unknown): Row {
  if (!isRow(feature)) return {};
  const { properties, geometry, id } = feature;
  return {
    ...(isRow(properties) ? (asText(properties) as Row) : {}),
    ...(isRow(geometry) ? { '@geometry': geometry } : {}),
    ...(typeof id === 'string' || typeof id === 'number' ? { '@id': String(id) } : {}),
  };
}

/** `EPSG:3912`, `urn:ogc:def:crs:EPSG::3912` and CRS84 are names for the same things; without the member it is WGS84 (RFC 7946, 4). */
function crsOf(member: unknown): string {
  if (member === undefined || member === null) return 'EPSG:4326';
  const properties = isRow(member) ? member['properties'] : undefined;
  const name = isRow(properties) && typeof properties['name'] === 'string' ? properties['name'] : JSON.stringify(member);
  if (/CRS84$/i.test(name)) return 'EPSG:4326';
  const code = /EPSG:(?:[^:]*:)?(\d+)$/i.exec(name)?.[1];
  return code === undefined ? name : `EPSG:${code}`;
}
