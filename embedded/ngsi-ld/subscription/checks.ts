import { compilePattern } from '../../../core/service/pattern.ts';
import { isUri } from '../input/names.ts';
import { isObject } from '../input/shape.ts';
import { Problem } from '../problems.ts';

export type Json = Record<string, unknown>;

/** Refusals of one kind of document (`Subscription`, …): each names the member, its value and what was expected. */
export interface Checks {
  refuse(path: string, value: unknown, expected: string): never;
  object(value: unknown, path: string, members?: readonly string[]): Json;
  text(value: unknown, path: string): string;
  uri(value: unknown, path: string): string;
  flag(value: unknown, path: string): boolean;
  oneOf<T extends string>(value: unknown, path: string, allowed: readonly T[]): T;
  positive(value: unknown, path: string): number;
  dateTime(value: unknown, path: string): string;
  /** A filled array. */
  list(value: unknown, path: string): unknown[];
  texts(value: unknown, path: string): string[];
  pattern(value: unknown, path: string): string;
  /** `[{"key": "…", "value": "…"}]` (5.2.22). */
  pairs(value: unknown, path: string): KeyValue[];
}

export interface KeyValue {
  readonly key: string;
  readonly value: string;
}

export function checksOf(what: string): Checks {
  const checks: Checks = {
    refuse(path, value, expected) {
      const shown = value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 200);
      throw new Problem('BadRequestData', `Invalid ${what}`, `${path}: ${expected} is expected, not ${shown}`);
    },
    object(value, path, members) {
      if (!isObject(value)) return checks.refuse(path, value, 'an object');
      for (const member of members === undefined ? [] : Object.keys(value)) {
        if (!members?.includes(member))
          throw new Problem('BadRequestData', `Invalid ${what}`, `${join(path, member)}: there is no such member`);
      }
      return value;
    },
    text: (value, path) => (typeof value === 'string' && value !== '' ? value : checks.refuse(path, value, 'a filled text')),
    uri: (value, path) => (isUri(value) ? value : checks.refuse(path, value, 'a URI')),
    flag: (value, path) => (typeof value === 'boolean' ? value : checks.refuse(path, value, 'true or false')),
    oneOf(value, path, allowed) {
      const found = allowed.find((one) => one === value);
      return found ?? checks.refuse(path, value, `one of ${allowed.join(', ')}`);
    },
    positive: (value, path) => (typeof value === 'number' && value > 0 ? value : checks.refuse(path, value, 'a number above 0')),
    dateTime: (value, path) => (isDateTime(value) ? value : checks.refuse(path, value, 'a DateTime such as 2026-05-01T10:00:00Z')),
    list: (value, path) => (Array.isArray(value) && value.length > 0 ? (value as unknown[]) : checks.refuse(path, value, 'a filled array')),
    texts: (value, path) => checks.list(value, path).map((one, index) => checks.text(one, `${path}[${index}]`)),
    pattern(value, path) {
      const text = checks.text(value, path);
      try {
        compilePattern(text);
      } catch {
        checks.refuse(path, value, 'a regular expression');
      }
      return text;
    },
    pairs: (value, path) =>
      checks.list(value, path).map((one, index) => {
        const at = `${path}[${index}]`;
        const pair = checks.object(one, at, ['key', 'value']);
        return {
          key: checks.text(pair['key'], `${at}.key`),
          value: typeof pair['value'] === 'string' ? pair['value'] : checks.text(pair['value'], `${at}.value`),
        };
      }),
  };
  return checks;
}

/** 4.6.3: date and time in UTC or with an offset. */
export function isDateTime(value: unknown): value is string {
  if (typeof value !== 'string') return false;
  const parts = /^(\d{4}-\d\d-\d\d)T\d\d:\d\d:\d\d([.,]\d{1,9})?(Z|[+-]\d\d:?\d\d)$/.exec(value);
  if (parts === null || Number.isNaN(Date.parse(value.replace(',', '.')))) return false;
  // 30 February parses, as 2 March.
  const day = new Date(`${parts[1]}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(parts[1] as string);
}

function join(path: string, member: string): string {
  return path === '' ? member : `${path}.${member}`;
}
