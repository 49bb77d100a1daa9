import type { Device, Instant } from '../plugin.ts';
import { reject, type Rejection } from '../rejection.ts';
import type { Outcome } from '../result.ts';
import { fromText, type Measurement } from './fields.ts';
import { isNoValue } from './no-value.ts';
import { isObject } from './payload.ts';
import { convert } from './units.ts';
import { vocabularyUnits } from './vocabulary.ts';

/**
 * A vendor's own names: path of members (apart by `/`) → our quantity, the unit in which the vendor gives a plain number, and the numbers
 * by which the sensor says that it measured nothing.
 */
export type FieldTable = Readonly<Record<string, readonly [quantity: string, unit: string, noValue?: readonly number[]]>>;

/** One sensor or component within a message. Of several names for one quantity the first of the table counts. */
export interface Part {
  readonly fields: unknown;
  readonly table: FieldTable;
  readonly pointer: string;
}

/** What the device registry says of a message's values, by their path from the whole message. It stands over the tables. */
export interface Named {
  readonly message: unknown;
  readonly device: Device | undefined;
}

/**
 * What the parts of a message measured at one moment. Numbers may be texts, also with a unit; switches are numbers where the quantity is
 * a state; null and "" mean "no value now". Names that are in no table and not in the registry are passed over: they are settings of the
 * device. Two parts that give one quantity different values cost this quantity. Refuses `invalid_value`, `unsupported_unit`.
 */
export function readParts(parts: readonly Part[], observedAt: Instant, named?: Named): Outcome<Measurement> {
  const found = new Map<string, number>();
  const contradictory = new Set<string>();
  const rejections: Rejection[] = [];
  const names = named?.device?.fields;
  const registered = names === undefined ? undefined : registryPart(named?.message, names);
  for (const part of registered === undefined ? parts : [...parts, registered]) {
    const { fields, table, pointer } = part;
    const own = new Set<string>();
    for (const [path, [quantity, unit, noValue]] of Object.entries(table)) {
      if (names !== undefined && part !== registered && Object.hasOwn(names, `${pointer}/${path}`.slice(1))) continue;
      const value = own.has(quantity) ? undefined : memberOf(fields, path);
      if (value === undefined || value === null || value === '') continue;
      const read = noValue?.includes(plain(value)) === true ? nothingMeasured : readValue(value, quantity, unit);
      if (typeof read === 'number') {
        own.add(quantity);
        if (found.has(quantity) && found.get(quantity) !== read) contradictory.add(quantity);
        found.set(quantity, read);
      } else {
        rejections.push(
          reject('decode', read.code, `${path} is ${JSON.stringify(value).slice(0, 80)}; expected ${read.expected}`, `${pointer}/${path}`),
        );
      }
    }
  }
  for (const quantity of contradictory) {
    found.delete(quantity);
    rejections.push(reject('decode', 'invalid_value', `the message gives ${quantity} twice with different values; expected one`));
  }
  return { values: found.size === 0 ? [] : [{ observedAt, values: Object.fromEntries(found) }], rejections };
}

const nothingMeasured = { code: 'invalid_value', expected: 'a measured value; this number means that the sensor has none' } as const;

/** Not of what is neither number nor text: an object may have no form of a number at all. */
function plain(value: unknown): number {
  return typeof value === 'number' || typeof value === 'string' ? Number(value) : NaN;
}

function registryPart(message: unknown, names: NonNullable<Device['fields']>): Part {
  const table = Object.entries(names).map(([path, { quantity, unit }]): [string, readonly [string, string]] => [
    path,
    [quantity, unit ?? vocabularyUnits.get(quantity) ?? ''],
  ]);
  return { fields: message, table: Object.fromEntries(table), pointer: '' };
}

function memberOf(fields: unknown, path: string): unknown {
  let value = fields;
  for (const name of path.split('/')) {
    if (!isObject(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}

function readValue(
  value: unknown,
  quantity: string,
  usualUnit: string,
): number | { readonly code: 'invalid_value' | 'unsupported_unit'; readonly expected: string } {
  const unit = vocabularyUnits.get(quantity) ?? '';
  const isState = unit === '0/1';
  const given = typeof value === 'string' ? fromText(value) : { value: isState && typeof value === 'boolean' ? Number(value) : value };
  if (given === undefined || typeof given.value !== 'number' || !Number.isFinite(given.value)) {
    return { code: 'invalid_value', expected: isState ? 'true or false' : `a number in ${usualUnit}` };
  }
  if (isNoValue(given.value, unit)) return nothingMeasured;
  const givenUnit = 'unit' in given && typeof given.unit === 'string' ? given.unit : usualUnit;
  const converted = givenUnit === unit ? given.value : convert(given.value, givenUnit, unit);
  if (isState && converted !== 0 && converted !== 1) return { code: 'invalid_value', expected: 'true or false, 1 or 0' };
  return converted ?? { code: 'unsupported_unit', expected: `a unit that converts to ${unit}` };
}
