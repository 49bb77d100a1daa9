import { patternFault } from './pattern.ts';

/** An attribute, a sub-attribute or a member of its value: `name.sub[member.member]`. */
export interface QPath {
  readonly names: readonly string[];
  readonly trail?: string;
}

/** A query of the NGSI-LD query language, read strictly (ETSI GS CIM 009, 4.9). */
export type Q =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Q[] }
  | { readonly kind: 'term'; readonly path: QPath; readonly not: boolean; readonly operator?: string; readonly operand?: string };

const longest = 4_000;
const deepest = 8;
const mostTerms = 50;

const name = /^\p{L}[\p{L}\p{N}_-]*/u;
const iri = /^https?:\/\/[^\s"'=<>~!;|()[\]{},\\^`]+/;
const trail = /^\[\p{L}[\p{L}\p{N}_:-]*(?:\.\p{L}[\p{L}\p{N}_:-]*)*\]/u;
const operator = /^(?:==|!=|>=|<=|>|<|!~=|~=)/;
const quoted = /^"(?:[^"\\\p{Cc}]|\\["\\])*"/u;
// A "+" that was not encoded arrives as a space; in a moment it can be nothing else.
const moment = /^\d{4}-\d{2}-\d{2}T[\d:.,]+(?:Z|[+ -]\d{2}(?::?\d{2})?)?/;
const bare = /^(?:(?!\.\.)[\p{L}\p{N}_.:/#@+-])+/u;

class Fault extends Error {}

/** A text says what is wrong. Refused is whatever a broker could read otherwise: values with signs want quotes, linked entities have no place. */
export function parseQ(text: string): Q | string {
  if (text.length > longest) return `it is longer than ${longest} characters`;
  let rest = text.trim();
  let terms = 0;
  const wrong = (why: string): Fault => new Fault(`${why} at "${rest.slice(0, 30)}" (position ${text.trim().length - rest.length})`);

  function take(pattern: RegExp): string | undefined {
    const found = pattern.exec(rest)?.[0];
    if (found !== undefined) rest = rest.slice(found.length);
    return found;
  }

  function joined(kind: 'and' | 'or', sign: string, part: () => Q): Q {
    const parts = [part()];
    while (rest.startsWith(sign)) {
      rest = rest.slice(1);
      parts.push(part());
    }
    return parts.length === 1 ? (parts[0] as Q) : { kind, parts };
  }

  function either(depth: number): Q {
    return joined('or', '|', () => joined('and', ';', () => one(depth)));
  }

  function one(depth: number): Q {
    if (!rest.startsWith('(')) return term();
    if (depth >= deepest) throw wrong(`parentheses deeper than ${deepest}`);
    rest = rest.slice(1);
    const inner = either(depth + 1);
    if (take(/^\)/) === undefined) throw wrong('a closing parenthesis is missing');
    return inner;
  }

  function term(): Q {
    if ((terms += 1) > mostTerms) throw wrong(`more than ${mostTerms} conditions`);
    const not = take(/^!(?![=~])/) !== undefined;
    const path = readPath();
    const found = take(operator);
    if (found === undefined) return { kind: 'term', path, not };
    if (not) throw wrong('"!" goes with an attribute alone');
    return { kind: 'term', path, not, operator: found, operand: found.endsWith('~=') ? pattern() : values(found) };
  }

  function readPath(): QPath {
    const first = take(iri) ?? take(name);
    if (first === undefined) throw wrong('the name of an attribute is expected');
    const names = [first];
    while (take(/^\./) !== undefined) {
      const next = take(name);
      if (next === undefined) throw wrong('the name of a sub-attribute is expected');
      names.push(next);
    }
    const found = take(trail);
    return { names, ...(found !== undefined && { trail: found }) };
  }

  function values(sign: string): string {
    let text = scalar();
    const isEqual = sign === '==' || sign === '!=';
    for (;;) {
      const joint = isEqual ? take(/^(?:,|\.\.)/) : undefined;
      if (joint === undefined) return text;
      text += joint + scalar();
    }
  }

  function scalar(): string {
    const found = take(quoted) ?? take(moment)?.replace(' ', '+') ?? take(bare);
    if (found === undefined) throw wrong('a value is expected; text with signs or spaces stands in double quotes');
    return found;
  }

  function pattern(): string {
    const found = take(quoted) ?? take(/^[^;|()"\s]+/);
    if (found === undefined) throw wrong('a regular expression is expected');
    const fault = patternFault(found.startsWith('"') ? found.slice(1, -1).replace(/\\(["\\])/g, '$1') : found);
    if (fault !== undefined) throw wrong(`the regular expression ${found} is not taken: ${fault}`);
    return found;
  }

  try {
    const whole = either(0);
    if (rest !== '') throw wrong('nothing more is expected');
    return whole;
  } catch (error) {
    if (error instanceof Fault) return error.message;
    throw error;
  }
}

/** Every path in a query. */
export function pathsOf(q: Q): QPath[] {
  return q.kind === 'term' ? [q.path] : q.parts.flatMap(pathsOf);
}

/** The query as text again, with first names as `rename` has them. */
export function writeQ(q: Q, rename: (name: string) => string = (same) => same): string {
  if (q.kind !== 'term') {
    return q.parts
      .map((part) => (part.kind === 'term' ? writeQ(part, rename) : `(${writeQ(part, rename)})`))
      .join(q.kind === 'and' ? ';' : '|');
  }
  const [first = '', ...more] = q.path.names;
  const path = [rename(first), ...more].join('.') + (q.path.trail ?? '');
  return `${q.not ? '!' : ''}${path}${q.operator ?? ''}${q.operand ?? ''}`;
}
