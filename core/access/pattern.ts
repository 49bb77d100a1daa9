/**
 * What is wrong with a regular expression that comes from outside; undefined: nothing. Taken is what every broker reads alike and what
 * cannot run away: characters, `.`, classes, `^ $ |` and few quantifiers; no groups.
 */
export function patternFault(text: string): string | undefined {
  if (text.length > 200) return 'it is longer than 200 characters';
  const atom = /[\p{L}\p{N}_ :/#@,-]|\.|\\[.dws*+?^$|/-]|\[\^?[\p{L}\p{N}_ :.-]+\]/u;
  const whole = new RegExp(`^(?:\\^|\\$|\\||(?:${atom.source})[*+?]?)+$`, 'u');
  if (!whole.test(text)) return 'letters, digits, . [] ^ $ | and * + ? after one of them are taken, no groups';
  if ((text.replace(/\\./g, '').match(/[*+]/g) ?? []).length > 3) return 'at most three of * and + are taken';
  try {
    new RegExp(text);
    return undefined;
  } catch {
    return 'it is no regular expression';
  }
}
