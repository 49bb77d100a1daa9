import { RE2JS } from 're2js';

/** A regular expression that others wrote. Matching takes time in proportion to the text, whatever the expression is. */
export interface Pattern {
  readonly source: string;
  test(text: string): boolean;
  /** The first group, else the whole of what was found; undefined: nothing. */
  find(text: string): string | undefined;
}

/** Up to here the engine of JavaScript, a hundred times as fast, takes a tame expression. */
const shortText = 1_000;

/**
 * An expression as JavaScript writes it, without what cannot be matched in linear time: back references and looking around (RE2). Only what
 * must not stand at the very beginning, `^(?!…)`, can be said so: it takes two expressions instead of one.
 * @throws {SyntaxError} saying what is not understood.
 */
export function compilePattern(source: string): Pattern {
  const exclusion = leadingExclusion(source);
  if (exclusion !== undefined) {
    const [excluded, rest] = [compilePattern(`^(?:${exclusion.inner})`), compilePattern(`^${exclusion.rest}`)];
    return {
      source,
      test: (text) => !excluded.test(text) && rest.test(text),
      find: (text) => (excluded.test(text) ? undefined : rest.find(text)),
    };
  }
  let linear: RE2JS;
  try {
    linear = RE2JS.compile(RE2JS.translateRegExp(source));
  } catch (error) {
    throw new SyntaxError(`${source} is no regular expression that is taken here: ${(error as Error).message}`, { cause: error });
  }
  const quick = tame(source);
  return {
    source,
    test: (text) => (quick !== undefined && text.length <= shortText ? quick.test(text) : linear.matcher(text).find()),
    find(text) {
      if (quick !== undefined && text.length <= shortText) {
        const found = quick.exec(text);
        return found?.[1] ?? found?.[0];
      }
      const matcher = linear.matcher(text);
      if (!matcher.find()) return undefined;
      return (matcher.groupCount() > 0 ? matcher.group(1) : null) ?? matcher.group(0) ?? undefined;
    },
  };
}

/** The two parts of `^(?!inner)rest`; undefined: it does not begin so. */
function leadingExclusion(source: string): { readonly inner: string; readonly rest: string } | undefined {
  const opening = '^(?!';
  if (!source.startsWith(opening)) return undefined;
  let depth = 1;
  for (const sign of source.matchAll(/\\.|\[[^\]]*\]|[()|]/g)) {
    if (sign.index < opening.length) continue;
    if (sign[0] === '(') depth += 1;
    if (sign[0] === ')') depth -= 1;
    if (depth > 0) continue;
    const rest = source.slice(sign.index + 1);
    // An alternative beside it would not be excluded.
    return /\|/.test(rest.replace(/\([^()]*\)/g, '')) ? undefined : { inner: source.slice(opening.length, sign.index), rest };
  }
  return undefined;
}

/** One repetition at most, not of a group, and few that may be missing: there is little to go back to. */
function tame(source: string): RegExp | undefined {
  const bare = source
    .replace(/\\./g, 'x')
    .replace(/\[[^\]]*\]/g, 'x')
    .replace(/\(\?(?::|<\w+>)/g, '(');
  const repeated = bare.match(/[*+]|\{\d+,\d*\}/g) ?? [];
  const optional = bare.match(/\?/g) ?? [];
  if (/\)[*+?{]/.test(bare) || repeated.length > 1 || optional.length > 4) return undefined;
  try {
    return new RegExp(source, 'u');
  } catch {
    return undefined;
  }
}
