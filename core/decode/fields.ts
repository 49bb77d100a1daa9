import type { Instant, Reading } from '../plugin.ts';
import { reject, type Rejection } from '../rejection.ts';
import { deviceInstant } from './instant.ts';
import { isNoValue } from './no-value.ts';
import { isObject } from './payload.ts';
import { convert } from './units.ts';
import { meaningOf, unknownUnit, type Dialect, type Meaning } from './vocabulary.ts';

/** What was measured at one moment, by quantity, in the units of `schemas/quantities.json`. */
export interface Measurement {
  readonly observedAt: Instant;
  /** Start of the period over which all of it was counted or averaged, where the device says it. */
  readonly observedFrom?: Instant;
  readonly values: Readonly<Record<string, number>>;
}

/** Record schema of the decoders whose messages name their quantities. */
export const measurementSchema = {
  type: 'object',
  required: ['observedAt', 'values'],
  additionalProperties: false,
  properties: {
    observedAt: { type: 'string', format: 'date-time' },
    observedFrom: { type: 'string', format: 'date-time' },
    values: {
      type: 'object',
      minProperties: 1,
      propertyNames: { pattern: '^[A-Za-z][A-Za-z0-9]*$' },
      additionalProperties: { type: 'number' },
    },
  },
} as const;

export function measurementReadings({ values, observedAt, observedFrom }: Measurement): Reading[] {
  const readings: Reading[] = [];
  for (const quantity of Object.keys(values)) {
    const value = values[quantity] ?? NaN;
    readings.push(observedFrom === undefined ? { quantity, value, observedAt } : { quantity, value, observedAt, observedFrom });
  }
  return readings;
}

/** Numbers that say something about the transmission, not the world: passed over like texts and switches. */
const technical =
  /^(?:seq|sequence|msgid|fcnt|f_?port|counter|uptime|boot.*|reset.*|version|fw.*|hw.*|interval|crc|channel|sf|dr|lat.*|lon.*|lng|alt.*|gps.*|location|position|sensor_?error|status|error|protocol_version|device_?id|.*raw)$/i;

/** Fields that say in what the temperatures beside them are. */
const temperatureUnits = ['unit', 'temp_unit', 'tempUnit', 'TempUnit', 'temperature_unit', 'temperatureUnit', 'TemperatureUnit'];

/** A number, alone or with its unit: `30.11 °C`, `3,5`, `-1e-3`. */
const quantityText = /^\s*([+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d{1,3})?)\s*([^\d\s/:;,.|+-].*)?$/;

/**
 * Reads named fields (name → number, numeric text, text with unit, or an object with `value`, `unit` and a time of its own) into
 * measurements, oldest first; those under the names `skip` are not for it. One bad field does not cost the good ones. A name that means
 * nothing is refused once for the whole record (`unmapped_quantity`) when it holds a number or a group of them; texts, switches and
 * counters under such names are passed over. Also refuses `invalid_value`, `unsupported_unit`, `invalid_time`.
 */
