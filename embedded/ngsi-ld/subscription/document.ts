import type { Instant, ResolvedContext } from '../types.ts';
import type { KeyValue } from './checks.ts';

export type Trigger = 'entityCreated' | 'entityUpdated' | 'entityDeleted' | 'attributeCreated' | 'attributeUpdated' | 'attributeDeleted';

export interface EntitySelector {
  readonly id?: string;
  readonly idPattern?: string;
  /** A type selection (4.17) of IRIs, or `*`. */
  readonly type: string;
}

export interface Endpoint {
  readonly uri: string;
  readonly accept?: 'application/json' | 'application/ld+json' | 'application/geo+json';
  readonly receiverInfo?: readonly KeyValue[];
  readonly notifierInfo?: readonly KeyValue[];
  /** Milliseconds. */
  readonly timeout?: number;
  /** Milliseconds. */
  readonly cooldown?: number;
}

export interface NotificationParams {
  readonly endpoint: Endpoint;
  readonly format?: 'normalized' | 'concise' | 'keyValues' | 'simplified';
  readonly attributes?: readonly string[];
  readonly pick?: readonly string[];
  readonly omit?: readonly string[];
  readonly sysAttrs?: boolean;
  readonly showChanges?: boolean;
  readonly join?: 'flat' | 'inline' | '@none';
  readonly joinLevel?: number;
}

export interface GeoQ {
  readonly geometry: string;
  readonly coordinates: unknown;
  readonly georel: string;
  readonly geoproperty?: string;
}

/** A subscription as the client wrote it (5.2.12), its names expanded to IRIs. */
export interface Subscription {
  readonly id: string;
  readonly type: 'Subscription';
  readonly subscriptionName?: string;
  readonly description?: string;
  readonly entities?: readonly EntitySelector[];
  readonly watchedAttributes?: readonly string[];
  readonly notificationTrigger?: readonly Trigger[];
  /** Seconds. */
  readonly timeInterval?: number;
  /** As it was written: names in it are those of the context at creation. */
  readonly q?: string;
  readonly geoQ?: GeoQ;
  readonly scopeQ?: string;
  readonly csf?: string;
  readonly isActive?: boolean;
  readonly notification: NotificationParams;
  readonly expiresAt?: Instant;
  /** Seconds. */
  readonly throttling?: number;
  readonly lang?: string;
  readonly datasetId?: readonly string[];
  readonly jsonldContext?: string;
}

/** What the broker knows about the deliveries of a subscription. */
export interface DeliveryState {
  readonly timesSent: number;
  readonly timesFailed: number;
  readonly lastNotification?: Instant;
  readonly lastSuccess?: Instant;
  readonly lastFailure?: Instant;
  readonly lastErrorReason?: string;
  /** Failures since the last success. */
  readonly consecutiveErrors: number;
}

export interface StoredSubscription {
  readonly tenant: string;
  readonly subscription: Subscription;
  /** `@context` of the request that created it, without the core: its notifications use it. */
  readonly context: unknown;
  /** `@context` of the request that wrote `q`. */
  readonly qContext: unknown;
  /** URL of the context that was made for a request with more than one URL as `@context`. */
  readonly implicitContext?: string;
  readonly createdAt: Instant;
  readonly modifiedAt: Instant;
  readonly state: DeliveryState;
}

export const NEVER_DELIVERED: DeliveryState = { timesSent: 0, timesFailed: 0, consecutiveErrors: 0 };

export function statusOf(subscription: Subscription, now: Instant): 'active' | 'paused' | 'expired' {
  if (subscription.expiresAt !== undefined && Date.parse(subscription.expiresAt) <= Date.parse(now)) return 'expired';
  return subscription.isActive === false ? 'paused' : 'active';
}

/** The names in a type selection such as `(A;B)|C`, each by `map`. */
export function mapTypes(selection: string, map: (name: string) => string): string {
  return selection === '*' ? selection : selection.replace(/[^|;,()\s]+/g, map);
}

/** Names of the members of an entity that are no attributes. */
const ENTITY_MEMBERS = new Set(['id', 'type', 'scope', 'createdAt', 'modifiedAt', 'deletedAt', 'expiresAt']);

export function mapMember(name: string, map: (name: string) => string): string {
  return ENTITY_MEMBERS.has(name) ? name : map(name);
}

/** The subscription with each of its names by `map`. */
export function mapNames(subscription: Subscription, map: (name: string) => string): Subscription {
  const { entities, watchedAttributes, geoQ, notification } = subscription;
  const { attributes, pick, omit } = notification;
  return {
    ...subscription,
    ...(entities && { entities: entities.map((selector) => ({ ...selector, type: mapTypes(selector.type, map) })) }),
    ...(watchedAttributes && { watchedAttributes: watchedAttributes.map(map) }),
    ...(geoQ?.geoproperty !== undefined && { geoQ: { ...geoQ, geoproperty: map(geoQ.geoproperty) } }),
    notification: {
      ...notification,
      ...(attributes && { attributes: attributes.map(map) }),
      ...(pick && { pick: pick.map((name) => mapMember(name, map)) }),
      ...(omit && { omit: omit.map((name) => mapMember(name, map)) }),
    },
  };
}

/** The answer to a read (5.2.12): names compacted, status and counters added. */
export function presentSubscription(
  stored: StoredSubscription,
  context: ResolvedContext,
  now: Instant,
  sysAttrs: boolean,
): Record<string, unknown> {
  const { subscription, state } = stored;
  const { notification, ...rest } = mapNames(subscription, (iri) => context.compactName(iri));
  const { consecutiveErrors, lastErrorReason, ...counters } = state;
  const failing = state.lastFailure !== undefined && (state.lastSuccess === undefined || state.lastSuccess < state.lastFailure);
  return {
    ...rest,
    ...(stored.implicitContext !== undefined && { jsonldContext: subscription.jsonldContext ?? stored.implicitContext }),
    isActive: subscription.isActive ?? true,
    status: statusOf(subscription, now),
    notification: {
      ...notification,
      status: failing ? 'failed' : 'ok',
      ...counters,
      ...(consecutiveErrors > 0 && { consecutiveErrors, ...(lastErrorReason !== undefined && { lastErrorReason }) }),
    },
    ...(sysAttrs && { createdAt: stored.createdAt, modifiedAt: stored.modifiedAt }),
  };
}
