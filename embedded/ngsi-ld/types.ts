/** What the parts of the embedded NGSI-LD broker share. Names inside are always full IRIs; contexts work only at its two edges. */
import type { Database } from 'better-sqlite3';
import type { Logger } from 'pino';

import type { Reach } from '../../core/service/reach.ts';

/** ISO 8601 in UTC: the broker's own with milliseconds, those of a request as they came. Compare by Date.parse. */
export type Instant = string;

export type Profile =
  /** ETSI GS CIM 009 as written. */
  | 'strict'
  /** The known deviations of Orion-LD, so that they are met without it. */
  | 'orion';

/** One instance of an attribute. The member that carries the value depends on `type`. */
export interface StoredAttribute {
  type:
    | 'Property'
    | 'GeoProperty'
    | 'Relationship'
    | 'LanguageProperty'
    | 'VocabProperty'
    | 'JsonProperty'
    | 'ListProperty'
    | 'ListRelationship';
  value?: unknown;
  object?: string | string[];
  /** Types of the entity that `object` or `objectList` points to, as IRIs. */
  objectType?: string | string[];
  languageMap?: Record<string, string | string[]>;
  vocab?: string | string[];
  json?: unknown;
  valueList?: unknown[];
  objectList?: string[];
  unitCode?: string;
  /** IRI of the type of the value. */
  valueType?: string;
  observedAt?: Instant;
  datasetId?: string;
  expiresAt?: Instant;
  createdAt: Instant;
  modifiedAt: Instant;
  /** Sub-attributes by IRI; one instance each unless datasetId differs. */
  attributes?: Record<string, StoredAttribute[]>;
}

/** An entity as it is kept: type and attribute names are IRIs; each attribute has one instance per datasetId. */
export interface StoredEntity {
  id: string;
  types: string[];
  scope?: string[];
  expiresAt?: Instant;
  createdAt: Instant;
  modifiedAt: Instant;
  attributes: Record<string, StoredAttribute[]>;
}

/** One change of one entity, told after it is stored. One request gives one list of them. */
export interface Change {
  tenant: string;
  kind: 'created' | 'updated' | 'deleted';
  id: string;
  before?: StoredEntity;
  after?: StoredEntity;
  /** IRIs of attributes that the request wrote or removed (also with equal values). */
  written: string[];
  removed: string[];
  at: Instant;
}

/** A resolved @context: expands and compacts names as jsonld.js would. */
export interface ResolvedContext {
  /** What to put into `@context` or the Link header of an answer: user context without the core. */
  readonly user: unknown;
  expandName(name: string): string;
  compactName(iri: string): string;
  /** For values of VocabProperty and `@id`-typed values. */
  expandVocab(value: string): string;
  compactVocab(iri: string): string;
}

export interface Contexts {
  /** A context by URL, inline object or array of both; undefined: core alone. Throws `Problem` LdContextNotAvailable. */
  resolve(context: unknown): Promise<ResolvedContext>;
  /** One URL for a Link header; a context that is no single URL is hosted for it (kind ImplicitlyCreated). */
  link(context: ResolvedContext): string;
  /** The value of `@context` in an answer: the user context, then the core. */
  body(context: ResolvedContext): unknown;
}

/** Writes of one request: all stored together or none. */
export interface EntityWriter {
  get(id: string): StoredEntity | undefined;
  /** `written` and `removed`: IRIs of the attributes that the request touched. */
  put(entity: StoredEntity, written: readonly string[], removed?: readonly string[]): void;
  /** false: there was none. */
  delete(id: string): boolean;
}

export interface EntityStore {
  tenantExists(tenant: string): boolean;
  tenants(): string[];
  createTenant(tenant: string): void;
  get(tenant: string, id: string): StoredEntity | undefined;
  /** In order of creation. Each narrows; types are IRIs, an entity with any of them is given. */
  list(tenant: string, narrow?: { ids?: readonly string[]; types?: readonly string[] }): IterableIterator<StoredEntity>;
  /** One transaction; its changes go to `Changes` listeners. */
  write<T>(tenant: string, at: Instant, work: (writer: EntityWriter) => T): T;
}

/** Switches with which tests make the broker fail. Set in code or by `PUT /faults` where the server allows it. */
export interface Faults {
  latencyMs?: number;
  /** Answer every request with this status. */
  status?: number;
  /** Never answer. */
  hang?: boolean;
  /** Cut the connection without an answer. */
  reset?: boolean;
  /** Commit, then cut the connection before the answer. */
  dropAfterCommit?: boolean;
}

/** What every route gets. */
export interface BrokerDeps {
  readonly db: Database;
  readonly store: EntityStore;
  readonly contexts: Contexts;
  readonly profile: Profile;
  readonly clock: () => Instant;
  readonly changes: Changes;
  /** Base URL under which `Location` and hosted contexts are reachable. */
  readonly baseUrl: () => string;
  readonly logger: Logger;
  /** Where notifications and forwarded requests may go. */
  readonly reach: Reach;
  /** What a part must stop or flush when the broker closes. */
  onClose(stop: () => Promise<void> | void): void;
}

/** Listeners run after the transaction, in order of registration; history is written inside it (see `history`). */
export interface Changes {
  /** Called inside the transaction that stores the change: for history. */
  onStore(listener: (changes: readonly Change[]) => void): void;
  /** Called after the commit: for notifications. */
  onCommitted(listener: (changes: readonly Change[]) => void): void;
}