export function readFields(
  fields: Readonly<Record<string, unknown>>,
  observedAt: Instant,
  dialect: Dialect,
  pointer = '',
  skip?: ReadonlySet<string>,
): { readonly values: Measurement[]; readonly rejections: Rejection[] } {
  // Nearly always all values share the moment of the message.
  const usual: Record<string, number> = {};
  let others: Map<Instant, Record<string, number>> | undefined;
  let contradictory: Set<string> | undefined;
  let unknown: string[] | undefined;
  const rejections: Rejection[] = [];
  const isFahrenheit = temperatureUnits.some((name) => fields[name] !== undefined && /^°?f(?:ahrenheit)?$/i.test(String(fields[name])));
  for (const name of Object.keys(fields)) {
    if (skip?.has(name) === true) continue;
    const raw = fields[name];
    const meaning = typeof raw === 'number' && Number.isFinite(raw) ? meaningOf(name, dialect) : undefined;
    // The usual case: a number in the quantity's own unit.
    if (typeof raw === 'number' && meaning !== undefined && givenUnit(meaning, raw, isFahrenheit) === meaning.unit) {
      if (!isNoValue(raw, meaning.unit)) {
        keep(meaning.quantity, raw, observedAt);
        continue;
      }
    }
    for (const field of flatten(name, raw, `${pointer}/${escape(name)}`)) {
      const read = readField(field, observedAt, dialect, isFahrenheit);
      if (read === undefined) continue;
      if (read === 'unknown') (unknown ??= []).push(field.name);
      else if ('code' in read) rejections.push(read);
      else keep(read.quantity, read.value, read.observedAt);
    }
  }
  function keep(quantity: string, value: number, at: Instant): void {
    let moment: Record<string, number> | undefined = usual;
    if (at !== observedAt) {
      others ??= new Map();
      moment = others.get(at);
      if (moment === undefined) others.set(at, (moment = {}));
    }
    const before = Object.hasOwn(moment, quantity) ? moment[quantity] : undefined;
    if (before !== undefined && before !== value) (contradictory ??= new Set()).add(quantity);
    moment[quantity] = value;
  }
  for (const quantity of contradictory ?? []) {
    for (const moment of [usual, ...(others?.values() ?? [])]) delete moment[quantity];
    rejections.push(reject('decode', 'invalid_value', `the message gives ${quantity} twice with different values; expected one`, pointer));
  }
  if (unknown !== undefined) {
    const names = unknown.slice(0, 20).map((name) => `"${name.slice(0, 40)}"`);
    rejections.push(
      reject('decode', 'unmapped_quantity', `no quantity of schemas/quantities.json is known by the name ${names.join(', ')}`, pointer),
    );
  }
  const values: Measurement[] = [];
  if (!isEmpty(usual)) values.push({ observedAt, values: usual });
  for (const [at, moment] of others ?? []) if (!isEmpty(moment)) values.push({ observedAt: at, values: moment });
  if (values.length > 1) values.sort((a, b) => (a.observedAt < b.observedAt ? -1 : 1));
  return { values, rejections };
}

function isEmpty(moment: object): boolean {
  for (const name in moment) if (name !== '') return false;
  return true;
}

interface Field {
  readonly name: string;
  readonly value: unknown;
  readonly unit?: string;
  readonly time?: unknown;
  readonly pointer: string;
}

/** A field as it is, or the one or many values that it wraps as `{value, unit, timestamp}`. */
function flatten(name: string, raw: unknown, pointer: string): Field[] {
  if (Array.isArray(raw) && raw.length > 0 && raw.every(wrapsValue)) {
    return raw.flatMap((member, i) => flatten(name, member, `${pointer}/${i}`));
  }
  if (!wrapsValue(raw)) return [{ name, value: raw, pointer }];
  const unit = raw['unit'] ?? raw['unitCode'] ?? metadataOf(raw, 'unitCode');
  const time = raw['timestamp'] ?? raw['observedAt'] ?? raw['TimeInstant'] ?? metadataOf(raw, 'TimeInstant') ?? undefined;
  return [{ name, value: raw['value'], pointer: `${pointer}/value`, time, ...(typeof unit === 'string' && unit !== '' ? { unit } : {}) }];
}

/** NGSI-v2 says time and unit in the metadata of a value. */
function metadataOf(raw: Readonly<Record<string, unknown>>, name: string): unknown {
  const metadata = isObject(raw['metadata']) && Object.hasOwn(raw['metadata'], name) ? raw['metadata'][name] : undefined;
  return isObject(metadata) ? metadata['value'] : undefined;
}

function wrapsValue(value: unknown): value is Readonly<Record<string, unknown>> {
  return isObject(value) && Object.hasOwn(value, 'value');
}

