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
 * An expression as JavaScript writes it, without what cannot be matched in linear time: back references and looking around (RE2).
 * @throws {SyntaxError} saying what is not understood.
 */
export function compilePattern(source: string): Pattern {
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
