import { compilePattern, type Pattern } from '../../../core/service/pattern.ts';
import { parseGeo, type GeoParams } from '../query/geo.ts';
import { parseQ } from '../query/q.ts';
import { parseScopeQ } from '../query/scope.ts';
import type { EntityTest } from '../query/logic.ts';
import type { ResolvedContext, StoredAttribute, StoredEntity } from '../types.ts';
import type { TemporalWindow } from '../temporal/window.ts';
import type { Registration, RegistrationInfo, StoredRegistration, TimeInterval } from './document.ts';
import { geometryOf } from './read.ts';

/** What registrations are looked for (5.10.2). Names are IRIs. */
export interface Discovery {
  readonly ids?: readonly string[];
  readonly idPattern?: Pattern;
  readonly types?: readonly string[];
  readonly attrs?: readonly string[];
  /** Undefined: sources of present values, those without an interval. */
  readonly window?: TemporalWindow;
  /** Conditions on the registration itself: its properties, place and scope. */
  readonly conditions: readonly EntityTest[];
}

export function readConditions(params: Readonly<Record<string, string>>, context: ResolvedContext): readonly EntityTest[] {
  const geo = parseGeo(params satisfies GeoParams, context);
  return [
    ...(params['q'] === undefined ? [] : [parseQ(params['q'], context)]),
    ...(params['csf'] === undefined ? [] : [parseQ(params['csf'], context)]),
    ...(params['scopeQ'] === undefined ? [] : [parseScopeQ(params['scopeQ'])]),
    ...(geo === undefined ? [] : [geo]),
  ];
}

export function discovered(stored: StoredRegistration, discovery: Discovery, context: ResolvedContext): boolean {
  const { registration } = stored;
  if (!registration.information.some((info) => concerns(info, discovery))) return false;
  if (!inTime(registration, discovery.window)) return false;
  const entity = asEntity(stored, context);
  return discovery.conditions.every((condition) => condition(entity));
}

/** What is left out on either side stands for everything. */
export function concerns(
  { entities, propertyNames, relationshipNames }: RegistrationInfo,
  { ids, idPattern, types, attrs }: Omit<Discovery, 'conditions'>,
): boolean {
  const names = [...(propertyNames ?? []), ...(relationshipNames ?? [])];
  if (attrs !== undefined && names.length > 0 && !attrs.some((name) => names.includes(name))) return false;
  return (
    entities === undefined ||
    entities.some((one) => {
      if (types !== undefined && ![one.type].flat().some((type) => types.includes(type))) return false;
      const own = one.idPattern === undefined ? undefined : compilePattern(one.idPattern);
      if (ids !== undefined) return ids.some((id) => (one.id === undefined ? (own?.test(id) ?? true) : one.id === id));
      return idPattern === undefined || one.id === undefined || idPattern.test(one.id);
    })
  );
}

function inTime(registration: Registration, window: TemporalWindow | undefined): boolean {
  const { observationInterval, managementInterval } = registration;
  if (window === undefined) return observationInterval === undefined && managementInterval === undefined;
  const interval = window.property === 'observedAt' ? observationInterval : managementInterval;
  return interval !== undefined && overlaps(interval, window);
}

function overlaps({ startAt, endAt }: TimeInterval, { from = -Infinity, to = Infinity }: TemporalWindow): boolean {
  return Date.parse(startAt) < to && (endAt === undefined || Date.parse(endAt) >= from);
}

/** The registration as an entity, so that it can be queried like one. */
function asEntity({ registration, properties, createdAt, modifiedAt }: StoredRegistration, context: ResolvedContext): StoredEntity {
  const property = (type: 'Property' | 'GeoProperty', value: unknown): StoredAttribute[] => [{ type, value, createdAt, modifiedAt }];
  const attributes: Record<string, StoredAttribute[]> = {};
  for (const [iri, value] of Object.entries(properties)) attributes[iri] = property('Property', value);
  for (const [member, value] of Object.entries(registration)) attributes[context.expandName(member)] ??= property('Property', value);
  for (const member of ['location', 'observationSpace', 'operationSpace'] as const) {
    if (registration[member] !== undefined)
      attributes[context.expandName(member)] = property('GeoProperty', geometryOf(registration[member]));
  }
  const { scope } = registration;
  return {
    id: registration.id,
    types: [registration.type],
    ...(scope !== undefined && { scope: [scope].flat() as string[] }),
    createdAt,
    modifiedAt,
    attributes,
  };
}

/** Whether two registrations claim the same attributes of the same entity (4.3.6.3). */
export function collides(one: Registration, other: Registration): boolean {
  return one.information.some((a) => other.information.some((b) => sharesEntity(a, b) && sharesAttribute(a, b)));
}

/** Whether an entity of the store already is what an exclusive or redirect registration claims (5.9.2.4). */
export function claims(registration: Registration, entity: StoredEntity): boolean {
  return registration.information.some((info) => {
    const names = [...(info.propertyNames ?? []), ...(info.relationshipNames ?? [])];
    const named = names.length === 0 || names.some((name) => entity.attributes[name] !== undefined);
    return named && concerns(info, { ids: [entity.id], types: entity.types });
  });
}

function sharesEntity(a: RegistrationInfo, b: RegistrationInfo): boolean {
  if (a.entities === undefined || b.entities === undefined) return true;
  return a.entities.some(({ id, type }) =>
    concerns({ entities: b.entities ?? [] }, { ...(id !== undefined && { ids: [id] }), types: [type].flat() }),
  );
}

function sharesAttribute(a: RegistrationInfo, b: RegistrationInfo): boolean {
  const names = ({ propertyNames = [], relationshipNames = [] }: RegistrationInfo): string[] => [...propertyNames, ...relationshipNames];
  return names(a).length === 0 || names(b).length === 0 || names(a).some((name) => names(b).includes(name));
}
