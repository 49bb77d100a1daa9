import type { Place } from './check-value.ts';
import { quote, type Faults } from './faults.ts';

/** Slovenia with a margin, [west, east] and [south, north] in degrees. */
const longitudes = [13, 17] as const;
const latitudes = [45, 47] as const;

/** How deep the positions lie in `coordinates` (RFC 7946, 3.1). */
const depths = { Point: 0, MultiPoint: 1, LineString: 1, MultiLineString: 2, Polygon: 2, MultiPolygon: 3 } as const;

/** A GeoJSON geometry in WGS84, [longitude, latitude], all of it in or near Slovenia. One fault at most. */
export function checkGeometry(value: unknown, { pointer, label }: Place, faults: Faults): void {
  const { type, coordinates, ...more } = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  if (typeof type !== 'string' || !Object.hasOwn(depths, type) || Object.keys(more).length > 0) {
    const expected = `a GeoJSON geometry of type and coordinates only (${Object.keys(depths).join(', ')})`;
    faults.add('invalid_location', pointer, `${label} is ${quote(value)}, expected ${expected}`);
    return;
  }
  const fault = coordinatesFault(coordinates, depths[type as keyof typeof depths], type);
  if (fault !== undefined) faults.add('invalid_location', `${pointer}/coordinates`, `${label} is ${quote(value)}, ${fault}`);
}

function coordinatesFault(coordinates: unknown, depth: number, type: string): string | undefined {
  if (depth === 0) return positionFault(coordinates);
  if (!Array.isArray(coordinates) || coordinates.length === 0) return `expected lists of positions as a ${type} has them`;
  if (depth === 1 && type.endsWith('LineString') && coordinates.length < 2) return 'expected at least two positions';
  if (depth === 1 && type.endsWith('Polygon')) {
    const isClosed = coordinates.length >= 4 && JSON.stringify(coordinates[0]) === JSON.stringify(coordinates.at(-1));
    if (!isClosed) return 'expected a ring of at least four positions that ends where it starts';
  }
  for (const part of coordinates as unknown[]) {
    const fault = coordinatesFault(part, depth - 1, type);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function positionFault(position: unknown): string | undefined {
  if (!Array.isArray(position) || position.length < 2 || position.length > 3 || !position.every((number) => Number.isFinite(number))) {
    return 'expected [longitude, latitude] in degrees';
  }
  const [longitude, latitude] = position as [number, number];
  if (isIn(longitude, longitudes) && isIn(latitude, latitudes)) return undefined;
  const expected = `expected longitude ${longitudes.join(' to ')} and latitude ${latitudes.join(' to ')}`;
  if (isIn(latitude, longitudes) && isIn(longitude, latitudes)) return `${expected}; longitude and latitude are swapped`;
  if (Math.abs(longitude) > 180 || Math.abs(latitude) > 90)
    return `${expected}; these look like metres (EPSG:3794 or 3912) and must be projected first`;
  return expected;
}

function isIn(number: number, [low, high]: readonly [number, number]): boolean {
  return number >= low && number <= high;
}
