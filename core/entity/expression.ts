import { Jexl } from 'jexl';

import { err, ok, type Result } from '../result.ts';

/** An expression of a provisioned attribute, read and known to be safe. */
export interface Expression {
  /** Its value, undefined when a variable that it cannot do without is missing. Fails with what is wrong with the values. */
  evaluate(variables: Readonly<Record<string, unknown>>): Result<unknown, string>;
}

type Node = ReturnType<ReturnType<InstanceType<typeof Jexl>['compile']>['_getAst']>;

const longest = 1000;
const mostKept = 1000;
/** Words that lead from a value to the language underneath. */
const forbidden = new Set(['__proto__', 'constructor', 'prototype']);

/** What a transform cannot work on ends the evaluation, which gives the sentence as its fault. */
function expected(value: unknown, what: string): never {
  // eslint-disable-next-line no-restricted-syntax -- jexl knows no other way out of a transform
  throw new Error(`${JSON.stringify(value)?.slice(0, 80)} is no ${what}`);
}

const text = (value: unknown): string => {
  if (['string', 'number', 'boolean'].includes(typeof value)) return String(value);
  return expected(value, 'text');
};
const list = (value: unknown): unknown[] => {
  if (Array.isArray(value)) return value as unknown[];
  return expected(value, 'list');
};
const sequence = (value: unknown): string | unknown[] => (Array.isArray(value) ? (value as unknown[]) : text(value));

const isoDate = (value: unknown): string => new Date(typeof value === 'number' ? value : text(value)).toISOString();

/** Those transforms of the IoT Agents whose work grows no faster than their input; no regular expression among them. */
const transforms: Readonly<Record<string, (value: unknown, ...args: unknown[]) => unknown>> = {
  floor: (value) => Math.floor(Number(value)),
  ceil: (value) => Math.ceil(Number(value)),
  round: (value) => Math.round(Number(value)),
  tofixed: (value, digits) => Number(value).toFixed(Number(digits)),
  // Without a radix, as they do it: "0x1f" is a number too.
  parseint: (value) => Number.parseInt(text(value)),
  parsefloat: (value) => Number.parseFloat(text(value)),
  tostring: (value) => text(value),
  touppercase: (value) => text(value).toUpperCase(),
  tolowercase: (value) => text(value).toLowerCase(),
  trim: (value) => text(value).trim(),
  substr: (value, from, count) => {
    const tail = text(value).slice(Number(from));
    return count === undefined ? tail : tail.slice(0, Math.max(0, Number(count)));
  },
  slice: (value, from, to) => sequence(value).slice(Number(from), to === undefined ? undefined : Number(to)),
  length: (value) => text(value).length,
  lengtharray: (value) => list(value).length,
  indexOf: (value, part) => text(value).indexOf(text(part)),
  split: (value, by) => text(value).split(text(by)),
  replacestr: (value, from, to) => text(value).replace(text(from), () => text(to)),
  addreduce: (value) => list(value).reduce<number>((sum, one) => sum + Number(one), 0),
  isnan: (value) => Number.isNaN(Number(value)),
  isarray: (value) => Array.isArray(value),
  typeof: (value) => typeof value,
  jsonparse: (value) => JSON.parse(text(value)) as unknown,
  jsonstringify: (value) => JSON.stringify(value),
  hextostring: (value) => Buffer.from(text(value), 'hex').toString('utf8'),
  gettime: (value) => new Date(text(value)).getTime(),
  toisodate: isoDate,
  toisostring: isoDate,
  bitwisemask: (value, mask, operator, shift) => {
    const [left, right] = [Math.trunc(Number(value)), Number(mask)];
    const masked = operator === '&' ? left & right : operator === '|' ? left | right : operator === '^' ? left ^ right : left;
    return masked >> Number(shift);
  },
  mapper: (value, values, choices) => list(choices)[list(values).findIndex((one) => one === value)],
  thmapper: (value, limits, choices) => {
    const at = list(limits).findIndex((limit) => Number(value) <= Number(limit));
    return at < 0 ? null : list(choices)[at];
  },
};

const jexl = new Jexl();
for (const [name, transform] of Object.entries(transforms)) jexl.addTransform(name, transform);

const compiled = new Map<string, Result<Expression, string>>();

/**
 * A JEXL expression of the IoT Agents. No part of it loops, calls what is not in the list of transforms or reaches a prototype: its work
 * grows with its own length and that of the measure. Fails with the fault, as a sentence.
 */
export function compileExpression(source: string): Result<Expression, string> {
  const before = compiled.get(source);
  if (before !== undefined) return before;
  const result = compile(source);
  if (compiled.size >= mostKept) compiled.clear();
  compiled.set(source, result);
  return result;
}

function compile(source: string): Result<Expression, string> {
  if (source.length > longest) return err(`the expression has ${source.length} characters; expected at most ${longest}`);
  if (source.includes('${')) return err(`"${source}" is of the legacy language; expected JEXL: name instead of \${@name}`);
  try {
    const expression = jexl.compile(source);
    const tree = expression._getAst() as Node | null;
    if (tree === null) return err('the expression is empty');
    const fault = faultOf(tree);
    if (fault !== undefined) return err(`"${source}" ${fault}`);
    const needed = [...neededBy(tree)];
    return ok({
      evaluate(variables) {
        if (needed.some((name) => !Object.hasOwn(variables, name))) return ok(undefined);
        try {
          // jexl reads any member of its context; without a prototype there are none but the variables.
          return ok(expression.evalSync(Object.assign(Object.create(null) as object, variables)) as unknown);
        } catch (error) {
          return err((error as Error).message);
        }
      },
    });
  } catch (error) {
    return err(`"${source}" is no JEXL expression: ${(error as Error).message}`);
  }
}

function childrenOf(node: Node): readonly Node[] {
  switch (node.type) {
    case 'UnaryExpression':
      return [node.right];
    case 'BinaryExpression':
      return [node.left, node.right];
    case 'ConditionalExpression':
      // `a ?: b` has no middle.
      return [node.test, node.consequent, node.alternate].filter((one: Node | undefined) => one !== undefined);
    case 'FilterExpression':
      return [node.subject, node.expr];
    case 'ArrayLiteral':
      return node.value;
    case 'ObjectLiteral':
      return Object.values(node.value);
    case 'FunctionCall':
      return node.args;
    case 'Identifier':
      return node.from === undefined ? [] : [node.from];
    case 'Literal':
      return [];
  }
}

function faultOf(node: Node): string | undefined {
  if (node.type === 'Identifier' && forbidden.has(node.value)) return `uses the word ${node.value}`;
  if (node.type === 'FilterExpression') {
    const key = node.expr.type === 'Literal' ? node.expr.value : undefined;
    if (node.relative || key === undefined || forbidden.has(String(key))) return 'filters a list; only [0] or ["name"] is computed';
  }
  if (node.type === 'FunctionCall' && (node.pool !== 'transforms' || !Object.hasOwn(transforms, node.name)))
    return `uses ${node.name}; known are the transforms ${Object.keys(transforms).join(', ')}`;
  for (const child of childrenOf(node)) {
    const fault = faultOf(child);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** Variables without which there is no value; what stands in a condition or after `||` may be missing. */
function* neededBy(node: Node): Generator<string> {
  if (node.type === 'ConditionalExpression') return;
  if (node.type === 'BinaryExpression' && ['||', '&&'].includes(node.operator)) return;
  if (node.type === 'Identifier' && node.from === undefined) yield node.value;
  for (const child of childrenOf(node)) yield* neededBy(child);
}
