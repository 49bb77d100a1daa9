export type Position = readonly number[];

/** A geometry that NGSI-LD allows as value of a GeoProperty: GeoJSON (RFC 7946) without GeometryCollection. */
export type Geometry =
  | { type: 'Point'; coordinates: Position }
  | { type: 'MultiPoint' | 'LineString'; coordinates: Position[] }
  | { type: 'MultiLineString' | 'Polygon'; coordinates: Position[][] }
  | { type: 'MultiPolygon'; coordinates: Position[][][] };

export const GEOMETRY_TYPES: readonly string[] = ['Point', 'MultiPoint', 'LineString', 'MultiLineString', 'Polygon', 'MultiPolygon'];

/** What is wrong with a geometry; undefined: nothing. */
export function geometryFault(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'a GeoJSON geometry is expected';
  const { type, coordinates, ...rest } = value as Record<string, unknown>;
  if (!GEOMETRY_TYPES.includes(String(type))) return `type: one of ${GEOMETRY_TYPES.join(', ')} is expected, not ${JSON.stringify(type)}`;
  const strange = Object.keys(rest).find((name) => name !== 'bbox' && name !== 'crs');
  if (strange !== undefined) return `${strange} is no member of a geometry`;
  return coordinatesFault(String(type), coordinates);
}

function coordinatesFault(type: string, coordinates: unknown): string | undefined {
  switch (type) {
    case 'Point':
      return positionFault(coordinates);
    case 'MultiPoint':
      return listFault(coordinates, 1, positionFault);
    case 'LineString':
      return listFault(coordinates, 2, positionFault);
    case 'MultiLineString':
      return listFault(coordinates, 1, (line) => listFault(line, 2, positionFault));
    case 'Polygon':
      return polygonFault(coordinates);
    default:
      return listFault(coordinates, 1, polygonFault);
  }
}

function polygonFault(rings: unknown): string | undefined {
  return listFault(rings, 1, (ring) => {
    const fault = listFault(ring, 4, positionFault);
    if (fault !== undefined) return fault;
    const closed = JSON.stringify((ring as unknown[])[0]) === JSON.stringify((ring as unknown[]).at(-1));
    return closed ? undefined : 'a ring ends where it starts';
  });
}

function listFault(value: unknown, least: number, itemFault: (item: unknown) => string | undefined): string | undefined {
  if (!Array.isArray(value) || value.length < least) return `coordinates: an array of ${least} or more is expected`;
  for (const item of value) {
    const fault = itemFault(item);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function positionFault(value: unknown): string | undefined {
  const numbers = Array.isArray(value) && value.length >= 2 && value.length <= 3 && value.every((part) => typeof part === 'number');
  if (!numbers) return `coordinates: [longitude, latitude] is expected, not ${JSON.stringify(value)}`;
  const [longitude, latitude] = value as number[];
  if (Math.abs(longitude as number) > 180) return `longitude ${longitude} is beyond 180`;
  return Math.abs(latitude as number) > 90 ? `latitude ${latitude} is beyond 90` : undefined;
}
