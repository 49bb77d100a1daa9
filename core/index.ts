/** The SDK: the only module a plug-in imports, as `#core`. */
export type * from './plugin.ts';
export type { Attribute, Entity, Geometry, GeoProperty, Json, Property, Relationship, ValueStatus } from './entity/entity.ts';
export { dateTime, measured, point, property, relationship, urn } from './entity/build.ts';
export { personalText, withheld } from './screen/personal-text.ts';
export { accepted, refused, ok, err, type Outcome, type Result } from './result.ts';
export { reject, type Rejection, type RejectionCode, type Stage } from './rejection.ts';
export { instant, localInstant, localInstants, rfc822Instant, secondsAfter } from './source/time.ts';
export { decimal } from './source/number.ts';
export { toWgs84, type Crs } from './source/crs.ts';
export { columnPointer, coordinatesOf, numberOf, pointOf, requiredText, requiredTexts, textOf } from './source/row.ts';
export { deviceUrn, refDevice } from './entity/device.ts';
export { observation, states, type AttributeTable } from './entity/observation.ts';
export { observedPeriod, periodStart } from './entity/period.ts';
export { airQuality, pollutants, pollutantsWithoutAttribute, withWholeIndex } from './entity/pollutants.ts';
export { stationEntity, stationSchema, type StationRecord } from './entity/station.ts';
export { stationState, stationValuesSchema, type StationValues } from './entity/station-values.ts';
export { commandResult } from './decode/command-result.ts';
export { deviceIdFault } from './decode/device-id.ts';
export { measurementReadings, measurementSchema, readFields, type Measurement } from './decode/fields.ts';
export { decentlabBattery, readDecentlab, type DecentlabGroup } from './decode/decentlab.ts';
export {
  deviceClock,
  frameSchema,
  hasLength,
  readFrame,
  readNumber,
  sizeOf,
  type FrameOutcome,
  type FrameReport,
  type NumberType,
} from './decode/frame.ts';
export { eventField, headerOf, numberField, readFrameFields, type FrameField } from './decode/frame-fields.ts';
export { deviceInstant } from './decode/instant.ts';
export { namedFields } from './decode/named-fields.ts';
export {
  milesightHistory,
  milesightHumidity,
  milesightNumber,
  milesightPosition,
  milesightTemperature,
  readMilesight,
  type MilesightChannels,
} from './decode/milesight.ts';
export { readPurpleair } from './decode/purpleair.ts';
export { sensorCommunityTable } from './decode/sensor-community.ts';
export { readParts, type FieldTable, type Part } from './decode/parts.ts';
export { frameUplink, type FrameFields } from './decode/frame-uplink.ts';
export { fromBase64, fromHex, isObject, parseJson, plainNumber, readJson, readText, toBase64 } from './decode/payload.ts';
export { readSparkplug, sparkplugRebirth, type SparkplugMetric } from './decode/sparkplug.ts';
export { versionsOf, versionText } from './decode/versions.ts';
export { plainName } from './source/names.ts';
export { looksLikeSenml } from './decode/senml.ts';
export { looksLikeCbor, readSenmlCbor } from './decode/senml-cbor.ts';
