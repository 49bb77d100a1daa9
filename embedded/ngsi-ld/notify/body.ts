import { randomUUID } from 'node:crypto';
import { asRemoved, lostInstances } from '../removed.ts';
import { represent, type RepresentOptions } from '../represent.ts';
import type { Subscription } from '../subscription/document.ts';
import type { Change, Instant, ResolvedContext, StoredAttribute, StoredEntity } from '../types.ts';

const PREVIOUS_MEMBER = {
  value: 'previousValue',
  object: 'previousObject',
  languageMap: 'previousLanguageMap',
  vocab: 'previousVocab',
  json: 'previousJson',
  valueList: 'previousValueList',
  objectList: 'previousObjectList',
} as const;

/** What one notification tells about one entity. */
export interface Notified {
  /** undefined: a periodic notification, without a change. */
  readonly change?: Change;
  readonly state: StoredEntity;
  /** IRIs of the attributes that caused it. */
  readonly attributes: ReadonlySet<string>;
}

/** The body of a notification (5.3.1), names in `context`, without `@context`. */
export function notificationBody(
  subscription: Subscription,
  entities: readonly Notified[],
  context: ResolvedContext,
  at: Instant,
): Record<string, unknown> {
  const data = entities.map((notified) => notifiedEntity(notified, subscription, context));
  const asGeoJson = subscription.notification.endpoint.accept === 'application/geo+json';
  return {
    id: `urn:ngsi-ld:Notification:${randomUUID()}`,
    type: 'Notification',
    subscriptionId: subscription.id,
    notifiedAt: at,
    data: asGeoJson ? { type: 'FeatureCollection', features: data.map((entity) => feature(entity, subscription, context)) } : data,
  };
}

function notifiedEntity(
  { change, state, attributes }: Notified,
  subscription: Subscription,
  context: ResolvedContext,
): Record<string, unknown> {
  const { notification } = subscription;
  const options = optionsOf(subscription);
  const showChanges = notification.showChanges === true;
  if (change === undefined) return represent(state, context, options);

  const deletes = change.kind === 'deleted';
  const shown = deletes
    ? emptied(change, showChanges ? Object.keys(state.attributes) : [...attributes])
    : withDeleted(change, attributes, subscription);
  const json = represent(shown, context, options);
  if (deletes) insertAfter(json, 'type', 'deletedAt', change.at);
  if (notification.sysAttrs === true) markDeleted(json, change, context);
  if (showChanges) addPrevious(json, change, context, options);
  return json;
}

function optionsOf(subscription: Subscription): RepresentOptions {
  const { format, sysAttrs, attributes, pick, omit } = subscription.notification;
  return {
    format: format === 'keyValues' ? 'simplified' : (format ?? 'normalized'),
    ...(sysAttrs === true && { sysAttrs }),
    ...(attributes && { attrs: new Set(attributes) }),
    ...(pick && { pick: new Set(pick) }),
    ...(omit && { omit: new Set(omit) }),
    ...(subscription.lang !== undefined && { lang: subscription.lang }),
    ...(subscription.datasetId && { datasetIds: subscription.datasetId }),
  };
}

/** What is left to tell of a deleted entity: the wanted attributes, each as null. */
function emptied(change: Change, attributes: readonly string[]): StoredEntity {
  const before = change.before as StoredEntity;
  const left = attributes.flatMap((iri): [string, StoredAttribute[]][] => {
    const instances = before.attributes[iri];
    return instances === undefined ? [] : [[iri, instances.map(asRemoved)]];
  });
  return { ...before, attributes: Object.fromEntries(left) };
}

/** The new state, and null for each instance that the change removed, if deletions are asked for. */
function withDeleted(change: Change, attributes: ReadonlySet<string>, subscription: Subscription): StoredEntity {
  const after = change.after as StoredEntity;
  if (subscription.notificationTrigger?.includes('attributeDeleted') !== true) return after;
  const all = { ...after.attributes };
  for (const iri of attributes) {
    const lost = lostInstances(change.before, change.after, iri);
    if (lost.length > 0) all[iri] = [...(all[iri] ?? []), ...lost.map(asRemoved)];
  }
  return { ...after, attributes: all };
}

function markDeleted(json: Record<string, unknown>, change: Change, context: ResolvedContext): void {
  for (const iri of Object.keys(change.before?.attributes ?? {})) {
    const lost = new Set(lostInstances(change.before, change.after, iri).map((one) => one.datasetId));
    for (const instance of instancesOf(json[context.compactName(iri)])) {
      if (lost.has(instance['datasetId'] as string | undefined)) instance['deletedAt'] = change.at;
    }
  }
}

/** Adds `previousValue` and its like to the instances that the change wrote or removed. */
function addPrevious(json: Record<string, unknown>, change: Change, context: ResolvedContext, options: RepresentOptions): void {
  if (change.before === undefined) return;
  const { lang: _lang, ...inAllLanguages } = options;
  const before = represent(change.before, context, { ...inAllLanguages, format: 'normalized' });
  for (const iri of new Set([...change.written, ...change.removed, ...Object.keys(change.before.attributes)])) {
    const name = context.compactName(iri);
    const touched = change.written.includes(iri);
    const lost = new Set(lostInstances(change.before, change.after, iri).map((one) => one.datasetId));
    if (json[name] === undefined || (!touched && lost.size === 0)) continue;
    if (!isInstance(json[name]) && !Array.isArray(json[name])) json[name] = { value: json[name] };
    for (const instance of instancesOf(json[name])) {
      const datasetId = instance['datasetId'] as string | undefined;
      if (!touched && !lost.has(datasetId)) continue;
      const previous = instancesOf(before[name]).find((one) => one['datasetId'] === datasetId);
      for (const [member, previousMember] of Object.entries(PREVIOUS_MEMBER)) {
        if (previous !== undefined && member in previous) instance[previousMember] = previous[member];
      }
    }
  }
}

function feature(entity: Record<string, unknown>, subscription: Subscription, context: ResolvedContext): Record<string, unknown> {
  const { id, ...properties } = entity;
  const name = context.compactName(subscription.geoQ?.geoproperty ?? context.expandName('location'));
  const [location] = instancesOf(properties[name]);
  const geometry = location === undefined ? null : 'coordinates' in location ? location : (location['value'] ?? null);
  return { id, type: 'Feature', geometry, properties };
}

function instancesOf(value: unknown): Record<string, unknown>[] {
  return (Array.isArray(value) ? (value as unknown[]) : [value]).filter(isInstance);
}

function isInstance(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Puts a member right behind another: people read notifications too. */
function insertAfter(json: Record<string, unknown>, after: string, member: string, value: unknown): void {
  const rest = Object.entries(json);
  for (const [name] of rest) delete json[name];
  for (const [name, one] of rest) {
    json[name] = one;
    if (name === after) json[member] = value;
  }
  json[member] ??= value;
}
