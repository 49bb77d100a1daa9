import { converter } from '../decode/units.ts';
import type { Json } from '../entity/entity.ts';
import type { AttributeModel, ValueShape } from '../entity/models.ts';
import type { Row } from '../plugin.ts';
import { textOfCell, type Cell, type RowFaults } from './cell.ts';
import type { Compiler } from './compiler.ts';
import type { Expression } from './mapping.ts';
import { isSameUnit, quantityOf } from './number.ts';
import { fixedOrColumn } from './sources.ts';

/** Makes of a cell what the model wants; undefined where it cannot, with the reason in `faults`. */
export type Shaper = (cell: Cell, row: Row, faults: RowFaults, name: string | undefined) => Json | undefined;

/** The shaper of a simple value; lists and objects are put together from these. */
export function shaperOf(
  shape: ValueShape,
  model: AttributeModel,
  expression: Expression,
  compiler: Compiler,
  path: readonly string[],
): Shaper {
  switch (shape.type) {
    case 'number':
    case 'integer': {
      const number = numberShaper(shape, model, expression, compiler, path);
      // A word that the model takes as well stays a word.
      return shape.or === undefined ? number : eitherShaper(number, textShaper, compiler);
    }
    case 'boolean':
      return booleanShaper;
    case 'string':
      return shape.or?.type === 'number'
        ? eitherShaper(numberShaper(shape.or, model, expression, compiler, path), textShaper, compiler)
        : textShaper;
    default:
      return textShaper;
  }
}

const textShaper: Shaper = (cell) => textOfCell(cell);

function eitherShaper(number: Shaper, text: Shaper, compiler: Compiler): Shaper {
  return (cell, row, faults, name) =>
    quantityOf(cell, compiler.mark) === undefined ? text(cell, row, faults, name) : number(cell, row, faults, name);
}

const truths = new Map<string, boolean>([
  ...['da', 'true', 'yes', '1', 'x', 'd', 'resnično'].map((word) => [word, true] as const),
  ...['ne', 'false', 'no', '0', 'n', 'neresnično'].map((word) => [word, false] as const),
]);

const booleanShaper: Shaper = (cell, _row, faults, name) => {
  if (typeof cell === 'boolean') return cell;
  const text = textOfCell(cell);
  const truth = truths.get(text.toLowerCase());
  return truth ?? faults.add('invalid_value', `${name ?? 'the value'} is "${text}"; expected da or ne (or true, false, 1, 0)`, name);
};

function numberShaper(
  shape: ValueShape,
  model: AttributeModel,
  expression: Expression,
  compiler: Compiler,
  path: readonly string[],
): Shaper {
  const { mark } = compiler;
  const { fixed, read } = fixedOrColumn(expression.unit, compiler, [...path, 'unit']);
  const target = model.unit;
  if (fixed !== undefined && target !== undefined && converter(fixed, target) === undefined) {
    compiler.fault([...path, 'unit'], `"${fixed}" cannot be converted to ${target}, the unit of the model`);
  }
  const converters = new Map<string, ((value: number) => number) | undefined>();
  const whole = wholeNumber(shape, expression);

  return (cell, row, faults, name) => {
    const found = quantityOf(cell, mark);
    if (found === undefined)
      return faults.add('invalid_value', `${name ?? 'the value'} is ${shown(cell)}; expected ${numberWords(mark)}`, name);
    const before = faults.rejections.length;
    const declared = read(row, faults);
    if (faults.rejections.length > before) return undefined;
    if (declared === undefined && fixed === undefined && expression.unit !== undefined) {
      return faults.add(
        'unsupported_unit',
        `${name ?? 'the value'} is ${shown(cell)} without a unit; the mapping takes the unit from a column`,
        name,
      );
    }
    let { value } = found;
    let unit = declared;
    if (found.unit !== undefined) {
      if (declared === undefined && found.unit === '%') {
        // 45 % is 0.45 wherever nothing else is said.
        value = Number((value / 100).toPrecision(15));
        unit = target === undefined ? undefined : '0..1';
      } else if (declared === undefined || !isSameUnit(found.unit, declared)) {
        const expected = declared === undefined ? 'a number without a unit; say the unit in the mapping' : `one in ${declared}`;
        return faults.add('unsupported_unit', `${name ?? 'the value'} is ${shown(cell)}; expected ${expected}`, name);
      }
    }
    if (unit !== undefined && target !== undefined && unit !== target) {
      let convert = converters.get(unit);
      if (convert === undefined && !converters.has(unit)) converters.set(unit, (convert = converter(unit, target)));
      if (convert === undefined) {
        return faults.add(
          'unsupported_unit',
          `the unit of ${name ?? 'the value'} is "${unit}"; expected one that converts to ${target}`,
          name,
        );
      }
      value = convert(value);
    }
    return whole(value, faults, name);
  };
}

/** Where the model takes whole numbers only: rounded as the mapping says, else refused by a named reason. */
function wholeNumber(
  { type }: ValueShape,
  { round }: Expression,
): (value: number, faults: RowFaults, name: string | undefined) => number | undefined {
  if (type !== 'integer' && round === undefined) return (value) => value;
  return (value, faults, name) => {
    const nearest = Math.round(value);
    // 12.345 m³ are 12345 l, whatever the floating point says.
    if (Math.abs(value - nearest) < 1e-6) return nearest;
    if (round === undefined) {
      return faults.add(
        'invalid_value',
        `${name ?? 'the value'} is ${value} here, and the model takes whole numbers; say round: down or nearest`,
        name,
      );
    }
    return round === 'down' ? Math.floor(value) : nearest;
  };
}

function numberWords(mark: ',' | '.' | undefined): string {
  if (mark === undefined) return 'a number such as 12,5 or 12.5';
  return mark === ',' ? 'a number such as 1.234,5' : 'a number such as 1,234.5';
}

function shown(cell: Cell): string {
  return typeof cell === 'string' ? `"${cell.slice(0, 60)}"` : textOfCell(cell);
}
