import { deviceInstant } from '../decode/instant.ts';
import type { Instant, Uplink } from '../plugin.ts';
import { reject, type Rejection } from '../rejection.ts';
import { refused, type Outcome } from '../result.ts';
import { dateTime, urn } from './build.ts';
import { checkTime, uri } from './check-value.ts';
import { meantBy } from './computed.ts';
import { attributesOf, type Attribute, type Entity, type Geometry, type Json } from './entity.ts';
import { Faults, pointerToken, quote } from './faults.ts';
import type { Model } from './models.ts';

export interface ProvisionedAttribute {
  /** Name in the measure; left out: `name`. */
  readonly object_id?: string;
  readonly name: string;
  readonly type?: string;
  readonly metadata?: Readonly<Record<string, { readonly value: unknown }>>;
  /** JEXL; its value is published instead of the one that was sent. */
  readonly expression?: string;
}

export interface StaticAttribute extends ProvisionedAttribute {
  readonly value?: unknown;
}

/** A device as the IoT Agents' provisioning API described it, with what its service group adds. */
export interface Provisioned {
  readonly deviceId: string;
  readonly entityName: string;
  readonly entityType: string;
  readonly attributes: readonly ProvisionedAttribute[];
  readonly staticAttributes: readonly StaticAttribute[];
  /** Only attributes that were provisioned are published, or of them those named here. */
  readonly explicitAttrs: boolean | readonly string[];
}

/** What was measured at one moment, under the device's own names. */
interface Measure {
  readonly observedAt: Instant;
  readonly fields: Readonly<Record<string, unknown>>;
}

const attributeName = /^(?!(?:id|type)$)[A-Za-z][A-Za-z0-9_-]{0,99}$/;
const mostMeasures = 10_000;

/**
 * The measures of one uplink as states of the provisioned entity. Names and types are those that were provisioned; of a type of the Smart
 * Data Models (`model`) the unit codes and `dateObserved` are filled in as the model has them. Refuses `malformed_payload`,
 * `invalid_time`, `invalid_value`, `too_large`, `no_measurement`.
 * Source: the measures of the IoT Agents for JSON and UltraLight 2.0.
 */
export function provisionedEntities(uplink: Uplink, device: Provisioned, model: Model | undefined): Outcome<Entity> {
  const measures = measuresOf(uplink);
  const rejections = [...measures.rejections];
  const values: Entity[] = [];
  for (const { observedAt, fields } of measures.values) {
    const entity: Entity = { id: idOf(device), type: device.entityType };
    for (const fixed of device.staticAttributes) {
      const attribute = attributeOf(fixed.value, fixed);
      if (attribute !== undefined) entity[fixed.name] = attribute;
    }
    let count = 0;
    for (const { key, meaning, isProvisioned, raw } of meantBy(fields, device)) {
      if (!isWanted(meaning.name, isProvisioned, device.explicitAttrs)) continue;
      const attribute = raw.ok && attributeName.test(meaning.name) ? attributeOf(raw.value, meaning) : undefined;
      if (attribute === undefined) {
        const was = raw.ok ? quote(raw.value) : raw.error;
        const message = `${key} of "${device.deviceId}" is ${was}, expected ${meaning.type ?? 'a value'} under a name of letters, digits, _ and -`;
        rejections.push(reject('decode', 'invalid_value', message, `/${pointerToken(key)}`));
        continue;
      }
      entity[meaning.name] = withUnit({ ...attribute, observedAt } as Attribute, model?.attributes[meaning.name]?.unitCode);
      count += 1;
    }
    if (count === 0) continue;
    if (model?.attributes['dateObserved'] !== undefined) entity['dateObserved'] ??= dateTime(observedAt);
    values.push(entity);
  }
  if (values.length === 0 && rejections.length === 0) {
    rejections.push(reject('decode', 'no_measurement', `"${device.deviceId}" sent none of its provisioned attributes`));
  }
  return { values, rejections };
}

