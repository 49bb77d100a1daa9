import { instant, plainName, textOf, type Instant, type Row } from '#core';

const entities: Readonly<Record<string, string>> = { amp: '&', lt: ' ', gt: ' ', quot: ' ', apos: ' ', nbsp: ' ' };

/** A text of an editor without HTML and without what brokers refuse; undefined where nothing remains. */
export function plainText(row: Row, column: string): string | undefined {
  const text = (textOf(row, column) ?? '')
    .replace(/<(?:script|style)\b[\s\S]*?(?:<\/(?:script|style)\s*>|$)/gi, ' ')
    .replace(/<\/?[a-z][^>]*>/gi, ' ')
    .replace(/&(#\d+|#x[0-9a-f]+|[a-z]+);/gi, (whole, name: string) => character(name) ?? whole);
  const plain = plainName(text);
  return plain === '' ? undefined : plain;
}

function character(name: string): string | undefined {
  if (!name.startsWith('#')) return entities[name.toLowerCase()];
  const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
  return code > 31 && code < 0x10ffff ? String.fromCodePoint(code) : ' ';
}

/** Moments of CKAN are in UTC and do not say so. */
export function momentOf(row: Row, column: string): Instant | undefined {
  const text = textOf(row, column);
  return text === undefined ? undefined : (instant(text) ?? instant(`${text}Z`));
}

/** An address as it can stand in an entity: ASCII. Undefined where brokers would refuse a character of it. */
export function address(text: string): string | undefined {
  const encoded = /^https?:\/\/\S.*$/i.test(text) ? encodeURI(text).replaceAll('%25', '%') : undefined;
  const plain = encoded?.replaceAll('(', '%28').replaceAll(')', '%29').replaceAll("'", '%27');
  return plain === undefined || /[<>"=;]/.test(plain) ? undefined : plain;
}

/** Members of a list that are objects. */
export function listOf(row: Row, column: string): Row[] {
  const list = row[column];
  return Array.isArray(list) ? list.filter((one): one is Row => typeof one === 'object' && one !== null && !Array.isArray(one)) : [];
}
