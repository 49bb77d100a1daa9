import { convert } from '../decode/units.ts';
import { decimal } from '../source/number.ts';
import type { Cell } from './cell.ts';

/** A number that a person wrote, with the unit that stands behind it in the cell. */
export interface Quantity {
  readonly value: number;
  readonly unit?: string;
}

const plain = /^[+-]?\d{1,15}$/;
/** Groups of three: `1.234.567,8`, `1 234,5`. */
const grouped = {
  ',': /^[+-]?\d{1,3}(?:\.\d{3})+(?:,\d{1,15})?$/,
  '.': /^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d{1,15})?$/,
} as const;
const simple = { ',': /^[+-]?\d{1,15}(?:,\d{1,15})?$/, '.': /^[+-]?\d{1,15}(?:\.\d{1,15})?$/ } as const;
const spaced = /^[+-]?\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?:[.,]\d{1,15})?$/;
/** A number and what stands behind it. */
const withUnit = /^([+-]?[\d.,  \u202f]*\d)[ \u00a0\u202f]*([%‰°\p{L}][^\s]*)$/u;

/**
 * The number of a text whose decimal mark is known; the other mark may stand between groups of three, where it is well placed.
 * Without a known mark either one is taken, and none between thousands. Undefined for anything else: `1e3`, `1.5` with a decimal comma.
 */
export function localNumber(text: string, mark?: ',' | '.'): number | undefined {
  if (plain.test(text)) return Number(text);
  const minus = text.charCodeAt(0) === 0x2212 ? `-${text.slice(1)}` : text;
  if (mark === undefined) return spaced.test(minus) ? decimal(minus.replace(/[ \u00a0\u202f]/g, '')) : decimal(minus);
  if (simple[mark].test(minus)) return Number(mark === ',' ? minus.replace(',', '.') : minus);
  if (grouped[mark].test(minus)) return Number(mark === ',' ? minus.replaceAll('.', '').replace(',', '.') : minus.replaceAll(',', ''));
  if (spaced.test(minus)) return localNumber(minus.replace(/[ \u00a0\u202f]/g, ''), mark);
  return undefined;
}

/** The number of a cell and its own unit, if it writes one: `45 %`, `12,5 m³`. Undefined for what is no number. */
export function quantityOf(cell: Cell, mark?: ',' | '.'): Quantity | undefined {
  if (typeof cell === 'number') return { value: cell };
  if (typeof cell === 'object') return { value: cell.percent, unit: '%' };
  if (typeof cell === 'boolean') return undefined;
  const value = localNumber(cell, mark);
  if (value !== undefined) return { value };
  const [, digits = '', unit] = withUnit.exec(cell) ?? [];
  const number = unit === undefined ? undefined : localNumber(digits.trim(), mark);
  return number === undefined ? undefined : { value: number, unit };
}

/** Whether two names are of one unit: m3 and m³. */
export function isSameUnit(one: string, other: string): boolean {
  return one === other || (convert(1, one, other) === 1 && convert(0, one, other) === 0);
}
