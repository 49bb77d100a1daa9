/** The SDK: the only module a plug-in imports, as `#core`. */
export type * from './plugin.ts';
export type { Attribute, Entity, Geometry, GeoProperty, Json, Property, Relationship, ValueStatus } from './entity/entity.ts';
export { dateTime, measured, point, property, relationship, urn } from './entity/build.ts';
export { accepted, refused, ok, err, type Outcome, type Result } from './result.ts';
export { reject, type Rejection, type RejectionCode, type Stage } from './rejection.ts';
export { instant, localInstant, localInstants, rfc822Instant } from './source/time.ts';
export { decimal } from './source/number.ts';
export { toWgs84, type Crs } from './source/crs.ts';
export { columnPointer, coordinatesOf, numberOf, requiredText, requiredTexts, textOf } from './source/row.ts';
export { deviceUrn } from './entity/device.ts';
export { byMoment, observation, unmapped, type AttributeTable } from './entity/observation.ts';
export { deviceIdFault } from './decode/device-id.ts';
export { measurementReadings, measurementSchema, readFields, type Measurement } from './decode/fields.ts';
export { deviceInstant } from './decode/instant.ts';
export { frameUplink, type FrameFields } from './decode/frame-uplink.ts';
export { fromBase64, isObject, parseJson, readJson, readText } from './decode/payload.ts';
export { plainName } from './source/names.ts';
export { looksLikeSenml } from './decode/senml.ts';
