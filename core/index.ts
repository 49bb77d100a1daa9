/** The SDK: the only module a plug-in imports, as `#core`. */
export type * from './plugin.ts';
export type { Attribute, Entity, Geometry, GeoProperty, Json, Property, Relationship, ValueStatus } from './entity/entity.ts';
export { dateTime, measured, point, property, relationship, urn } from './entity/build.ts';
export { accepted, refused, ok, err, type Outcome, type Result } from './result.ts';
export { reject, type Rejection, type RejectionCode, type Stage } from './rejection.ts';
