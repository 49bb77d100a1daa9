import type { AttributeInput } from './input/attribute.ts';
import type { EntityInput } from './input/entity.ts';
import { mergeAttribute, stamp, withoutRemovals } from './edit-attribute.ts';
import { Problem } from './problems.ts';
import type { Instant, StoredAttribute, StoredEntity } from './types.ts';

/** What an edit made of an entity. IRIs; `notUpdated` by IRI with the reason. */
export interface Edit {
  readonly entity: StoredEntity;
  readonly written: string[];
  readonly removed: string[];
  readonly notUpdated: { iri: string; reason: string }[];
}

export const SCOPE_IRI = 'https://uri.etsi.org/ngsi-ld/scope';

export function createEntity(input: EntityInput & { id: string }, at: Instant, before?: StoredEntity): StoredEntity {
  const attributes: Record<string, StoredAttribute[]> = {};
  for (const [iri, instances] of Object.entries(input.attributes)) attributes[iri] = instances.map((one) => stamp(iri, one, at));
  return {
    id: input.id,
    types: [...input.types],
    ...(input.scope && { scope: [...input.scope] }),
    ...(input.expiresAt !== undefined && { expiresAt: input.expiresAt }),
    createdAt: before?.createdAt ?? at,
    modifiedAt: at,
    attributes,
  };
}

/**
 * Appends (5.6.3): instances that exist are replaced, or left with `overwrite: false`; new ones are added. Types are added,
 * the scope is replaced, or extended with `overwrite: false`.
 */
export function appendAttributes(entity: StoredEntity, input: EntityInput, options: { overwrite: boolean; at: Instant }): Edit {
  const { overwrite, at } = options;
  const edit = openEdit(entity, input, at);
  if (input.scope !== undefined) {
    edit.entity.scope = overwrite || entity.scope === undefined ? [...input.scope] : [...new Set([...entity.scope, ...input.scope])];
  }
  for (const [iri, instances] of Object.entries(input.attributes)) {
    for (const instance of instances) {
      const exists = instanceOf(edit.entity, iri, instance.datasetId) !== undefined;
      if (exists && !overwrite) edit.notUpdated.push({ iri, reason: 'attribute already exists' });
      else setInstance(edit, iri, instance, at);
    }
  }
  return edit;
}

/** Updates (5.6.2): whole instances are replaced or removed; new ones are added, or refused with `addNew: false`. A scope is replaced only. */
export function updateAttributes(entity: StoredEntity, input: EntityInput, options: { addNew: boolean; at: Instant }): Edit {
  const edit = openEdit(entity, input, options.at);
  if (input.scope !== undefined) {
    if (entity.scope === undefined) edit.notUpdated.push({ iri: SCOPE_IRI, reason: 'the entity has no scope' });
    else edit.entity.scope = [...input.scope];
  }
  for (const [iri, instances] of Object.entries(input.attributes)) {
    for (const instance of instances) {
      const exists = instanceOf(edit.entity, iri, instance.datasetId) !== undefined;
      if (!exists && (instance.remove === true || !options.addNew)) edit.notUpdated.push({ iri, reason: 'attribute does not exist' });
      else setInstance(edit, iri, instance, options.at);
    }
  }
  return edit;
}

/** Merges (5.6.17, RFC 7396): what is not named stays, urn:ngsi-ld:null removes. */
export function mergeEntity(entity: StoredEntity, input: EntityInput, at: Instant): Edit {
  const edit = openEdit(entity, input, at);
  if (input.scope !== undefined) edit.entity.scope = [...input.scope];
  if (input.removeScope === true) delete edit.entity.scope;
  if (input.removeExpiry === true) delete edit.entity.expiresAt;
  for (const [iri, instances] of Object.entries(input.attributes)) {
    for (const instance of instances) {
      const before = instanceOf(edit.entity, iri, instance.datasetId);
      if (instance.remove === true && before === undefined) continue;
      if (instance.remove === true) setInstance(edit, iri, instance, at);
      else if (before === undefined) setInstance(edit, iri, withoutRemovals(instance), at);
      else replaceInstance(edit, iri, mergeAttribute(iri, before, instance, { at, deep: true }));
    }
  }
  return edit;
}

