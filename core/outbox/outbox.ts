import type { Entity } from '../entity/entity.ts';
import type { Instant } from '../plugin.ts';
import type { Rejection } from '../rejection.ts';

/** Where something came from: enough for the operator to find it again. */
export interface Origin {
  /** Plug-in, as its folder: `agents/envelopes/chirpstack-v4`, `adapters/arso-air`. */
  readonly plugin: string;
  /** MQTT topic, file name or URL. */
  readonly from: string;
  /** Row of a dataset, counted from 1. */
  readonly row?: number;
  readonly receivedAt: Instant;
  /** Set when our clock was behind at the time: moments up to here are not in the future. */
  readonly latest?: Instant;
  /** NGSILD-Tenant to which it goes; left out: that of the configuration. The same id in two tenants is two entities. */
  readonly tenant?: string;
}

/** An entity state on its way to the broker. */
export interface Publication {
  readonly entity: Entity;
  readonly origin: Origin;
  /** The entity is to be deleted at the broker; `entity` holds id and type only. In order with the states before and after it. */
  readonly removal?: true;
  /** The entity as JSON, where it is at hand; `entity` may then be read from it when it is asked for. */
  readonly json?: string;
  /** What need be known of the entity for most purposes, where it is at hand. */
  readonly brief?: Brief;
}

/** Something refused, with the raw bytes it came from, so that it can be replayed after a fix. */
export interface DeadLetter {
  readonly origin: Origin;
  readonly rejection: Rejection;
  /** The message payload, the row as JSON, or the entity as JSON. */
  readonly raw: Uint8Array;
}

/** What one message or one dataset row led to. It is committed whole or not at all. */
export interface Consignment {
  readonly publications: readonly Publication[];
  readonly deadLetters: readonly DeadLetter[];
}

/** A publication in the outbox. `seq` grows with the order of acceptance. */
export interface Queued extends Publication {
  readonly seq: number;
}

export interface Brief {
  readonly id: string;
  readonly type: string;
  /** Oldest and newest `observedAt` in it; empty: it has none. */
  readonly oldest: Instant;
  readonly newest: Instant;
  /** Names of its attributes, by which two of the same form are known. */
  readonly names: string;
}

/** What became of queued publications. */
export interface Settlement {
  /** Accepted by the broker: their watermarks move; those of an entity that was removed are forgotten. */
  readonly accepted: readonly Queued[];
  /** Refused for good: they become dead letters. */
  readonly refused: readonly { readonly queued: Queued; readonly rejection: Rejection }[];
}

export interface StoredDeadLetter extends DeadLetter {
  readonly id: number;
  readonly at: Instant;
  readonly replayedAt?: Instant;
}

/** Moment of the newest value of an attribute that the broker holds. Key: entity id + attribute. */
export interface Watermark {
  readonly observedAt: Instant;
  /** Hash of the attribute, by which an exact repeat is recognised. */
  readonly digest: string;
}

/** Called when something is on disk, or with the reason why it never will be. */
export type Done = (error?: unknown) => void;

/**
 * The durable middle: everything before it is pure, everything after it may fail and be tried again.
 * Implementations: SQLite (`sqlite.ts`), NATS JetStream (`jetstream/outbox.ts`, where several processes share the work) and memory
 * (`memory.ts`, for tests and dry runs). One contract suite runs over all.
 */
export interface Outbox {
  /**
   * Resolves when the consignment is on disk. Many calls share one commit. While the disk cannot be written it waits and tries
   * again; it rejects only when the outbox is closed before that.
   */
  append(consignment: Consignment): Promise<void>;
  /** The same for those who come by the thousand: `done` is called when it is on disk, or with the reason why it never will be. */
  enqueue?(consignment: Consignment, done: Done): void;
  /** False while the disk cannot be written: nothing is acknowledged then. */
  readonly writable: boolean;
  /** Calls `listener` after each commit of this process that added publications. */
  onAppended(listener: () => void): void;
  /** The oldest `limit` publications of a lane with a `seq` above `after`, in order; `lane` of `lanes` by hash of the entity id. `lanes` divides 16. */
  peek(limit: number, lane: number, lanes: number, after?: number): Queued[];
  /** The newest publications, newest first, until `take` says false. Left out where the outbox cannot look back. */
  newest?(take: (queued: Queued) => boolean): void;
  /**
   * Removes settled publications, moves watermarks and writes dead letters; a publication may be in both lists: partly accepted. Dead
   * letters are on disk when it returns, on JetStream before what they came from is removed; it throws while the disk cannot be written, call it again then. What was accepted may be written
   * a moment later: after a crash in between the same publications are delivered again, in order.
   */
  settle(settlement: Settlement): void;
  /** Tenants that ever had publications, also before a restart; those without one are not told. Left out where this is not known. */
  tenants?(): readonly string[];
  /**
   * Moment of the newest value of any attribute that the broker holds of the entity (`keyOf`); empty: of none. Left out where asking costs as
   * much as `watermark`.
   */
  newestMark?(entityKey: string): Instant;
  watermark(entityKey: string, attribute: string): Watermark | undefined;
  /** Whether the broker has taken the very same state lately, among the last 2,000 or so. Left out where this is not known. */
  wasTaken?(queued: Queued): boolean;
  /** Publications waiting, and the age of the oldest in milliseconds at `now`. */
  depth(now: Instant): { readonly count: number; readonly oldestMs: number };
  deadLetters: DeadLetterStore;
  /** Small values that survive a restart (ETags, last run): `state.get('adapters/arso-air')`. */
  state: StateStore;
  close(): Promise<void>;
}

export interface DeadLetterFilter {
  readonly code?: string;
  readonly plugin?: string;
  readonly limit?: number;
  /** Also those already replayed. */
  readonly replayed?: boolean;
}

export interface DeadLetterStore {
  /** Oldest first. */
  list(filter?: DeadLetterFilter): StoredDeadLetter[];
  get(id: number): StoredDeadLetter | undefined;
  /** Marks as replayed; the letter is kept. */
  markReplayed(ids: readonly number[], at: Instant): void;
  /** Letters not replayed yet. */
  count(): number;
  /**
   * Forgets some of those beyond the limits, on disk when it returns; empty: there are none. Left out where something else limits them
   * (NATS).
   */
  forget?(limits: LetterLimits): Forgotten[];
  /** Deletes letters with what was received, so that not even the bytes of the file tell it. Left out where the file is not the only place (NATS). */
  erase?(ids: readonly number[]): void;
}

export interface LetterLimits {
  /** Older ones go; empty: none is too old. */
  readonly before: Instant;
  /** What all of them may take. */
  readonly bytes: number;
}

/** So many letters of one kind. */
export interface Forgotten {
  readonly plugin: string;
  readonly code: string;
  readonly count: number;
}

export interface StateStore {
  get(key: string): unknown;
  set(key: string, value: unknown): void;
}
