import { notUnderstood } from './refusal.ts';

export type Params = Readonly<Record<string, string>>;

/** URI parameters, each once and with a value. @throws {Refusal} for one that is not in `known`. */
export function readParams(url: string, known: ReadonlySet<string>): Params {
  const start = url.indexOf('?');
  const params: Record<string, string> = {};
  if (start < 0) return params;
  for (const [name, value] of new URLSearchParams(url.slice(start + 1))) {
    if (!known.has(name)) throw notUnderstood(`the URI parameter ${JSON.stringify(name.slice(0, 60))} is not taken here`);
    if (params[name] !== undefined) throw notUnderstood(`the URI parameter ${name} is there twice`);
    if (value === '') throw notUnderstood(`the URI parameter ${name} is empty`);
    params[name] = value;
  }
  return params;
}

/** Members apart by commas. */
export function listOf(text: string | undefined, what: string, most: number): string[] | undefined {
  if (text === undefined) return undefined;
  const parts = text.split(',').map((part) => part.trim());
  if (parts.includes('')) throw notUnderstood(`${what} has an empty member`);
  if (parts.length > most) throw notUnderstood(`${what} names more than ${most}`);
  return parts;
}

export function flagOf(value: unknown, what: string): boolean {
  if (value === undefined || value === 'false' || value === false) return false;
  if (value === 'true' || value === true) return true;
  throw notUnderstood(`${what} is neither true nor false`);
}

export function wholeNumber(text: string | undefined, what: string, least: number, most: number): number | undefined {
  if (text === undefined) return undefined;
  const number = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
  if (number >= least && number <= most) return number;
  throw notUnderstood(`${what}: a whole number from ${least} to ${most} is taken`);
}

const name = /^\p{L}[\p{L}\p{N}_-]*$/u;
const iri = /^https?:\/\/[^\s"'<>()[\]{},;|\\^`]+$/;

/** A name of a type or attribute, or its IRI. */
export function checkName(text: unknown, what: string): string {
  if (typeof text === 'string' && text.length <= 300 && (name.test(text) || iri.test(text))) return text;
  throw notUnderstood(`${what}: a name of letters, digits, "_" and "-" or an IRI that begins with http is taken`);
}

const uri = /^[A-Za-z][A-Za-z0-9+.-]*:[^\s<>"{}|\\^`\p{Cc}\p{Cf}]+$/u;

export function checkUri(text: unknown, what: string): string {
  if (typeof text === 'string' && text.length <= 500 && uri.test(text)) return text;
  throw notUnderstood(`${what}: a URI is taken`);
}

export function checkText(value: unknown, what: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw notUnderstood(`${what}: a text is taken`);
}

/** An array of texts, or one alone. */
export function checkTexts(value: unknown, what: string, most: number): string[] {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  if (list.length === 0 || list.length > most) throw notUnderstood(`${what}: 1 to ${most} texts are taken`);
  return list.map((one) => checkText(one, what));
}

/** A JSON object with no members but those named. */
export function checkObject(value: unknown, what: string, members: readonly string[]): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw notUnderstood(`${what}: a JSON object is taken`);
  const strange = Object.keys(value).find((member) => !members.includes(member));
  if (strange !== undefined) throw notUnderstood(`${what}: the member ${JSON.stringify(strange.slice(0, 60))} is not taken here`);
  return value as Readonly<Record<string, unknown>>;
}
