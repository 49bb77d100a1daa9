import { Problem } from '../problems.ts';
import type { StoredEntity } from '../types.ts';

export type EntityTest = (entity: StoredEntity) => boolean;

/** Terms joined by "and" and "or" with parentheses; "and" binds tighter. A parenthesis that `term` opened itself belongs to it. */
export function parseLogic(text: string, signs: { and: string; or: string }, term: (text: string) => EntityTest): EntityTest {
  let at = 0;

  function either(): EntityTest {
    const tests = [both()];
    while (at < text.length && signs.or.includes(text[at] as string)) {
      at += 1;
      tests.push(both());
    }
    return tests.length === 1 ? (tests[0] as EntityTest) : (entity) => tests.some((test) => test(entity));
  }

  function both(): EntityTest {
    const tests = [one()];
    while (at < text.length && signs.and.includes(text[at] as string)) {
      at += 1;
      tests.push(one());
    }
    return tests.length === 1 ? (tests[0] as EntityTest) : (entity) => tests.every((test) => test(entity));
  }

  function one(): EntityTest {
    if (text[at] === '(') {
      at += 1;
      const inner = either();
      if (text[at] !== ')') throw wrong('a closing parenthesis is missing');
      at += 1;
      return inner;
    }
    const start = at;
    let depth = 0;
    while (at < text.length) {
      const sign = text[at] as string;
      if (sign === '"') at = skipString(text, at, wrong);
      else if (sign === '(') depth += 1;
      else if (sign === ')' && depth-- === 0) break;
      else if (depth === 0 && (signs.and.includes(sign) || signs.or.includes(sign))) break;
      at += 1;
    }
    if (at === start) throw wrong('a term is missing');
    return term(text.slice(start, at));
  }

  const wrong = (why: string): Problem => new Problem('BadRequestData', 'Invalid query', `${text}: ${why} at position ${at}`);
  const whole = either();
  if (at < text.length) throw wrong(`unexpected "${text[at]}"`);
  return whole;
}

/** Position of the closing quote. */
function skipString(text: string, from: number, wrong: (why: string) => Problem): number {
  for (let at = from + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') return at;
  }
  throw wrong('a quote is not closed');
}
