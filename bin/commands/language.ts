export type Language = 'sl' | 'en';

/** The language of `--lang`, else of the terminal. */
export function languageOf(given: string | undefined): Language {
  return (given ?? process.env['LANG'] ?? '').startsWith('sl') ? 'sl' : 'en';
}