function isWanted(name: string, isProvisioned: boolean, explicit: Provisioned['explicitAttrs']): boolean {
  return typeof explicit === 'boolean' ? isProvisioned || !explicit : explicit.includes(name);
}

/** A name that is a URI is the id itself, as the IoT Agents do it for NGSI-LD. */
export function idOf({ entityName, entityType }: Provisioned): string {
  return /^urn:[a-z0-9][a-z0-9-]{1,31}:.+/i.test(entityName) ? entityName : urn(entityType, entityName);
}

function withUnit(attribute: Attribute, unitCode: string | undefined): Attribute {
  const isNumber = attribute.type === 'Property' && typeof attribute.value === 'number';
  return isNumber && unitCode !== undefined && attribute.unitCode === undefined ? { ...attribute, unitCode } : attribute;
}

/** A value in the form that its provisioned type asks for, a geometry and `location` as GeoProperty; undefined when it cannot be that. */
function attributeOf(raw: unknown, { name, type = '', metadata }: ProvisionedAttribute): Attribute | undefined {
  const kind = type.toLowerCase();
  if (kind === 'relationship') {
    const targets = Array.isArray(raw) ? (raw as unknown[]) : [raw];
    if (!targets.every((target): target is string => typeof target === 'string' && uri.test(target))) return undefined;
    return { type: 'Relationship', object: Array.isArray(raw) ? targets : (targets[0] ?? '') };
  }
  const geometry = /^geo/.test(kind) || name === 'location' || (type === '' && typeof raw === 'object') ? geometryOf(raw) : undefined;
  if (/^geo/.test(kind) || name === 'location' || geometry !== undefined) {
    return geometry === undefined ? undefined : { type: 'GeoProperty', value: geometry };
  }
  const value = valueOf(raw, kind);
  if (value === undefined) return undefined;
  const unitCode = metadata?.['unitCode']?.value;
  return { type: 'Property', value, ...(typeof unitCode === 'string' && unitCode !== '' ? { unitCode } : {}) };
}

function valueOf(raw: unknown, kind: string): Json | undefined {
  if (['number', 'integer', 'float', 'double'].includes(kind)) {
    const value = numberOf(raw);
    return value === undefined || (kind === 'integer' && !Number.isInteger(value)) ? undefined : value;
  }
  if (kind === 'boolean') {
    const word = String(raw).toLowerCase();
    return ['true', '1', 'false', '0'].includes(word) ? word === 'true' || word === '1' : undefined;
  }
  if (['text', 'string'].includes(kind)) return typeof raw === 'object' || raw === '' ? undefined : String(raw);
  if (kind === 'datetime' || kind === 'date-time') {
    const moment = deviceInstant(raw);
    return moment === undefined ? undefined : { '@type': 'DateTime', '@value': moment };
  }
  if (typeof raw === 'string') return raw.trim() === '' ? undefined : (numberOf(raw) ?? raw);
  return isJson(raw) ? raw : undefined;
}

function numberOf(raw: unknown): number | undefined {
  if (typeof raw === 'number') return Number.isFinite(raw) ? raw : undefined;
  return typeof raw === 'string' && /^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?\s*$/.test(raw) ? Number(raw) : undefined;
}

function isJson(value: unknown): value is Json {
  if (Array.isArray(value)) return value.length > 0 && value.every(isJson);
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0 && Object.values(value).every(isJson);
  return (
    typeof value === 'boolean' ||
    (typeof value === 'number' && Number.isFinite(value)) ||
    (typeof value === 'string' && value.trim() !== '')
  );
}

/** GeoJSON, or latitude and longitude as the text of the IoT Agents' `geo:point`: `"46.0, 14.03"`. */
function geometryOf(raw: unknown): Geometry | undefined {
  if (typeof raw === 'object' && raw !== null && 'type' in raw && 'coordinates' in raw) {
    const depth = ['Point', 'LineString', 'Polygon'].indexOf(String(raw.type));
    return depth >= 0 && Object.keys(raw).length === 2 && isPositions(raw.coordinates, depth) ? (raw as Geometry) : undefined;
  }
  const parts = (typeof raw === 'string' ? raw.split(',') : []).map(numberOf);
  const [latitude, longitude] = parts;
  if (parts.length !== 2 || latitude === undefined || longitude === undefined) return undefined;
  if (Math.abs(latitude) > 90 || Math.abs(longitude) > 180) return undefined;
  return { type: 'Point', coordinates: [longitude, latitude] };
}

