import { Problem } from '../problems.ts';

export function refuse(name: string, why: string): Problem {
  return new Problem('BadRequestData', 'Invalid attribute', `${name}: ${why}`);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
