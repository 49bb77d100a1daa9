import { isObject } from './payload.ts';

/** Whether a JSON value is a SenML pack rather than an array of other objects: a base name, or a record of name and value. */
export function looksLikeSenml(value: unknown): boolean {
  if (!Array.isArray(value)) return false;
  const first: unknown = value[0];
  return isObject(first) && ['bn', 'bt', 'bu', 'bver', 'n'].some((label) => first[label] !== undefined);
}
