/** Stands in an identifier in the place of a text that identifies a person; what is so named is refused. */
export const withheld = 'personal-data-withheld';

/** What a text identifies a person by (`an e-mail address`, …), or undefined. Precise rather than complete: ids, URLs and codes pass. */
export function personalText(text: string): string | undefined {
  if (text.length < 7) return undefined;
  if (isReference(text)) return ofReference(text);
  if (text.includes('@') && emailAddress.test(text)) return 'an e-mail address';
  if (!/\d/.test(text)) return undefined;
  for (const [number] of text.matchAll(thirteenDigits)) {
    if (isEmso(number)) return 'a personal identification number (EMŠO)';
  }
  if (phoneNumber.test(text)) return 'a telephone number';
  if (licencePlate.test(text)) return 'a licence plate';
  return undefined;
}

/** Identifiers are letters, digits and signs without a meaning, and so are addresses; what follows them is a text like any other. */
function ofReference(text: string): string | undefined {
  if (text.includes(withheld)) return 'personal data';
  const blank = text.search(/\s|%20/);
  return blank < 0 ? undefined : personalText(text.slice(blank).replaceAll('%20', ' '));
}

/** Instants, URNs and web addresses make up most texts of an entity and hold no free text. */
function isReference(text: string): boolean {
  return /^(?:urn:|https?:\/\/|\d{4}-\d\d-\d\dT[\d:.]+Z)/.test(text);
}

const emailAddress = /[\w.%+-]@[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}/i;
const thirteenDigits = /(?<!\d)\d{13}(?!\d)/g;

/**
 * +386 with eight digits in any grouping; national numbers only in the groupings in which people write them (041 123 456, 05/374-39-10),
 * because a bare row of nine digits is as likely a serial number.
 */
const phoneNumber =
  /(?:(?:\+|(?<!\d)00)386[ /-]?(?:\(0\))?[ /-]?[1-9](?:[ /-]?\d){7}(?!\d))|(?<![\w+-])0(?:[3-7][01489]|[68][0-9])[ /-]\d{3}[ -]?\d{3}(?![\w-])|(?<![\w+-])\(?0[1-57]\)?[ /-]\d{3}[ -]\d{2}[ -]?\d{2}(?![\w-])/;

/** Area, then two and three characters (either way) with a hyphen, of which one is a digit and one a letter. Since 1991. */
const licencePlate =
  /(?<![\p{L}\d-])(?:LJ|KR|KK|MB|MS|KP|GO|CE|SG|NM|PO)[ -]?(?=[A-ZČŠŽ-]*\d)(?=[\d-]*[A-ZČŠŽ])(?:[A-ZČŠŽ\d]{2}-[A-ZČŠŽ\d]{3}|[A-ZČŠŽ\d]{3}-[A-ZČŠŽ\d]{2})(?![\p{L}\d-])/u;

/** Thirteen digits: day, month, last three of the year, region, serial and a check digit modulo 11 (Central Register of Population Act, article 9). */
export function isEmso(digits: string): boolean {
  const day = Number(digits.slice(0, 2));
  const month = Number(digits.slice(2, 4));
  const year = Number(digits.slice(4, 7));
  if (day < 1 || day > 31 || month < 1 || month > 12 || (year > 99 && year < 870)) return false;
  let sum = 0;
  for (const [place, weight] of weights.entries()) sum += weight * Number(digits[place]);
  return (11 - (sum % 11)) % 11 === Number(digits[12]);
}

const weights = [7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2];
