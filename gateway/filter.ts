import { levelOfAttribute, levelOfType, mayRead, readableSubAttributes } from '../core/access/levels.ts';
import type { Model } from '../core/entity/models.ts';
import type { Naming } from './naming.ts';
import type { Reader } from './permit.ts';

export type Json = Readonly<Record<string, unknown>>;

/** Members of an attribute that are no sub-attributes. `instanceId` is for changes alone, and brokers count with it what is hidden too. */
const ownMembers: ReadonlySet<string> = new Set(
  (
    'type value object languageMap vocab json valueList objectList objectType valueType unitCode observedAt datasetId lang ' +
    'createdAt modifiedAt expiresAt deletedAt values objects languageMaps vocabs jsons valueLists objectLists ' +
    'totalCount distinctCount sum avg min max stddev sumsq'
  ).split(' '),
);

/**
 * The second line of defence: of an entity as the broker gives it what the caller may read; undefined: nothing. The times of the entity are
 * those of the attributes that are left.
 */
export function readablePart(entity: unknown, naming: Naming, { level, hidden }: Reader): Json | undefined {
  if (!isObject(entity) || typeof entity['id'] !== 'string') return undefined;
  const { '@context': _context, id, type, ...members } = entity;
  if (level === 'internal') return { id, type, ...members };
  const types = ([type].flat() as unknown[]).filter((one) => typeof one === 'string');
  const readable = types.filter((one) => mayRead(level, levelOfType(naming.model(one))));
  if (readable.length === 0 || hidden.isHidden(id, level)) return undefined;
  const models = readable.flatMap((one) => naming.model(one) ?? []);
  const attributes = Object.entries(members).filter(([name, value]) => isObjectOrList(value) && isReadable(name, models, naming, level));
  const shown = attributes.map(([name, value]) => [name, readableInstances(value)] as const);
  return { id, type: readable.length === 1 ? readable[0] : readable, ...timesOf(members, shown), ...Object.fromEntries(shown) };
}

function isReadable(name: string, models: readonly Model[], naming: Naming, level: Reader['level']): boolean {
  return models.some((model) => {
    const attribute = naming.attribute(model, name);
    return attribute !== undefined && mayRead(level, levelOfAttribute(model, attribute));
  });
}

function readableInstances(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(readableInstances);
  if (!isObject(value)) return value;
  const members = Object.entries(value).filter(([name]) => ownMembers.has(name) || readableSubAttributes.has(name));
  return Object.fromEntries(members.map(([name, one]) => [name, readableSubAttributes.has(name) ? readableInstances(one) : one]));
}

/** createdAt and modifiedAt where the broker was asked for them. */
function timesOf(members: Json, shown: readonly (readonly [string, unknown])[]): Json {
  const times = (name: string): string[] =>
    shown
      .flatMap(([, value]) => [value].flat() as unknown[])
      .flatMap((one) => (isObject(one) && typeof one[name] === 'string' ? [one[name]] : []))
      .sort();
  const created = members['createdAt'] === undefined ? undefined : times('createdAt')[0];
  const modified = members['modifiedAt'] === undefined ? undefined : times('modifiedAt').at(-1);
  return { ...(created !== undefined && { createdAt: created }), ...(modified !== undefined && { modifiedAt: modified }) };
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isObjectOrList(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}