function readField(
  field: Field,
  observedAt: Instant,
  dialect: Dialect,
  isFahrenheit: boolean,
): Reading | Rejection | 'unknown' | undefined {
  const { name, value, pointer } = field;
  const meaning = meaningOf(name, dialect);
  const number = numberOf(value, meaning);
  if (meaning === undefined) return technical.test(name) || (number === undefined && !holdsNumber(value)) ? undefined : 'unknown';
  if (value === null || value === '') return undefined;
  if (number === undefined || !Number.isFinite(number.value) || isNoValue(number.value, meaning.unit)) {
    return reject(
      'decode',
      'invalid_value',
      `${name} is ${JSON.stringify(value).slice(0, 80)}; expected a measured number in ${meaning.unit}`,
      pointer,
    );
  }
  const at = field.time === undefined ? observedAt : deviceInstant(field.time);
  if (at === undefined) {
    return reject(
      'decode',
      'invalid_time',
      `${name} is stamped ${JSON.stringify(field.time).slice(0, 80)}; expected ISO 8601 with offset`,
      pointer,
    );
  }
  const unit = field.unit ?? number.unit ?? givenUnit(meaning, number.value, isFahrenheit);
  const converted = convert(number.value, unit, meaning.unit);
  if (converted === undefined) {
    return reject(
      'decode',
      'unsupported_unit',
      `${name} is ${number.value} ${unit === unknownUnit ? 'without a unit' : `in the unit "${unit}"`}; expected a unit that converts to ${meaning.unit}`,
      pointer,
    );
  }
  if (meaning.unit === '0/1' && converted !== 0 && converted !== 1) {
    return reject('decode', 'invalid_value', `${name} is ${number.value}; expected true or false, 1 or 0`, pointer);
  }
  return { quantity: meaning.quantity, value: converted, observedAt: at };
}

/** A group of fields (`bme280: {temperature: 21}`) is not entered: what stands in it may as well be a threshold. */
function holdsNumber(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.values(value).some((member) => typeof member === 'number');
}

/** A switch is a number only where its name means a state. */
function numberOf(value: unknown, meaning: Meaning | undefined): { readonly value: number; readonly unit?: string } | undefined {
  if (typeof value === 'number') return { value };
  if (typeof value === 'string') return fromText(value);
  return typeof value === 'boolean' && meaning?.unit === '0/1' ? { value: Number(value) } : undefined;
}

/** The number of a text, with its unit where it has one. */
export function fromText(text: string): { readonly value: number; readonly unit?: string } | undefined {
  const match = text.length <= 64 ? quantityText.exec(text) : null;
  if (match === null) return undefined;
  const value = Number(match[1]?.replace(',', '.'));
  const unit = match[2]?.trim();
  return unit === undefined || unit === '' ? { value } : { value, unit };
}

function givenUnit(meaning: Meaning, value: number, isFahrenheit: boolean): string {
  if (isFahrenheit && meaning.given === '°C') return '°F';
  if (meaning.given === 'battery by size')
    // 1 is a full battery to some and an empty one to others.
    return Number.isInteger(value) && value !== 1 && value >= 0 && value <= 100 ? '%' : value > 5 && value < 100 ? '%' : unknownUnit;
  if (meaning.given === 'volts by size') return Math.abs(value) <= 60 ? 'V' : value >= 900 && value <= 60_000 ? 'mV' : unknownUnit;
  // Air is never that dry: it is a share, 1 of it saturated, or a sensor that is broken.
  if (meaning.given === 'humidity by size') return value > 0 && value <= 1 ? unknownUnit : '%';
  if (meaning.given !== 'by size') return meaning.given;
  if (value >= 300 && value <= 1100) return 'hPa';
  if (value >= 30_000 && value <= 110_000) return 'Pa';
  return value >= 30 && value <= 110 ? 'kPa' : unknownUnit;
}

function escape(name: string): string {
  return name.slice(0, 64).replaceAll('~', '~0').replaceAll('/', '~1');
}
