import { patternFault } from '../core/access/pattern.ts';
import { parseQ, type Q } from '../core/access/q.ts';
import { geometryFault, GEOMETRY_TYPES, type Geometry } from '../core/entity/geojson.ts';
import type { Naming } from './naming.ts';
import { checkName, checkText } from './params.ts';
import type { Geo, Ordering } from './question.ts';
import { notUnderstood } from './refusal.ts';

/** Beyond these a geometry is no question any more. */
const longestCoordinates = 20_000;

export function readQ(text: string): Q {
  const q = parseQ(text);
  if (typeof q === 'string') throw notUnderstood(`q: ${q}`);
  return q;
}

export function readPattern(text: string): string {
  const fault = patternFault(text);
  if (fault !== undefined) throw notUnderstood(`idPattern: ${fault}`);
  return text;
}

/** Types apart by `,` or `|`; entities of several types at once are no question here. */
export function readTypes(text: string): string[] {
  const names = text.split(/[,|]/).map((name) => name.trim());
  if (names.length > 40) throw notUnderstood('type names more than 40');
  return names.map((name) => checkName(name, 'type'));
}

export function readScopeQ(text: string): string {
  const scopeQ = text.replaceAll(' ', '+');
  const level = '(?:\\p{L}[\\p{L}\\p{N}_]*|\\+)';
  const scope = `/(?:${level}(?:/${level})*(?:/#)?|#)`;
  if (scopeQ.length <= 500 && new RegExp(`^${scope}(?:[;,|]${scope})*$`, 'u').test(scopeQ)) return scopeQ;
  throw notUnderstood('scopeQ: scopes such as /a/b, /a/+ or /a/# joined by ";" and "," are taken');
}

const spatial = /^(?:within|contains|intersects|equals|disjoint|overlaps|near;(?:max|min)Distance==\d{1,9}(?:\.\d{1,6})?)$/;

export interface GeoMembers {
  readonly georel?: unknown;
  readonly geometry?: unknown;
  readonly coordinates?: unknown;
  readonly geoproperty?: unknown;
}

export function readGeo({ georel, geometry, coordinates, geoproperty }: GeoMembers, naming: Naming): Geo | undefined {
  if ([georel, geometry, coordinates, geoproperty].every((part) => part === undefined)) return undefined;
  const relation = checkText(georel, 'georel').replaceAll(' ', '');
  if (!spatial.test(relation)) {
    throw notUnderstood(
      'georel: near;maxDistance==metres, near;minDistance==metres, within, contains, intersects, equals, disjoint or overlaps is taken',
    );
  }
  if (relation.startsWith('near') && Number(relation.split('==')[1]) === 0) throw notUnderstood('georel: a distance above 0 is taken');
  const shape = readGeometry(geometry, coordinates);
  const property = naming.canonical(geoproperty === undefined ? 'location' : checkName(geoproperty, 'geoproperty'));
  return { georel: relation, geometry: shape.type, coordinates: shape.coordinates, property };
}

function readGeometry(type: unknown, given: unknown): Geometry {
  if (typeof type !== 'string' || !GEOMETRY_TYPES.includes(type))
    throw notUnderstood(`geometry: one of ${GEOMETRY_TYPES.join(', ')} is taken`);
  let coordinates = given;
  if (typeof given === 'string') {
    if (given.length > longestCoordinates) throw notUnderstood('coordinates are too many');
    try {
      coordinates = JSON.parse(given);
    } catch {
      throw notUnderstood('coordinates: a JSON array is taken');
    }
  }
  if (JSON.stringify(coordinates ?? null).length > longestCoordinates) throw notUnderstood('coordinates are too many');
  const fault = geometryFault({ type, coordinates });
  if (fault !== undefined) throw notUnderstood(`geometry: ${fault.slice(0, 200)}`);
  return { type, coordinates } as Geometry;
}

/** `name;direction` apart by commas. */
export function readOrdering(terms: readonly string[], geometry: unknown, coordinates: unknown, naming: Naming): Ordering {
  if (terms.length > 5) throw notUnderstood('orderBy names more than 5');
  const by = terms.map((term) => {
    const [name, direction = 'asc', ...more] = term.split(';').map((part) => part.trim());
    if (more.length > 0 || !/^(?:dist-)?(?:asc|desc)$/.test(direction)) {
      throw notUnderstood('orderBy: names with ;asc, ;desc, ;dist-asc or ;dist-desc are taken');
    }
    return { name: naming.canonical(checkName(name, 'orderBy')), direction };
  });
  const isByDistance = by.some(({ direction }) => direction.startsWith('dist-'));
  if (isByDistance !== (coordinates !== undefined))
    throw notUnderstood('an order by distance and the coordinates it starts from go together');
  return { by, ...(coordinates !== undefined && { from: readGeometry(geometry ?? 'Point', coordinates) }) };
}
