interface Words {
  readonly sl: string;
  readonly en: string;
}

const unknown: Words = {
  sl: 'pokažite to poročilo skrbniku sistema',
  en: 'show this report to the operator',
};

/** What a colleague can do about a refusal of a file or a row. Reasons that are none of theirs go to the operator. */
const fixes: Readonly<Record<string, Words>> = {
  unreadable_file: {
    sl: 'datoteke ni mogoče odpreti; shranite jo znova (na primer v Excelu »Shrani kot«) in jo odložite še enkrat',
    en: 'the file cannot be opened; save it again (in Excel "Save as") and drop it once more',
  },
  not_the_expected_format: {
    sl: 'to ni datoteka, ki jo ta mapa pričakuje: preverite, ali je prava, ali ima iste naslove stolpcev kot prejšnje in ali ni morda spletna stran',
    en: 'this is not the file that this folder expects: check whether it is the right one, has the same column titles as earlier ones, and is no web page',
  },
  truncated_file: {
    sl: 'datoteka ni cela; prenesite ali shranite jo še enkrat',
    en: 'the file is not whole; download or save it once more',
  },
  too_large: { sl: 'datoteka je prevelika; razdelite jo na manjše', en: 'the file is too large; divide it into smaller ones' },
  forbidden_markup: {
    sl: 'datoteka vsebuje določilo (DTD), ki ga zaradi varnosti ne beremo; izvozite jo brez njega',
    en: 'the file holds a document type (DTD), which is not read for safety; export it without',
  },
  too_deep: {
    sl: 'datoteka je pregloboko gnezdena; izvozite jo kot preprosto tabelo',
    en: 'the file is nested too deep; export it as a plain table',
  },
  wrong_encoding: {
    sl: 'črk ni mogoče prebrati; shranite datoteko kot »CSV UTF-8«',
    en: 'the letters cannot be read; save the file as "CSV UTF-8"',
  },
  unexpected_content: {
    sl: 'vsebina se preveč razlikuje od prejšnjih datotek; preverite, ali je to prava in popolna datoteka; če je, naj jo skrbnik sprejme ročno (klavze adapter inbox --once --accept-vanished)',
    en: 'the content differs too much from earlier files; check that it is the right and the whole one; if it is, the operator can accept it (klavze adapter inbox --once --accept-vanished)',
  },
  empty_payload: { sl: 'datoteka je prazna; shranite jo še enkrat', en: 'the file is empty; save it once more' },
  malformed_payload: {
    sl: 'vrstica ima drugačno število celic kot glava; preverite ločila, narekovaje in dodatne celice na koncu',
    en: 'the row has another number of cells than the header; check separators, quotes and cells at its end',
  },
  missing_field: { sl: 'dopolnite prazno celico', en: 'fill in the empty cell' },
  invalid_value: { sl: 'popravite vrednost v navedenem stolpcu', en: 'correct the value in the column named' },
  invalid_time: {
    sl: 'popravite datum ali uro; 29. marca 2026 med 2. in 3. uro na primer ni nobene ure',
    en: 'correct the date or time; on 29 March 2026, for example, there is no hour from 2 to 3',
  },
  ambiguous_time: {
    sl: 'ta ura se ob premiku ure oktobra ponovi; zapišite jo z zamikom, na primer 2026-10-25T02:30+02:00',
    en: 'this hour comes twice when the clock is put back in October; write it with its offset, for example 2026-10-25T02:30+02:00',
  },
  unsupported_unit: { sl: 'vrednost vpišite v pričakovani enoti', en: 'give the value in the expected unit' },
  id_not_allowed: {
    sl: 'v oznaki uporabite le črke, številke, pomišljaj in piko',
    en: 'use letters, digits, hyphen and full stop in the key only',
  },
  contradiction: {
    sl: 'dve vrstici z isto oznako in istim časom povesta različno; eno odstranite ali popravite oznako oziroma čas',
    en: 'two rows with the same key and time say different things; remove one, or correct its key or time',
  },
  missing_location: { sl: 'dopolnite koordinati', en: 'fill in the coordinates' },
  invalid_location: {
    sl: 'preverite koordinati: zemljepisna dolžina v Sloveniji je od 13 do 17, širina od 45 do 47; morda sta zamenjani',
    en: 'check the coordinates: longitude in Slovenia is 13 to 17, latitude 45 to 47; they may be swapped',
  },
  no_measurement: {
    sl: 'v vrstici ni nobene vrednosti; če je to v redu, ni treba storiti ničesar',
    en: 'the row holds no value; if that is right, nothing needs to be done',
  },
  out_of_model_bounds: {
    sl: 'vrednost je zunaj mogočih meja; preverite enoto in decimalno vejico',
    en: 'the value is out of the possible bounds; check unit and decimal comma',
  },
  missing_attribute: { sl: 'dopolnite obvezni podatek', en: 'fill in what is required' },
  future_time: { sl: 'čas je v prihodnosti; popravite datum', en: 'the time lies in the future; correct the date' },
  personal_data: {
    sl: 'stolpec vsebuje osebne podatke, ki jih ne objavljamo; odstranite ga iz datoteke',
    en: 'the column holds personal data, which is not published; remove it from the file',
  },
};

/** How to mend what was refused as `code`, for somebody who has only the file. */
export function fixOf(code: string, language: 'sl' | 'en'): string {
  return (fixes[code] ?? unknown)[language];
}
