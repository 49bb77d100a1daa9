import type { Rejection } from './rejection.ts';

/** What a stage says: the values it made and what it had to refuse. Both may be filled: one bad field does not cost the good ones. */
export interface Outcome<T> {
  readonly values: T[];
  readonly rejections: Rejection[];
}

/** A single value or the reason why there is none. */
export type Result<T, E = Rejection> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };

export function ok<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

export function err<E>(error: E): { readonly ok: false; readonly error: E } {
  return { ok: false, error };
}

/** An outcome of accepted values. */
export function accepted<T>(...values: T[]): Outcome<T> {
  return { values, rejections: [] };
}

/** An outcome of refusals only. */
export function refused<T>(...rejections: Rejection[]): Outcome<T> {
  return { values: [], rejections };
}
