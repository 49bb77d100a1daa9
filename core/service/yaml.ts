import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { LineCounter, parseDocument, type Document } from 'yaml';

import { ConfigError } from '../errors.ts';
import { seldomRun } from '../validate/ajv-options.ts';

/**
 * Reads a YAML (or JSON) file that a person edits and fills in the schema's defaults.
 * @throws {ConfigError} that lists every fault at once, each with file, line, field, what stands there and what was expected.
 */
export function readYaml<T>(text: string, file: string, schema: object): T {
  return readYamlWithLines<T>(text, file, schema).value;
}

/** `readYaml` with the line of a path, for faults that the schema cannot see. @throws {ConfigError} */
export function readYamlWithLines<T>(text: string, file: string, schema: object): { value: T; lineOf(path: readonly string[]): number } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    throw new ConfigError(
      `${file} cannot be read`,
      document.errors.map((error) => `${file}:${lines.linePos(error.pos[0]).line}: ${error.message}`),
    );
  }
  const value = validated<T>(document.toJS() ?? {}, schema, file, (path) => String(lineOf(path, document, lines)));
  return { value, lineOf: (path) => lineOf(path, document, lines) };
}

/**
 * A value held against a schema, with the schema's defaults filled in; `place` says where in the file a path stands.
 * @throws {ConfigError} that lists every fault at once.
 */
export function validated<T>(value: unknown, schema: object, file: string, place: (path: readonly string[]) => string): T {
  const validate = compile(schema);
  if (!validate(value)) {
    throw new ConfigError(
      `${file} is not valid`,
      (validate.errors ?? []).filter(isTelling).map((error) => describe(error, file, place)),
    );
  }
  return value as T;
}

/** Line of the nearest node that exists on a path, for faults that a schema cannot see. */
export function lineFinder(text: string): (path: readonly (string | number)[]) => number {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  return (path) => lineOf(path, document, lines);
}

const ajv = addFormats.default(
  new Ajv2020({ ...seldomRun, allErrors: true, useDefaults: true, verbose: true, strict: true, strictTypes: false }),
);
const compiled = new WeakMap<object, ValidateFunction>();

function compile(schema: object): ValidateFunction {
  const known = compiled.get(schema);
  if (known !== undefined) return known;
  const validate = ajv.compile(schema);
  // The same file read again is another object with the same `$id`.
  ajv.removeSchema(schema);
  compiled.set(schema, validate);
  return validate;
}

/** `oneOf`, `if` and the like repeat what their branches said. */
function isTelling(error: ErrorObject): boolean {
  return !['if', 'oneOf', 'anyOf', 'const'].includes(error.keyword);
}

function describe(error: ErrorObject, file: string, place: (path: readonly string[]) => string): string {
  const path = error.instancePath.split('/').slice(1).map(unescapePointer);
  const extra: unknown = error.params['additionalProperty'] ?? error.params['missingProperty'];
  const where = typeof extra === 'string' && error.keyword === 'additionalProperties' ? [...path, extra] : path;
  const field = [...path, ...(typeof extra === 'string' ? [extra] : [])].join('.') || 'the file';
  return `${file}:${place(where)}: ${field} ${expected(error)}`;
}

function expected(error: ErrorObject): string {
  if (error.keyword === 'additionalProperties') return 'is not a known key; check the spelling';
  if (error.keyword === 'required') return 'is missing';
  const allowed: unknown = error.params['allowedValues'];
  const wish = Array.isArray(allowed) ? `must be one of ${allowed.join(', ')}` : (error.message ?? 'is not valid');
  return `${wish}, found ${JSON.stringify(error.data)}`;
}

/** The line of the nearest node that exists on the way to `path`. */
function lineOf(path: readonly (string | number)[], document: Document, lines: LineCounter): number {
  for (let depth = path.length; depth >= 0; depth--) {
    const node = document.getIn(path.slice(0, depth), true) as { range?: [number, number, number] } | undefined;
    if (node?.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}

function unescapePointer(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~');
}
