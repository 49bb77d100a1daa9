import { Problem } from '../problems.ts';
import { geometryFault, GEOMETRY_TYPES, type Geometry } from '../../../core/entity/geojson.ts';
import type { ResolvedContext } from '../types.ts';
import { distanceBetween, relate, RELATIONS, type Relation } from './geometry.ts';
import type { EntityTest } from './logic.ts';

/** The members of a geoquery as in URI parameters or `geoQ`; `coordinates` as JSON or its text. */
export interface GeoParams {
  readonly georel?: unknown;
  readonly geometry?: unknown;
  readonly coordinates?: unknown;
  readonly geoproperty?: unknown;
}

/** A geoquery of clause 4.10; undefined when none of its members is there. Throws `Problem` BadRequestData when it is incomplete. */
export function parseGeo(params: GeoParams, context: ResolvedContext): EntityTest | undefined {
  const { georel, geometry, coordinates, geoproperty } = params;
  if (georel === undefined && geometry === undefined && coordinates === undefined) {
    if (geoproperty === undefined) return undefined;
    throw invalid('geoproperty needs georel, geometry and coordinates');
  }
  if (typeof georel !== 'string') throw invalid('georel is missing');
  if (typeof geometry !== 'string') throw invalid('geometry is missing');
  if (!GEOMETRY_TYPES.includes(geometry)) throw invalid(`geometry: one of ${GEOMETRY_TYPES.join(', ')} is expected, not ${geometry}`);
  if (coordinates === undefined) throw invalid('coordinates are missing');
  const reference = { type: geometry, coordinates: readCoordinates(coordinates) } as Geometry;
  const fault = geometryFault(reference);
  if (fault !== undefined) throw invalid(fault);
  if (geoproperty !== undefined && typeof geoproperty !== 'string') throw invalid('geoproperty is a name');
  const property = context.expandName(geoproperty ?? 'location');
  const test = parseGeorel(georel, reference);
  return (entity) => (entity.attributes[property] ?? []).some((one) => one.type === 'GeoProperty' && test(one.value as Geometry));
}

function parseGeorel(georel: string, reference: Geometry): (geometry: Geometry) => boolean {
  const [name = '', ...modifiers] = georel.split(';').map((part) => part.trim());
  if (name === 'near') {
    const match = /^(maxDistance|minDistance)==([0-9]+(?:\.[0-9]+)?)$/.exec(modifiers[0] ?? '');
    if (match === null || modifiers.length !== 1) throw invalid(`${georel}: near needs ;maxDistance==metres or ;minDistance==metres`);
    const metres = Number(match[2]);
    if (metres === 0 || !Number.isFinite(metres)) throw invalid(`${georel}: a distance above 0 is expected`);
    return match[1] === 'maxDistance'
      ? (geometry) => distanceBetween(geometry, reference) <= metres
      : (geometry) => distanceBetween(geometry, reference) >= metres;
  }
  if (!(RELATIONS as readonly string[]).includes(name)) throw invalid(`georel: near, ${RELATIONS.join(', ')} are known, not ${name}`);
  if (modifiers.length > 0) throw invalid(`${name} takes no modifier`);
  return (geometry) => relate(geometry, name as Relation, reference);
}

function readCoordinates(given: unknown): unknown {
  if (typeof given !== 'string') return given;
  try {
    return JSON.parse(given);
  } catch {
    throw invalid(`coordinates: ${given} is no JSON array`);
  }
}

function invalid(detail: string): Problem {
  return new Problem('BadRequestData', 'Invalid geoquery', detail);
}
