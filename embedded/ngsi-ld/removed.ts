import { NGSI_NULL } from './input/names.ts';
import { VALUE_MEMBER } from './represent.ts';
import type { StoredAttribute, StoredEntity } from './types.ts';

/** Instances of an attribute that were there before a change and are no more. */
export function lostInstances(before: StoredEntity | undefined, after: StoredEntity | undefined, name: string): StoredAttribute[] {
  const kept = after?.attributes[name] ?? [];
  return (before?.attributes[name] ?? []).filter((one) => !kept.some((other) => other.datasetId === one.datasetId));
}

/** The instance that stands for a removed one: its value is the NGSI-LD null (4.5.0). */
export function asRemoved({ type, datasetId, createdAt, modifiedAt }: StoredAttribute): StoredAttribute {
  const value = type === 'LanguageProperty' ? { '@none': NGSI_NULL } : type.startsWith('List') ? [NGSI_NULL] : NGSI_NULL;
  return { type, [VALUE_MEMBER[type]]: value, createdAt, modifiedAt, ...(datasetId !== undefined && { datasetId }) };
}