/** Positions, lists of them or lists of lists, anywhere on earth: where an integrator's devices stand is not known here. */
function isPositions(value: unknown, depth: number): boolean {
  if (!Array.isArray(value) || value.length === 0) return false;
  if (depth > 0) return value.every((item) => isPositions(item, depth - 1));
  const [longitude, latitude] = value as unknown[];
  const isNumber = (one: unknown, most: number): boolean => typeof one === 'number' && Math.abs(one) <= most;
  return value.length <= 3 && isNumber(longitude, 180) && isNumber(latitude, 90);
}

function measuresOf({ body, receivedAt }: Uplink): Outcome<Measure> {
  const states: readonly (Record<string, unknown> | undefined)[] =
    body.kind === 'json'
      ? (Array.isArray(body.value) ? (body.value as unknown[]) : [body.value]).map((state) =>
          typeof state === 'object' && state !== null && !Array.isArray(state) ? (state as Record<string, unknown>) : undefined,
        )
      : body.kind === 'text'
        ? body.text.trim().split('#').map(ultralight)
        : [undefined];
  if (states.length > mostMeasures) {
    return refused(reject('decode', 'too_large', `the message holds ${states.length} measures; expected at most ${mostMeasures}`));
  }
  const values: Measure[] = [];
  const rejections: Rejection[] = [];
  for (const [i, state] of states.entries()) {
    const pointer = states.length > 1 ? `/${i}` : '';
    if (state === undefined) {
      rejections.push(reject('decode', 'malformed_payload', 'a measure is neither a JSON object nor name|value pairs', pointer));
      continue;
    }
    const { TimeInstant: stamp, ...fields } = state;
    const observedAt = stamp === undefined || stamp === null ? receivedAt : deviceInstant(stamp);
    if (observedAt === undefined) {
      const message = `TimeInstant is ${quote(stamp)}; expected ISO 8601 with Z or offset, or Unix time`;
      rejections.push(reject('decode', 'invalid_time', message, `${pointer}/TimeInstant`));
    } else values.push({ observedAt, fields });
  }
  return { values, rejections };
}

/** `name|value` pairs, before them optionally the moment. */
function ultralight(group: string): Record<string, unknown> | undefined {
  const parts = group
    .trim()
    .split('|')
    .map((part) => part.trim());
  if (parts.length < 2) return undefined;
  const pairs = parts.length % 2 === 1 ? ['TimeInstant', ...parts] : parts;
  const fields: [string, string][] = [];
  for (let i = 0; i + 1 < pairs.length; i += 2) fields.push([pairs[i] ?? '', pairs[i + 1] ?? '']);
  return fields.some(([name]) => name === '') ? undefined : Object.fromEntries(fields);
}

/**
 * The check of an entity whose type or attributes are the integrator's own: moments that exist and do not lie in the future; names
 * and values are those that `provisionedEntities` lets through. What is faulty is left out, the rest goes on.
 */
export function checkOwn(entity: Entity, now: Instant): Outcome<Entity> {
  const faults = new Faults(now);
  const good: Entity = { id: entity.id, type: entity.type };
  for (const [name, attribute] of attributesOf(entity)) {
    const before = faults.rejections.length;
    const pointer = `/${pointerToken(name)}`;
    if (attribute.observedAt !== undefined)
      checkTime(attribute.observedAt, { pointer: `${pointer}/observedAt`, label: `${name}.observedAt` }, faults);
    if (faults.rejections.length === before) good[name] = attribute;
  }
  const isMeasured = attributesOf(good).some(([, { observedAt }]) => observedAt !== undefined);
  return { values: isMeasured ? [good] : [], rejections: faults.rejections };
}
