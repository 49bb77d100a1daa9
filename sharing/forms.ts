/** Entities as a partner wants them in notifications. Pure. Source: ETSI GS CIM 009, 4.5. */
import type { Form } from './partner.ts';

type Json = Readonly<Record<string, unknown>>;

const members = new Set(['id', 'type', '@context', 'scope', 'expiresAt']);
const valueMembers = ['value', 'object', 'languageMap', 'vocab', 'json', 'valueList', 'objectList'] as const;
/** In the key-values form these keep their member, since their value alone would be read as another kind (4.5.4). */
const wrapped = new Set(['languageMap', 'vocab', 'json']);

/** An entity in normalized form in another one. */
export function inForm(entity: Json, form: Form): Json {
  if (form === 'normalized') return entity;
  const one = form === 'concise' ? concise : simple;
  return Object.fromEntries(
    Object.entries(entity).map(([name, value]) => [
      name,
      members.has(name) ? value : Array.isArray(value) ? datasets(value, form) : one(value),
    ]),
  );
}

/** Several instances: as a list in the concise form, by their dataset in the key-values form. */
function datasets(instances: readonly unknown[], form: Form): unknown {
  if (form === 'concise') return instances.map(concise);
  return {
    dataset: Object.fromEntries(instances.map((one) => [isObject(one) ? String(one['datasetId'] ?? '@none') : '@none', simple(one)])),
  };
}

function simple(attribute: unknown): unknown {
  if (!isObject(attribute)) return attribute;
  const member = valueMembers.find((name) => name in attribute);
  if (member === undefined) return attribute;
  return wrapped.has(member) ? { [member]: attribute[member] } : attribute[member];
}

/** Without the type, which the value's member tells; a Property of which nothing else is known is its value. */
function concise(attribute: unknown): unknown {
  if (!isObject(attribute)) return attribute;
  const { type, ...rest } = attribute;
  if (typeof type !== 'string' || !valueMembers.some((name) => name in rest)) return attribute;
  const inner = Object.fromEntries(
    Object.entries(rest).map(([name, value]) => [name, valueMembers.some((one) => one === name) ? value : concise(value)]),
  );
  const isBare = Object.keys(inner).length === 1 && 'value' in inner && (type === 'GeoProperty' || !isObject(inner['value']));
  return isBare ? inner['value'] : inner;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
