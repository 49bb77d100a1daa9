import { Problem } from '../problems.ts';
import type { Profile, ResolvedContext } from '../types.ts';
import { readAttribute, type AttributeInput, type InputMode, type InputOptions } from './attribute.ts';
import { isObject } from './shape.ts';
import { checkDateTime, checkUri, expandChecked, NGSI_NULL, readScope } from './names.ts';

/** An entity or a fragment of one as a request gives it, in IRIs. */
export interface EntityInput {
  readonly id?: string;
  readonly types: readonly string[];
  readonly scope?: readonly string[];
  /** Only in a merge. */
  readonly removeScope?: boolean;
  readonly expiresAt?: string;
  readonly removeExpiry?: boolean;
  readonly attributes: Readonly<Record<string, readonly AttributeInput[]>>;
}

/** Terms of the core that are members, not attributes. */
const NOT_AN_ATTRIBUTE = new Set(['datasetId', 'instanceId', 'observedAt', 'unitCode', 'value', 'object', 'languageMap', 'previousValue']);
const IGNORED = new Set(['@context', 'createdAt', 'modifiedAt', 'deletedAt']);

export interface EntityOptions {
  readonly context: ResolvedContext;
  readonly profile: Profile;
  readonly mode: InputMode;
  /** `whole`: id and type are required. */
  readonly whole?: boolean;
}

/** Throws BadRequestData, InvalidRequest for what is no object. */
export function readEntity(json: unknown, options: EntityOptions): EntityInput {
  if (!isObject(json)) throw new Problem('BadRequestData', 'Invalid entity', 'a JSON object is expected');
  // The core context aliases both.
  const alias = (name: string): string => (name === '@id' ? 'id' : name === '@type' ? 'type' : name);
  const members: Record<string, unknown> = Object.fromEntries(Object.entries(json).map(([name, value]) => [alias(name), value]));
  const { id, type, scope, expiresAt, ...rest } = members;
  const required = options.whole === true;
  if (required && id === undefined) throw new Problem('BadRequestData', 'Entity id is missing');
  if (required && type === undefined) throw new Problem('BadRequestData', 'Entity type is missing');
  const attributes: Record<string, readonly AttributeInput[]> = {};
  for (const [name, value] of Object.entries(rest)) {
    if (IGNORED.has(name)) continue;
    if (NOT_AN_ATTRIBUTE.has(name)) throw new Problem('BadRequestData', 'Invalid name', `${name} is no attribute`);
    const iri = expandChecked(name, 'attribute', options.context, options.profile);
    if (attributes[iri] !== undefined) throw new Problem('BadRequestData', 'Duplicated attribute', `${name} and another name mean ${iri}`);
    attributes[iri] = readAttribute(name, value, options satisfies InputOptions);
  }
  const isNull = (value: unknown): boolean => value === NGSI_NULL && options.mode === 'merge';
  return {
    ...(id !== undefined && { id: checkId(id) }),
    types: type === undefined ? [] : readTypes(type, options),
    ...(isNull(scope) ? { removeScope: true } : scope !== undefined && { scope: readScope(scope) }),
    ...(isNull(expiresAt)
      ? { removeExpiry: true }
      : expiresAt !== undefined && { expiresAt: checkDateTime(expiresAt, 'expiresAt', options.profile) }),
    attributes,
  };
}

function readTypes(type: unknown, options: EntityOptions): string[] {
  const names = Array.isArray(type) ? (type as unknown[]) : [type];
  if (names.length === 0) throw new Problem('BadRequestData', 'Entity type is missing', 'an empty array');
  if (names.length > 1 && options.profile === 'orion') throw new Problem('BadRequestData', 'Invalid entity type', 'one type is supported');
  return [...new Set(names.map((name) => expandChecked(name, 'type', options.context, options.profile)))];
}

function checkId(id: unknown): string {
  if (id === NGSI_NULL) throw new Problem('BadRequestData', 'Invalid URI', `id: ${NGSI_NULL} stands for nothing (5.5.4)`);
  return checkUri(id, 'id');
}
