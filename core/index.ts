/** The SDK: the only module a plug-in imports, as `#core`. */
export type * from './plugin.ts';
export type { Attribute, Entity, Geometry, GeoProperty, Json, Property, Relationship, ValueStatus } from './entity/entity.ts';
export { dateTime, measured, point, property, relationship, urn } from './entity/build.ts';
export { accepted, refused, ok, err, type Outcome, type Result } from './result.ts';
export { reject, type Rejection, type RejectionCode, type Stage } from './rejection.ts';
export { instant, localInstant, localInstants, rfc822Instant } from './source/time.ts';
export { decimal } from './source/number.ts';
export { toWgs84, type Crs } from './source/crs.ts';
export { columnPointer, numberOf, requiredText, textOf } from './source/row.ts';
