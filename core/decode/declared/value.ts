import { fromText } from '../fields.ts';
import { converter } from '../units.ts';
import { vocabularyUnits } from '../vocabulary.ts';
import type { ValueRule } from './declaration.ts';

/** A value in the quantity's own unit; nothing, where there is none now; or why it is refused. */
export type Read = number | undefined | { readonly code: 'invalid_value' | 'unsupported_unit'; readonly message: string };

export interface ValueReader {
  readonly quantity: string;
  readonly range: readonly [minimum: number, maximum: number] | undefined;
  /** A number out of a frame. */
  number(raw: number): Read;
  /** A JSON value: a number, a text with or without a unit, a word, a switch. */
  json(raw: unknown): Read;
}

/** Why a value rule cannot work, for the person who wrote it; undefined when it can. */
export function valueFault({ quantity, unit }: ValueRule): readonly [field: 'quantity' | 'unit', fault: string] | undefined {
  const own = vocabularyUnits.get(quantity);
  if (own === undefined) return ['quantity', `"${quantity}" is not in schemas/quantities.json`];
  if (unit === undefined || converter(unit, own) !== undefined) return undefined;
  return ['unit', `"${unit}" does not convert to ${own}, the unit of ${quantity}`];
}

/** A rule that `valueFault` finds nothing wrong with, made ready. */
export function valueReader(rule: ValueRule): ValueReader {
  const { quantity, range, values } = rule;
  const own = vocabularyUnits.get(quantity) ?? '';
  const unit = rule.unit ?? own;
  const toOwn = converter(unit, own) ?? ((value: number) => value);
  const scaled = scaler(rule);
  const absent = new Set((rule.absent ?? []).map(wordOf));
  const invalid = new Map(Object.entries(rule.invalid ?? {}).map(([code, text]) => [wordOf(code), text]));
  const meanings = values === undefined ? undefined : new Map(Object.entries(values).map(([word, value]) => [wordOf(word), value]));
  const isPlain = absent.size === 0 && invalid.size === 0 && meanings === undefined;
  const isState = own === '0/1';

  /** What a table says of a number or word; `raw` back when none does. */
  function looked(raw: number | string | boolean): Read | { readonly raw: typeof raw } {
    const word = wordOf(raw);
    if (absent.has(word)) return undefined;
    const text = invalid.get(word);
    if (text !== undefined) return { code: 'invalid_value', message: `there is no ${quantity}: ${text}` };
    if (meanings === undefined) return { raw };
    return meanings.get(word) === undefined
      ? {
          code: 'invalid_value',
          message: `${quantity} is ${JSON.stringify(raw).slice(0, 80)}; expected one of ${[...meanings.keys()].join(', ')}`,
        }
      : { raw: meanings.get(word) as number };
  }

  function finite(value: number): Read {
    return Number.isFinite(value) ? value : { code: 'invalid_value', message: `${quantity} is ${value}; expected a number` };
  }

  function number(raw: number): Read {
    if (isPlain) return finite(toOwn(scaled(raw)));
    const found = looked(raw);
    if (typeof found !== 'object' || 'code' in found) return found;
    return finite(toOwn(scaled(found.raw as number)));
  }

  function json(raw: unknown): Read {
    if (raw === undefined || raw === null || raw === '') return undefined;
    const fault: Read = {
      code: 'invalid_value',
      message: `${quantity} is ${JSON.stringify(raw)?.slice(0, 80)}; expected ${isState ? 'true or false' : `a number in ${unit}`}`,
    };
    if (typeof raw !== 'number' && typeof raw !== 'string' && typeof raw !== 'boolean') return fault;
    const found = looked(raw);
    if (typeof found !== 'object' || 'code' in found) return found;
    const known = found.raw;
    if (typeof known === 'number') return finite(toOwn(scaled(known)));
    if (typeof known === 'boolean') return isState ? finite(toOwn(scaled(Number(known)))) : fault;
    const given = fromText(known);
    if (given === undefined) return fault;
    if (given.unit === undefined) return number(given.value);
    // A text that names its unit is as it says: the scale is that of plain numbers.
    const convert = converter(given.unit, own);
    return convert === undefined
      ? { code: 'unsupported_unit', message: `${quantity} is in the unit "${given.unit}"; expected a unit that converts to ${own}` }
      : finite(convert(given.value));
  }

  return { quantity, range, number, json };
}

/** 219 × 0.1 is 21.900000000000002, 219 / 10 is 21.9: where the scale is one over a whole number, it is divided by that. */
function scaler({ scale = 1, offset = 0 }: ValueRule): (raw: number) => number {
  const divisor = Math.round(1 / scale);
  const isWhole = Math.abs(divisor * scale - 1) < 1e-12;
  if (isWhole && offset === 0) return divisor === 1 ? (raw) => raw : (raw) => raw / divisor;
  if (Number.isInteger(scale) && Number.isInteger(offset)) return (raw) => raw * scale + offset;
  return (raw) => Number(((isWhole ? raw / divisor : raw * scale) + offset).toPrecision(12));
}

function wordOf(raw: number | string | boolean): string {
  return String(raw).trim().toLowerCase();
}