/** Updates parts of one attribute (5.6.4). Throws ResourceNotFound when it or the instance is not there. */
export function updateAttributePart(entity: StoredEntity, iri: string, instances: readonly AttributeInput[], at: Instant): Edit {
  const edit = openEdit(entity, undefined, at);
  for (const instance of instances) {
    const before = instanceOf(edit.entity, iri, instance.datasetId);
    if (before === undefined) throw attributeNotFound(iri, instance.datasetId);
    if (instance.remove === true) setInstance(edit, iri, instance, at);
    else replaceInstance(edit, iri, mergeAttribute(iri, before, instance, { at, deep: false }));
  }
  return edit;
}

/** Replaces one attribute instance (5.6.19). Throws ResourceNotFound when it is not there. */
export function replaceAttribute(entity: StoredEntity, iri: string, instances: readonly AttributeInput[], at: Instant): Edit {
  const edit = openEdit(entity, undefined, at);
  for (const instance of instances) {
    if (instanceOf(entity, iri, instance.datasetId) === undefined) throw attributeNotFound(iri, instance.datasetId);
    setInstance(edit, iri, instance, at);
  }
  return edit;
}

/** Removes one instance, or with `all` every one (5.6.5). Throws ResourceNotFound when there is none. */
export function deleteAttribute(entity: StoredEntity, iri: string, which: { datasetId?: string; all: boolean }, at: Instant): Edit {
  const edit = openEdit(entity, undefined, at);
  if (iri === SCOPE_IRI) {
    if (entity.scope === undefined) throw attributeNotFound(iri, undefined);
    delete edit.entity.scope;
    return edit;
  }
  const found = which.all ? entity.attributes[iri] !== undefined : instanceOf(entity, iri, which.datasetId) !== undefined;
  if (!found) throw attributeNotFound(iri, which.datasetId);
  const left = which.all ? [] : (entity.attributes[iri] ?? []).filter((one) => one.datasetId !== which.datasetId);
  keepInstances(edit, iri, left);
  return edit;
}

function openEdit(entity: StoredEntity, input: EntityInput | undefined, at: Instant): Edit {
  const types = input === undefined ? entity.types : [...new Set([...entity.types, ...input.types])];
  const expiry = input?.expiresAt === undefined ? {} : { expiresAt: input.expiresAt };
  return {
    entity: { ...entity, ...expiry, types, modifiedAt: at, attributes: { ...entity.attributes } },
    written: [],
    removed: [],
    notUpdated: [],
  };
}

function instanceOf(entity: StoredEntity, iri: string, datasetId: string | undefined): StoredAttribute | undefined {
  return entity.attributes[iri]?.find((one) => one.datasetId === datasetId);
}

function setInstance(edit: Edit, iri: string, instance: AttributeInput, at: Instant): void {
  if (instance.remove === true) {
    keepInstances(
      edit,
      iri,
      (edit.entity.attributes[iri] ?? []).filter((one) => one.datasetId !== instance.datasetId),
    );
    return;
  }
  replaceInstance(edit, iri, stamp(iri, instance, at, instanceOf(edit.entity, iri, instance.datasetId)));
}

function replaceInstance(edit: Edit, iri: string, next: StoredAttribute): void {
  const instances = edit.entity.attributes[iri] ?? [];
  const index = instances.findIndex((one) => one.datasetId === next.datasetId);
  edit.entity.attributes[iri] = index < 0 ? [...instances, next] : instances.with(index, next);
  if (!edit.written.includes(iri)) edit.written.push(iri);
}

function keepInstances(edit: Edit, iri: string, left: StoredAttribute[]): void {
  if (left.length > 0) edit.entity.attributes[iri] = left;
  else delete edit.entity.attributes[iri];
  edit.removed.push(iri);
}

function attributeNotFound(iri: string, datasetId: string | undefined): Problem {
  return new Problem('ResourceNotFound', 'No such attribute', datasetId === undefined ? iri : `${iri} with datasetId ${datasetId}`);
}
