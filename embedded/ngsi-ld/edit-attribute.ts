import type { AttributeInput, AttributeType } from './input/attribute.ts';
import { isObject, refuse } from './input/shape.ts';
import { NGSI_NULL } from './input/names.ts';
import { VALUE_MEMBER } from './represent.ts';
import type { Instant, StoredAttribute } from './types.ts';

/** A whole attribute as it is stored. `before`: the instance it replaces, whose time of creation it keeps. */
export function stamp(name: string, input: AttributeInput, at: Instant, before?: StoredAttribute): StoredAttribute {
  const { type, attributes, remove: _remove, dropped: _dropped, ...members } = input;
  if (type === undefined || members[VALUE_MEMBER[type]] === undefined) throw refuse(name, 'a value is missing');
  return {
    type,
    ...members,
    createdAt: before?.createdAt ?? at,
    modifiedAt: at,
    ...stampParts(attributes, at, before),
  };
}

function stampParts(parts: AttributeInput['attributes'], at: Instant, before?: StoredAttribute): Pick<StoredAttribute, 'attributes'> {
  const attributes: Record<string, StoredAttribute[]> = {};
  for (const [iri, instances] of Object.entries(parts ?? {})) {
    const kept = instances.filter((one) => one.remove !== true);
    if (kept.length > 0) attributes[iri] = kept.map((one) => stamp(iri, one, at, find(before?.attributes?.[iri], one.datasetId)));
  }
  return Object.keys(attributes).length > 0 ? { attributes } : {};
}

/** Parts of an attribute over the stored one. `deep`: JSON values are merged as RFC 7396 does, else replaced. */
export function mergeAttribute(
  name: string,
  before: StoredAttribute,
  input: AttributeInput,
  how: { at: Instant; deep: boolean },
): StoredAttribute {
  const { type = before.type, attributes, dropped = [], remove: _remove, ...members } = input;
  if (type !== before.type) {
    // A merge may turn an attribute into another kind, a partial update may not.
    if (!how.deep) throw refuse(name, `a ${before.type} cannot become a ${type}`);
    return stamp(name, input, how.at, before);
  }
  const next: StoredAttribute = { ...before, ...members, modifiedAt: how.at };
  const value = VALUE_MEMBER[type];
  if (members[value] !== undefined) Object.assign(next, { [value]: mergeValue(type, before[value], members[value], how.deep) });
  for (const member of dropped) delete next[member as 'unitCode'];
  const parts = mergeParts(before.attributes ?? {}, attributes ?? {}, how);
  if (Object.keys(parts).length > 0) next.attributes = parts;
  else delete next.attributes;
  return next;
}

function mergeParts(
  before: Record<string, StoredAttribute[]>,
  parts: Record<string, AttributeInput[]>,
  how: { at: Instant; deep: boolean },
): Record<string, StoredAttribute[]> {
  const next = { ...before };
  for (const [iri, instances] of Object.entries(parts)) {
    for (const one of instances) {
      const old = find(next[iri], one.datasetId);
      const others = (next[iri] ?? []).filter((other) => other !== old);
      if (one.remove === true) next[iri] = others;
      else next[iri] = [...others, old === undefined || !how.deep ? stamp(iri, one, how.at, old) : mergeAttribute(iri, old, one, how)];
      if (next[iri]?.length === 0) delete next[iri];
    }
  }
  return next;
}

function mergeValue(type: AttributeType, before: unknown, patch: unknown, deep: boolean): unknown {
  // Without `deep` a languageMap is replaced as any value is (5.5.8), unless the fragment takes a language out of the stored one.
  if (type === 'LanguageProperty') return deep || Object.values(patch as object).includes(NGSI_NULL) ? mergePatch(before, patch) : patch;
  return deep && (type === 'Property' || type === 'JsonProperty') ? mergePatch(before, patch) : patch;
}

/** RFC 7396 with urn:ngsi-ld:null in place of null. */
function mergePatch(before: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const next: Record<string, unknown> = isObject(before) ? { ...before } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (key === '__proto__') continue;
    if (value === NGSI_NULL) delete next[key];
    else next[key] = mergePatch(next[key], value);
  }
  return next;
}

/** A fragment of a merge for an attribute that is not there yet: what it removes is left out. */
export function withoutRemovals(input: AttributeInput): AttributeInput {
  const { type, attributes } = input;
  const member = type === undefined ? undefined : VALUE_MEMBER[type];
  const parts = Object.entries(attributes ?? {}).map(([iri, instances]) => [iri, instances.map(withoutRemovals)]);
  return {
    ...input,
    ...(member !== undefined && input[member] !== undefined && { [member]: mergePatch(undefined, input[member]) }),
    ...(attributes && { attributes: Object.fromEntries(parts) as typeof attributes }),
  };
}

function find(instances: readonly StoredAttribute[] | undefined, datasetId: string | undefined): StoredAttribute | undefined {
  return instances?.find((one) => one.datasetId === datasetId);
}
