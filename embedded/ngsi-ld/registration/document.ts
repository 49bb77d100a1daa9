import { mapTypes, type EntitySelector } from '../subscription/document.ts';
import type { KeyValue } from '../subscription/checks.ts';
import type { Instant, ResolvedContext } from '../types.ts';

export interface RegistrationInfo {
  readonly entities?: readonly (Omit<EntitySelector, 'type'> & { readonly type: string | readonly string[] })[];
  readonly propertyNames?: readonly string[];
  readonly relationshipNames?: readonly string[];
}

export interface TimeInterval {
  readonly startAt: Instant;
  readonly endAt?: Instant;
}

/** A context source registration as the client wrote it (5.2.9), its names expanded; members of the source's own stand in `properties`. */
export interface Registration {
  readonly id: string;
  readonly type: 'ContextSourceRegistration';
  readonly information: readonly RegistrationInfo[];
  readonly endpoint: string;
  readonly mode?: 'inclusive' | 'exclusive' | 'redirect' | 'auxiliary';
  readonly operations?: readonly string[];
  readonly expiresAt?: Instant;
  readonly location?: unknown;
  readonly observationSpace?: unknown;
  readonly operationSpace?: unknown;
  readonly observationInterval?: TimeInterval;
  readonly managementInterval?: TimeInterval;
  readonly scope?: string | readonly string[];
  readonly contextSourceInfo?: readonly KeyValue[];
  /** Tenant at the source. */
  readonly tenant?: string;
  /** `timeout` in milliseconds. */
  readonly management?: { readonly timeout?: number };
}

export interface StoredRegistration {
  readonly registration: Registration;
  /** Context Source Properties by IRI. */
  readonly properties: Readonly<Record<string, unknown>>;
  readonly createdAt: Instant;
  readonly modifiedAt: Instant;
}

/** The registration with each of its names by `map`. */
export function mapRegistration(registration: Registration, map: (name: string) => string): Registration {
  return {
    ...registration,
    information: registration.information.map(({ entities, propertyNames, relationshipNames }) => ({
      ...(entities && {
        entities: entities.map((one) => ({
          ...one,
          type: typeof one.type === 'string' ? mapTypes(one.type, map) : one.type.map(map),
        })),
      }),
      ...(propertyNames && { propertyNames: propertyNames.map(map) }),
      ...(relationshipNames && { relationshipNames: relationshipNames.map(map) }),
    })),
  };
}

export function presentRegistration(stored: StoredRegistration, context: ResolvedContext, sysAttrs: boolean): Record<string, unknown> {
  const properties = Object.entries(stored.properties).map(([iri, value]) => [context.compactName(iri), value] as const);
  return {
    ...mapRegistration(stored.registration, (iri) => context.compactName(iri)),
    ...Object.fromEntries(properties),
    ...(sysAttrs && { createdAt: stored.createdAt, modifiedAt: stored.modifiedAt }),
  };
}
