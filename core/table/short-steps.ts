import { converter } from '../decode/units.ts';
import type { AttributeModel } from '../entity/models.ts';
import type { Compiler } from './compiler.ts';
import type { Expression } from './mapping.ts';

/** How one attribute of a state is put together on the short way. */
export interface Step {
  readonly name: string;
  readonly bit: number;
  /** `text`: learnt, by the cells at `at`; `moment`: says the moment of the row. */
  readonly kind: 'number' | 'text' | 'moment';
  readonly at: readonly number[];
  /** Attributes as JSON, by the cells that they came from; empty: there is none. */
  readonly learnt: Map<string, string>;
  readonly head: string;
  readonly middle: string;
  /** `middle` and what follows at the current moment. */
  tail: string;
  readonly isMeasured: boolean;
  readonly isWhole: boolean;
  /** Bounds of the model: what is outside goes the whole way. */
  readonly minimum: number;
  readonly maximum: number;
  /** Bounds of the quantity: what is outside carries a remark. */
  readonly low: number;
  readonly high: number;
  readonly convert: ((value: number) => number) | undefined;
  readonly missing: ReadonlySet<string>;
  /** Some of `missing` look like numbers. */
  readonly hasNumbersMissing: boolean;
}

/** Physical bounds of a quantity. */
export type Physical = (quantity: string) => { readonly minimum: number; readonly maximum: number } | undefined;

const none = {
  learnt: new Map<string, string>(),
  head: '',
  middle: '',
  tail: '',
  isMeasured: false,
  isWhole: false,
  minimum: -Infinity,
  maximum: Infinity,
  low: -Infinity,
  high: Infinity,
  convert: undefined,
  missing: new Set<string>(),
  hasNumbersMissing: false,
};

/** A step that is learnt from what became of some cells; without cells it is the same in every row. */
export function learntStep(name: string, bit: number, at: readonly number[]): Step {
  return { ...none, name, bit, kind: 'text', at, learnt: new Map() };
}

export function momentStep(name: string, bit: number): Step {
  return {
    ...none,
    name,
    bit,
    kind: 'moment',
    at: [],
    head: `,${JSON.stringify(name)}:{"type":"Property","value":{"@type":"DateTime","@value":"`,
  };
}

/** The step of an attribute; undefined where the mapping asks for more than the short way knows. */
export function stepOf(
  name: string,
  bit: number,
  given: string | Expression,
  place: (column: string) => number,
  compiler: Compiler,
  physical: Physical,
): Step | undefined {
  const model = compiler.model.attributes[name];
  const expression: Expression = typeof given === 'string' ? { column: given } : given;
  const { unit, unitCode, observedAt, time, members, moment } = expression;
  if (model === undefined || typeof unit === 'object' || typeof unitCode === 'object') return undefined;
  if (observedAt !== undefined || time !== undefined || members !== undefined || moment !== undefined) return undefined;
  if (model.kind === 'Property' && (model.value.type === 'number' || model.value.type === 'integer')) {
    const step = numberStep(name, bit, expression, model, place, compiler, physical);
    if (step !== undefined) return step;
  }
  if (model.measured === true) return undefined;
  const at = columnsOf(expression).map(place);
  return at.includes(-1) ? undefined : learntStep(name, bit, at);
}

function numberStep(
  name: string,
  bit: number,
  expression: Expression,
  model: AttributeModel,
  place: (column: string) => number,
  { mapping }: Compiler,
  physical: Physical,
): Step | undefined {
  const { column, match, lookup, split, round, unit } = expression;
  if (column === undefined || match !== undefined || lookup !== undefined || split !== undefined || round !== undefined) return undefined;
  const { type, enum: words, minimum = -Infinity, maximum = Infinity } = model.value;
  const at = place(column);
  if (words !== undefined || at < 0) return undefined;
  const code = typeof expression.unitCode === 'string' ? expression.unitCode : model.unitCode;
  const bounds = model.quantity === undefined ? undefined : physical(model.quantity);
  const missing = new Set([...mapping.missing, ...(expression.missing ?? [])]);
  const target = model.unit;
  const isOther = typeof unit === 'string' && target !== undefined && unit !== target;
  return {
    ...none,
    name,
    bit,
    kind: 'number',
    at: [at],
    head: `,${JSON.stringify(name)}:{"type":"Property","value":`,
    middle: code === undefined ? '' : `,"unitCode":${JSON.stringify(code)}`,
    isMeasured: model.measured === true,
    isWhole: type === 'integer',
    minimum,
    maximum,
    low: bounds?.minimum ?? -Infinity,
    high: bounds?.maximum ?? Infinity,
    convert: isOther ? converter(unit, target) : undefined,
    missing,
    hasNumbersMissing: [...missing].some((text) => /\d/.test(text)),
  };
}

/** The columns out of which an expression is made. */
function columnsOf({ column, text, first }: Expression): readonly string[] {
  if (column !== undefined) return [column];
  return text === undefined ? (first ?? []) : columnsIn(text);
}

export function columnsIn(text: string): string[] {
  return [...text.matchAll(/\{([^{}]+)\}/g)].map(([, name = '']) => name);
}
