/** The history as Orion-LD keeps it: names and types of its tables, written as it writes them. */
const geometries = ['Point', 'MultiPoint', 'Polygon', 'MultiPolygon', 'LineString', 'MultiLineString'];
const values = [
  ...['observedAt TIMESTAMP', 'unitCode TEXT', 'valueType ValueType', 'text TEXT', 'boolean BOOL', 'number FLOAT8', 'datetime TIMESTAMP'],
  'compound JSONB',
  ...geometries.map((name) => `geo${name} GEOGRAPHY(${name.toUpperCase()}Z, 4326)`),
  ...['ts TIMESTAMP NOT NULL', 'correlator TEXT'],
].join(', ');
const names = [
  'String',
  'Number',
  'Boolean',
  'Relationship',
  'Compound',
  'DateTime',
  ...geometries.map((name) => `Geo${name}`),
  'LanguageMap',
];

export const troeTables = `
  CREATE EXTENSION IF NOT EXISTS postgis;
  CREATE TYPE ValueType AS ENUM (${names.map((name) => `'${name}'`).join(', ')});
  CREATE TYPE OperationMode AS ENUM ('Create', 'Append', 'Update', 'Replace', 'Delete');
  CREATE TABLE entities (instanceId TEXT, ts TIMESTAMP, opMode OperationMode, id TEXT NOT NULL, type TEXT NOT NULL, correlator TEXT,
    PRIMARY KEY (instanceId, ts));
  CREATE TABLE attributes (instanceId TEXT, id TEXT NOT NULL, opMode OperationMode, entityId TEXT NOT NULL, subProperties BOOL,
    datasetId VARCHAR, ${values}, PRIMARY KEY (instanceId, datasetId, ts));
  CREATE TABLE subAttributes (instanceId TEXT, id TEXT NOT NULL, entityId TEXT NOT NULL, attrInstanceId TEXT NOT NULL,
    attrDatasetId VARCHAR NOT NULL, ${values}, PRIMARY KEY (instanceId, ts));`;

/** A time without a zone, in UTC. */
function utc(ms: number): string {
  return `'${new Date(ms).toISOString().slice(0, -1)}'`;
}

let instance = 0;
const next = (): string => `urn:ngsi-ld:Instance:${++instance}`;

/** An entity has a row for its creation, none for its updates. */
export function created(id: string, type: string, atMs: number): string {
  return `INSERT INTO entities VALUES ('${next()}', ${utc(atMs)}, 'Create', '${id}', '${type}', NULL);`;
}

/** A number that was observed and written at that time, with a sub-attribute. */
export function measured(entity: string, attribute: string, value: number, atMs: number): string {
  const place = next();
  return `INSERT INTO attributes (instanceId, id, opMode, entityId, observedAt, subProperties, unitCode, datasetId, valueType, number, ts)
      VALUES ('${place}', '${attribute}', 'Replace', '${entity}', ${utc(atMs)}, true, 'GQ', 'None', 'Number', ${value}, ${utc(atMs)});
    INSERT INTO subAttributes (instanceId, id, entityId, attrInstanceId, attrDatasetId, valueType, text, ts)
      VALUES ('${next()}', 'https://example.org/quality', '${entity}', '${place}', 'None', 'String', 'good', ${utc(atMs)});`;
}

/** Where the entity is. */
export function located(entity: string, longitude: number, latitude: number, atMs: number): string {
  return `INSERT INTO attributes (instanceId, id, opMode, entityId, subProperties, datasetId, valueType, geoPoint, ts)
    VALUES ('${next()}', 'location', 'Replace', '${entity}', false, 'None', 'GeoPoint',
      ST_GeomFromText('POINT(${longitude} ${latitude} 0)', 4326), ${utc(atMs)});`;
}
