import { booleanEqual } from '@turf/boolean-equal';
import { booleanIntersects } from '@turf/boolean-intersects';
import { booleanOverlap } from '@turf/boolean-overlap';
import { booleanWithin } from '@turf/boolean-within';
import { distance } from '@turf/distance';
import { pointToLineDistance } from '@turf/point-to-line-distance';
import type { Geometry, Position } from '../../../core/entity/geojson.ts';

export const RELATIONS = ['within', 'contains', 'intersects', 'equals', 'disjoint', 'overlaps'] as const;
export type Relation = (typeof RELATIONS)[number];

type GeoJson = Exclude<Parameters<typeof booleanWithin>[0], { type: 'Feature' }>;

/** `geometry` relation `reference`, in the plane of longitude and latitude. */
export function relate(geometry: Geometry, relation: Relation, reference: Geometry): boolean {
  const [a, b] = [geometry as GeoJson, reference as GeoJson];
  switch (relation) {
    case 'within':
      return parts(geometry).every((part) => parts(reference).some((area) => isWithin(part, area)));
    case 'contains':
      return relate(reference, 'within', geometry);
    case 'intersects':
      return booleanIntersects(a, b);
    case 'disjoint':
      return !booleanIntersects(a, b);
    case 'equals':
      return a.type === b.type && booleanEqual(a, b);
    case 'overlaps':
      return overlaps(geometry, reference);
  }
}

function isWithin(part: Geometry, area: Geometry): boolean {
  if (dimension(part) > dimension(area)) return false;
  // The library compares nothing with a point.
  if (area.type === 'Point') return JSON.stringify(part.coordinates.slice(0, 2)) === JSON.stringify(area.coordinates.slice(0, 2));
  return booleanWithin(part as GeoJson, area as GeoJson);
}

function overlaps(a: Geometry, b: Geometry): boolean {
  // The library compares lines and areas only.
  if (dimension(a) !== dimension(b)) return false;
  if (dimension(a) === 0) return relate(a, 'intersects', b) && !relate(a, 'within', b) && !relate(b, 'within', a);
  return parts(a).some((one) => parts(b).some((other) => booleanOverlap(one as GeoJson, other as GeoJson)));
}

/** Metres between the nearest points; 0 where they touch. */
export function distanceBetween(a: Geometry, b: Geometry): number {
  if (dimension(a) === 0 && dimension(b) === 0) {
    return least(positions(a), (from) => least(positions(b), (to) => distance([...from], [...to], { units: 'meters' })));
  }
  if (booleanIntersects(a as GeoJson, b as GeoJson)) return 0;
  // Two geometries that do not touch are nearest at a vertex of one of them.
  return Math.min(toOutline(positions(a), b), toOutline(positions(b), a));
}

function toOutline(from: readonly Position[], geometry: Geometry): number {
  const lines = outlines(geometry);
  if (lines.length === 0) return least(from, (one) => least(positions(geometry), (to) => distance([...one], [...to], { units: 'meters' })));
  return least(from, (one) =>
    least(lines, (line) =>
      pointToLineDistance([...one], { type: 'LineString', coordinates: line.map((position) => [...position]) }, { units: 'meters' }),
    ),
  );
}

function least<T>(items: readonly T[], measure: (item: T) => number): number {
  return items.reduce((best, item) => Math.min(best, measure(item)), Infinity);
}

function parts(geometry: Geometry): Geometry[] {
  const single = geometry.type.replace('Multi', '');
  if (single === geometry.type) return [geometry];
  return (geometry.coordinates as unknown[]).map((coordinates) => ({ type: single, coordinates }) as Geometry);
}

function outlines(geometry: Geometry): Position[][] {
  if (geometry.type === 'LineString') return [geometry.coordinates];
  if (geometry.type === 'Polygon' || geometry.type === 'MultiLineString') return geometry.coordinates;
  return geometry.type === 'MultiPolygon' ? geometry.coordinates.flat() : [];
}

function positions(geometry: Geometry): readonly Position[] {
  if (geometry.type === 'Point') return [geometry.coordinates];
  return geometry.type === 'MultiPoint' ? geometry.coordinates : outlines(geometry).flat();
}

function dimension(geometry: Geometry): 0 | 1 | 2 {
  if (geometry.type.endsWith('Point')) return 0;
  return geometry.type.endsWith('LineString') ? 1 : 2;
}
