import { Problem } from '../problems.ts';
import type { Profile, ResolvedContext } from '../types.ts';

/** Stands for "remove this" where JSON-LD would lose a null. */
export const NGSI_NULL = 'urn:ngsi-ld:null';

const URI = /^[A-Za-z][A-Za-z0-9+.-]*:[^\s<>"{}|\\^`]+$/;
/** Characters one cannot see: an id with them looks like another one. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\u2800]/u;
/** As 4.6.2 has it, and the hyphen: Smart Data Models have names such as `N-TOT` and `Cl-`. */
const NAME = /^\p{L}[\p{L}\p{N}_-]*$/u;
const ORION_NAME = /^(?!__proto__$)[^=[\]&?"'\b\t\n\r ]+$/;

export function isUri(value: unknown): value is string {
  return typeof value === 'string' && URI.test(value) && !INVISIBLE.test(value);
}

/** An entity id in a path or a body. Throws BadRequestData. */
export function checkUri(value: unknown, what: string): string {
  if (isUri(value)) return value;
  throw new Problem('BadRequestData', 'Invalid URI', `${what}: a URI is expected, not ${JSON.stringify(value)}`);
}

/** A type or attribute name (4.6.2), a prefixed name or a full IRI, as IRI. Throws BadRequestData. */
export function expandChecked(name: unknown, what: string, context: ResolvedContext, profile: Profile): string {
  if (typeof name !== 'string')
    throw new Problem('BadRequestData', 'Invalid name', `${what}: a name is expected, not ${JSON.stringify(name)}`);
  const fits = name.includes(':') ? isUri(name) : (profile === 'orion' ? ORION_NAME : NAME).test(name);
  if (!fits)
    throw new Problem(
      'BadRequestData',
      'Invalid name',
      `${what}: ${JSON.stringify(name)} is not a name of a letter, then letters, digits, "_" and "-"`,
    );
  const iri = context.expandName(name);
  if (iri.startsWith('@')) throw new Problem('BadRequestData', 'Invalid name', `${what}: ${name} means ${iri}, a keyword of JSON-LD`);
  return iri;
}

/** A DateTime of 4.6.3: ISO 8601, `Z`, at most six decimals. Orion-LD also takes other zones and none. Throws BadRequestData. */
export function checkDateTime(value: unknown, what: string, profile: Profile): string {
  const match =
    typeof value === 'string'
      ? /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})([.,]\d{1,6})?(Z|[+-]\d{2}(?::?\d{2})?)?$/.exec(value)
      : null;
  const zone = match?.[8];
  if (match !== null && isDay(match) && (zone === 'Z' || (profile === 'orion' && Number(match[1]) >= 1970))) {
    if (profile === 'strict') return value as string;
    const parsed = Date.parse((value as string).replace(',', '.').replace(/([+-]\d{2})$/, '$1:00') + (zone === undefined ? 'Z' : ''));
    if (!Number.isNaN(parsed)) return new Date(parsed).toISOString();
  }
  throw new Problem(
    'BadRequestData',
    'Invalid date and time',
    `${what}: ISO 8601 in UTC such as 2026-05-01T10:00:00.000Z is expected, not ${JSON.stringify(value)}`,
  );
}

function isDay(match: RegExpExecArray): boolean {
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [number, number, number, number, number, number];
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
}

const SCOPE = /^\/?\p{L}[\p{L}\p{N}_]*(?:\/\p{L}[\p{L}\p{N}_]*)*$/u;

/** One scope or several (4.18). Throws BadRequestData. */
export function readScope(value: unknown): string[] {
  const scopes = Array.isArray(value) ? (value as unknown[]) : [value];
  for (const scope of scopes) {
    if (typeof scope !== 'string' || scope === NGSI_NULL || !SCOPE.test(scope)) {
      throw new Problem(
        'BadRequestData',
        'Invalid scope',
        `${JSON.stringify(scope)}: levels of letters, digits and "_" are expected, such as /Idrija/Center`,
      );
    }
  }
  if (scopes.length === 0) throw new Problem('BadRequestData', 'Invalid scope', 'an empty array');
  return [...new Set(scopes as string[])];
}
