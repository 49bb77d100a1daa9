import { compilePattern, type Pattern } from '../../../core/service/pattern.ts';
import { Problem } from '../problems.ts';

type Scalar = string | number | boolean;

/** What stands right of an operator: one value, a list or a range. */
export interface Operand {
  readonly text: string;
  readonly single: Scalar | undefined;
  /** Equal to the value, to one of the list, or within the range. */
  equals(value: unknown): boolean;
  pattern(): Pick<Pattern, 'test'>;
}

const DATE = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}([.,]\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/;
const TIME = /^\d{2}:\d{2}:\d{2}([.,]\d+)?Z?$/;

export function parseOperand(text: string, operator: string, expand?: (value: string) => string): Operand {
  if (operator === '~=' || operator === '!~=') return patternOperand(text);
  const list = splitOutside(text, ',');
  const ranges = list.map((part) => splitOutside(part, '..'));
  if (ranges.some((range) => range.length > 2)) throw invalid(text, 'a range has two ends');
  if (operator !== '==' && operator !== '!=' && (list.length > 1 || ranges[0]?.length === 2)) {
    throw invalid(text, `${operator} takes one value`);
  }
  const tests = ranges.map(([from, to]) => {
    const low = scalar(from as string, text, expand);
    if (to === undefined) return (value: unknown) => same(value, low);
    const high = scalar(to, text, expand);
    if (typeof low !== typeof high || typeof low === 'boolean') throw invalid(text, 'both ends of a range are numbers, strings or times');
    return (value: unknown) => (order(value, low) ?? -1) >= 0 && (order(value, high) ?? 1) <= 0;
  });
  const single = list.length === 1 && ranges[0]?.length === 1 ? scalar(text, text, expand) : undefined;
  if (operator !== '==' && operator !== '!=' && typeof single === 'boolean')
    throw invalid(text, `${operator} does not apply to true and false`);
  return { text, single, equals: (value) => tests.some((test) => test(value)), pattern: () => /$^/ };
}

export function compare(value: unknown, operator: '>' | '>=' | '<' | '<=', operand: Operand): boolean {
  const difference = operand.single === undefined ? undefined : order(value, operand.single);
  if (difference === undefined) return false;
  if (operator === '>') return difference > 0;
  if (operator === '>=') return difference >= 0;
  return operator === '<' ? difference < 0 : difference <= 0;
}

function patternOperand(text: string): Operand {
  const bare = text.startsWith('"') && text.endsWith('"') && text.length > 1 ? unquote(text, text) : text;
  let pattern: Pattern;
  try {
    pattern = compilePattern(bare);
  } catch {
    throw invalid(text, 'not a regular expression');
  }
  return { text, single: bare, equals: () => false, pattern: () => pattern };
}

function scalar(text: string, whole: string, expand: ((value: string) => string) | undefined): Scalar {
  // A "+" that was not encoded arrives as a space.
  const bare = text.trim().replace(/(T[\d:.,]+) (\d{2}:?\d{2})$/, '$1+$2');
  if (bare === '') throw invalid(whole, 'a value is missing');
  if (bare.startsWith('"')) return expand?.(unquote(bare, whole)) ?? unquote(bare, whole);
  if (bare === 'true' || bare === 'false') return bare === 'true';
  if (/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(bare)) return Number(bare);
  if (/["\s]/.test(bare)) throw invalid(whole, `${bare} is no value`);
  const decoded = decode(bare);
  return expand?.(decoded) ?? decoded;
}

function unquote(text: string, whole: string): string {
  if (text.length < 2 || !text.endsWith('"')) throw invalid(whole, 'a quote is not closed');
  try {
    return JSON.parse(text.replace(/[\n\r\t]/g, ' ')) as string;
  } catch {
    throw invalid(whole, `${text} is no string`);
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function same(value: unknown, wanted: Scalar): boolean {
  const bare = bareValue(value);
  if (bare === wanted) return true;
  if (typeof bare !== 'string' || typeof wanted !== 'string') return false;
  const at = instant(bare);
  return at !== undefined && at === instant(wanted);
}

/** Below 0, 0 or above 0; undefined for values that have no order between them. */
function order(value: unknown, wanted: Scalar): number | undefined {
  const bare = bareValue(value);
  if (typeof bare === 'number' && typeof wanted === 'number') return bare - wanted;
  if (typeof bare !== 'string' || typeof wanted !== 'string') return undefined;
  const [a, b] = [instant(bare), instant(wanted)];
  if (a !== undefined && b !== undefined) return a - b;
  return bare < wanted ? -1 : bare > wanted ? 1 : 0;
}

/** A typed JSON-LD value stands for its `@value`. */
function bareValue(value: unknown): unknown {
  return typeof value === 'object' && value !== null && '@value' in value ? value['@value'] : value;
}

function instant(text: string): number | undefined {
  if (TIME.test(text)) return Date.parse(`1970-01-01T${text.replace(',', '.').replace(/Z?$/, 'Z')}`);
  if (!DATE.test(text)) return undefined;
  const zoned = text.includes('T') && !/(Z|[+-]\d{2}:?\d{2})$/.test(text) ? `${text}Z` : text;
  const parsed = Date.parse(zoned.replace(',', '.'));
  return Number.isNaN(parsed) ? undefined : parsed;
}

function splitOutside(text: string, separator: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') quoted = !quoted;
    else if (!quoted && text.startsWith(separator, at)) {
      parts.push(text.slice(start, at));
      start = at + separator.length;
      at = start - 1;
    }
  }
  return [...parts, text.slice(start)];
}

function invalid(text: string, why: string): Problem {
  return new Problem('BadRequestData', 'Invalid q', `${text}: ${why}`);
}
