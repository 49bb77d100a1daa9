import { decimal, err, ok, plainName, reject, textOf, type Json, type Result, type Row } from '#core';

/** A text that brokers take, or nothing. */
export function words(row: Row, column: string): string | undefined {
  const text = plainName(textOf(row, column) ?? '');
  return text === '' ? undefined : text;
}

/** An address without the characters that brokers refuse; one with them is left out. */
export function page(row: Row, column: string): string | undefined {
  const text = textOf(row, column);
  return text !== undefined && /^https?:\/\/[^\s<>"'=;()]+$/.test(text) ? text : undefined;
}

/** A code of the list, or nothing where the column is empty. Refuses `invalid_value`. */
export function code(row: Row, column: string, codes: readonly string[]): Result<string | undefined> {
  const text = textOf(row, column);
  if (text === undefined || codes.includes(text)) return ok(text);
  return err(reject('decode', 'invalid_value', `${column} is "${text}"; expected one of ${codes.join(', ')}`, `/${column}`));
}

/** A whole number not below a bound. Refuses `invalid_value`, and `missing_field` where there must be one. */
export function whole(row: Row, column: string, minimum: number): Result<number> {
  const text = textOf(row, column);
  if (text === undefined) return err(reject('decode', 'missing_field', `${column} is empty; expected a whole number`, `/${column}`));
  const number = decimal(text);
  if (number !== undefined && Number.isInteger(number) && number >= minimum) return ok(number);
  return err(reject('decode', 'invalid_value', `${column} is "${text}"; expected a whole number of at least ${minimum}`, `/${column}`));
}

/** `HH:MM:SS` after noon minus twelve hours of the service day; hours run beyond 24 in the night after it. Refuses `invalid_time`. */
export function clock(row: Row, column: string): Result<string | undefined> {
  const text = textOf(row, column);
  if (text === undefined) return ok(undefined);
  const [, hours = '', rest = ''] = /^(\d{1,2})(:[0-5]\d:[0-5]\d)$/.exec(text) ?? [];
  if (rest !== '' && Number(hours) < 48) return ok(`${hours.padStart(2, '0')}${rest}`);
  return err(reject('decode', 'invalid_time', `${column} is "${text}"; expected a time such as 08:05:00, up to 47:59:59`, `/${column}`));
}

/** `20260901` as `2026-09-01`. Refuses `invalid_time`. */
export function day(row: Row, column: string): Result<string> {
  const text = textOf(row, column) ?? '';
  const [, year, month, date] = /^(\d{4})-?(\d{2})-?(\d{2})$/.exec(text) ?? [];
  if (year !== undefined) return ok(`${year}-${month}-${date}`);
  return err(reject('decode', 'invalid_time', `${column} is "${text}"; expected a day such as 20260901`, `/${column}`));
}

/** Members that have a value. */
export function known(members: Readonly<Record<string, Json | undefined>>): Record<string, Json> {
  return Object.fromEntries(Object.entries(members).filter((entry): entry is [string, Json] => entry[1] !== undefined));
}
