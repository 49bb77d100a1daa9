/** What must stand at a broker for a partner: subscriptions at ours, registrations at the partner's. Pure. Source: ETSI GS CIM 009, 5.2.9 and 5.2.12. */
import type { AccessView } from './exposure.ts';
import type { Area, Partner, Share } from './partner.ts';

/** A subscription or registration as it is to be. */
export interface Wanted {
  readonly partner: string;
  readonly kind: 'subscriptions' | 'csourceRegistrations';
  readonly id: string;
  /** URL of the `@context` of the names in it. */
  readonly context: string;
  /** Without what only some brokers take. */
  readonly body: Readonly<Record<string, unknown>>;
  /** Asked for first; left out where the broker refuses it. */
  readonly optional?: Readonly<Record<string, unknown>>;
}

export interface Surroundings extends AccessView {
  /** Name of this Klavže among those at the same broker. */
  readonly instance: string;
  /** Where our broker brings the notifications of a partner to. */
  readonly notifyUrl: (partner: string) => string;
  /** Sent with each, so that nobody else can put data into the queue. */
  readonly relayToken: string;
  /** Where our broker fetches the `@context` of a type. */
  readonly contextOf: (type: string) => string;
  /** Where a partner fetches it. */
  readonly publicContextOf: (type: string) => string;
  readonly knownTypes: readonly string[];
  readonly isRelationship: (type: string, attribute: string) => boolean;
  /** Where partners reach our data. */
  readonly publicUrl: string | undefined;
}

/** Documents whose id begins so are of some Klavže. */
export const klavzePrefix = {
  subscriptions: 'urn:ngsi-ld:Subscription:klavze:',
  csourceRegistrations: 'urn:ngsi-ld:ContextSourceRegistration:klavze:',
};

/** Those whose id begins so are ours; no others are ever touched, since several Klavže may share a broker. */
export function ownPrefix(kind: Wanted['kind'], instance: string): string {
  return `${klavzePrefix[kind]}${instance}:`;
}

/** Header of the token that our broker sends with notifications. */
export const relayHeader = 'X-Klavze-Relay';

export function contextOf(partner: Partner, type: string, around: Pick<Surroundings, 'contextOf'>): string {
  return partner.context ?? around.contextOf(type);
}

/** The `@context` that what is sent to the partner names. */
export function contextThere(partner: Partner, type: string, around: Pick<Surroundings, 'publicContextOf'>): string {
  return partner.context ?? around.publicContextOf(type);
}

export function subscriptionId(instance: string, partner: string, type: string): string {
  return `${ownPrefix('subscriptions', instance)}${partner}:${type}`;
}

/** One document for each type: types have attributes and contexts of their own. */
export function wantedOf(partner: Partner, around: Surroundings): Wanted[] {
  return partner.entities.map((share) =>
    partner.mode === 'federation' ? registration(partner, share, around) : subscription(partner, share, around),
  );
}

function subscription(partner: Partner, share: Share, around: Surroundings): Wanted {
  const { name, mode, area, form, throttling, endpoint } = partner;
  const { type, attributes, q } = share;
  const isDirect = mode === 'subscription';
  const receiverInfo = isDirect ? directHeaders(partner) : [{ key: relayHeader, value: around.relayToken }];
  return {
    partner: name,
    kind: 'subscriptions',
    id: subscriptionId(around.instance, name, type),
    context: contextOf(partner, type, around),
    body: {
      type: 'Subscription',
      subscriptionName: `klavze ${name} ${type}`,
      entities: [{ type }],
      ...(attributes !== 'all' && { watchedAttributes: attributes }),
      ...(q !== undefined && { q }),
      ...(area !== undefined && { geoQ: { georel: 'within', geometry: 'Polygon', coordinates: ringOf(area) } }),
      notification: {
        ...(attributes !== 'all' && { attributes }),
        format: isDirect ? form : 'normalized',
        // The relay puts states in order by the moment of their change.
        ...(!isDirect && { sysAttrs: true }),
        endpoint: {
          uri: isDirect ? endpoint : around.notifyUrl(name),
          accept: 'application/json',
          ...(receiverInfo.length > 0 && { receiverInfo }),
        },
      },
      ...(isDirect && throttling !== undefined && { throttling }),
      isActive: true,
    },
    ...(!isDirect && { optional: { notificationTrigger: ['attributeCreated', 'attributeUpdated', 'entityDeleted'] } }),
  };
}

function directHeaders({ auth, secrets, tenant }: Partner): { readonly key: string; readonly value: string }[] {
  const token = auth.header === 'Authorization' ? `Bearer ${secrets.token}` : `${secrets.token}`;
  return [
    ...(auth.kind === 'token' ? [{ key: auth.header, value: token }] : []),
    ...(tenant === undefined ? [] : [{ key: 'NGSILD-Tenant', value: tenant }]),
  ];
}

/** Read-only and inclusive: the partner's broker adds what ours answers to what it holds itself, and never writes. */
function registration(partner: Partner, { type, attributes }: Share, around: Surroundings): Wanted {
  return {
    partner: partner.name,
    kind: 'csourceRegistrations',
    id: `${ownPrefix('csourceRegistrations', around.instance)}${partner.name}:${type}`,
    context: contextThere(partner, type, around),
    body: {
      type: 'ContextSourceRegistration',
      registrationName: `klavze ${partner.name} ${type}`,
      information: [{ entities: [{ type }], ...namesOf(type, attributes, around) }],
      ...(partner.area !== undefined && { location: { type: 'Polygon', coordinates: ringOf(partner.area) } }),
      mode: 'inclusive',
      operations: ['retrieveOps'],
      endpoint: around.publicUrl ?? '',
      // Ours answers with what it holds and asks nobody else in turn.
      hostAlias: `klavze-${around.instance}`,
    },
  };
}

function namesOf(type: string, attributes: Share['attributes'], { isRelationship }: Surroundings): object {
  if (attributes === 'all') return {};
  const relationshipNames = attributes.filter((name) => isRelationship(type, name));
  const propertyNames = attributes.filter((name) => !isRelationship(type, name));
  return { ...(propertyNames.length > 0 && { propertyNames }), ...(relationshipNames.length > 0 && { relationshipNames }) };
}

/** The corners of an area as the coordinates of a GeoJSON Polygon. */
export function ringOf([west, south, east, north]: Area): [number, number][][] {
  return [
    [
      [west, south],
      [east, south],
      [east, north],
      [west, north],
      [west, south],
    ],
  ];
}
