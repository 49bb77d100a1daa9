import { personalText, withheld } from '#core';

/** What is counted, as the source says it in Slovenian or English, and the name that stays. */
const known: readonly (readonly [RegExp, string])[] = [
  [/^preno[čc]itve turistov$|^(?:tourist )?overnight stays(?: of tourists)?$|^nights(?: spent)?(?: by tourists)?$/i, 'tourist-nights'],
  [/^prihodi turistov$|^tourist arrivals$|^arrivals(?: of tourists)?$/i, 'tourist-arrivals'],
  [/^(?:število prebivalcev|prebivalstvo|prebivalci|(?:number of )?(?:inhabitants|population))$/i, 'population'],
];

/** Categories that are the sum of the others. */
const totalWords = /\b(?:skupaj|total)\b/i;
const totalCodes = new Set(['999', 'TOT', 'TOTAL', 'SKUPAJ']);

/** The name of a measure; of one that is not known, its own words. */
export function indicatorOf(measure: string): string {
  const plain = measure.replace(/\s*-\s*(?:skupaj|total)$/i, '').trim();
  return known.find(([form]) => form.test(plain))?.[1] ?? slug(plain);
}

/** Counts of people, arrivals and nights are whole numbers. */
export function isCount(indicator: string): boolean {
  return known.some(([, name]) => name === indicator);
}

/** Whether a category is the sum of the others: by its words, else by its code; 0 is one everywhere but in ages. */
export function isTotal(variable: string, code: string, label: string | undefined): boolean {
  if (label !== undefined && label !== code) return totalWords.test(label);
  return totalWords.test(code) || totalCodes.has(code) || (code === '0' && !/^(?:STAROST|AGE)/i.test(variable));
}

/** Words as part of an identifier. */
export function slug(words: string): string {
  if (personalText(words) !== undefined) return withheld;
  return words
    .toLowerCase()
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 60);
}
