import type { Instant } from '../plugin.ts';

/** JSON as NGSI-LD carries it in a Property. */
export type Json = string | number | boolean | Json[] | { [key: string]: Json };

/** A typed moment, the normalized form of a date-time value (ETSI GS CIM 009, 4.6.3). */
export interface DateTimeValue {
  '@type': 'DateTime';
  '@value': Instant;
}

/** GeoJSON geometry in WGS84, [longitude, latitude]. */
export type Geometry =
  | { type: 'Point'; coordinates: [number, number] }
  | { type: 'LineString'; coordinates: [number, number][] }
  | { type: 'Polygon'; coordinates: [number, number][][] }
  | { type: 'MultiPolygon'; coordinates: [number, number][][][] };

export interface Property {
  type: 'Property';
  value: Json | DateTimeValue;
  /** When the value was measured. */
  observedAt?: Instant;
  /** UN/CEFACT Recommendation 20 common code. */
  unitCode?: string;
  /** What is known of the value's quality, one of `valueStatuses`; absent: nothing to remark. Core term `status`. */
  status?: Property;
}

export interface GeoProperty {
  type: 'GeoProperty';
  value: Geometry;
  observedAt?: Instant;
}

export interface Relationship {
  type: 'Relationship';
  /** The target, or a list of targets where the model has a list. */
  object: string | string[];
  observedAt?: Instant;
}

export type Attribute = Property | GeoProperty | Relationship;

/** One state of an NGSI-LD entity in normalized form, with short names; the context belongs to the type's subject. */
export interface Entity {
  id: string;
  type: string;
  [attribute: string]: string | Attribute;
}

/**
 * Quality remarks on a value, carried as the sub-property `status` (https://uri.etsi.org/ngsi-ld/status, the same IRI in every subject context).
 * - `belowDetectionLimit`: the true value lies between zero and the value given, which is the detection limit.
 * - `outsidePhysicalBounds`: the value lies outside the bounds of `schemas/quantities.json`; published as it came.
 * - `suspect`: the source itself marks the value as doubtful.
 * - `goneFromSource`: on `source`; the publisher's complete snapshot no longer has what this entity was made of (`core/source/vanished.ts`).
 * - `restamped`: the device's clock was wrong; the moment given is that of the arrival (`core/decode/clock.ts`).
 */
export const valueStatuses = ['belowDetectionLimit', 'outsidePhysicalBounds', 'suspect', 'restamped', 'goneFromSource'] as const;
export type ValueStatus = (typeof valueStatuses)[number];

/** The attributes of an entity, without id and type. */
export function attributesOf(entity: Entity): [string, Attribute][] {
  return Object.entries(entity).filter((entry): entry is [string, Attribute] => typeof entry[1] !== 'string');
}
