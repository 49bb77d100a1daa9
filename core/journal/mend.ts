import { planState } from '../deliver/plan.ts';
import { entityKey } from '../outbox/watermarks.ts';
import { attributesOf, type Attribute, type Entity } from '../entity/entity.ts';
import type { Outbox, Publication } from '../outbox/outbox.ts';
import type { BrokerHistory, HistoryInstance } from './history.ts';

/** What became of replayed states. A state of which a part is sent counts as sent. */
export interface MendCounts {
  /** States that went to the outbox: newer than what the broker holds, another value at its moment, or missing from its history. */
  sent: number;
  /** States of which the broker holds every value already. */
  repeated: number;
  /** Values of the broker's history that were put right. */
  corrected: number;
  /** Older values that no history takes. */
  withoutHistory: number;
  /** Older values beside which the broker keeps the wrong ones, since it lets nobody change them. */
  beside: number;
}

export interface MendOptions {
  readonly outbox: Pick<Outbox, 'watermark'>;
  readonly history: BrokerHistory;
  /** Last change before an entity is sent; left out: none. */
  readonly prepare?: ((entity: Entity) => Entity) | undefined;
}

/**
 * Replayed states of one entity, in the order in which they came: what the broker must still be sent of them. The last word on a moment
 * counts: a value of the history at the same moment is changed in its place, so that the history holds each moment once. Safe to repeat.
 * @throws {RetryableError} when the broker is away.
 */
export async function mend(states: readonly Publication[], options: MendOptions, counts: MendCounts): Promise<Publication[]> {
  const { outbox } = options;
  const sent: Publication[] = [];
  const older: Older[] = [];
  const [first] = states;
  const tenant = first?.origin.tenant;
  const key = entityKey(first?.entity.id ?? '', tenant);
  const plans = lastWords(states).map((publication) => {
    const { live, late } = planState(publication.entity, (name) => outbox.watermark(key, name));
    const fits = [live, late].map((part) => new Set(part === undefined ? [] : attributesOf(part).map(([name]) => name)));
    const [isLive = new Set<string>(), isLate = new Set<string>()] = fits;
    for (const [name, attribute] of attributesOf(publication.entity)) {
      const mark = outbox.watermark(key, name);
      const { observedAt: at } = attribute;
      if (at !== undefined && mark !== undefined && at <= mark.observedAt) older.push({ name, attribute, at });
    }
    return { publication, isLive, isLate };
  });
  const inHistory = await putRight(first?.entity, tenant, older, options, counts);
  for (const { publication, isLive, isLate } of plans) {
    const { entity } = publication;
    const wanted = attributesOf(entity).filter(
      ([name, attribute]) => isLive.has(name) || (isLate.has(name) && inHistory !== 'none' && !inHistory.has(attribute)),
    );
    if (inHistory === 'none') counts.withoutHistory += isLate.size;
    if (wanted.length === 0) {
      if (inHistory !== 'none' || isLate.size === 0) counts.repeated++;
      continue;
    }
    counts.sent++;
    sent.push({ entity: { id: entity.id, type: entity.type, ...Object.fromEntries(wanted) }, origin: publication.origin });
  }
  return sent;
}

interface Older {
  readonly name: string;
  readonly attribute: Attribute;
  readonly at: string;
}

/** Of several values of an attribute at one moment the last: those before it were taken back. */
function lastWords(states: readonly Publication[]): Publication[] {
  const last = new Map<string, Publication>();
  const key = (name: string, { observedAt }: Attribute): string => `${name} ${observedAt}`;
  for (const state of states) for (const [name, attribute] of attributesOf(state.entity)) last.set(key(name, attribute), state);
  return states.flatMap((state) => {
    const { id, type } = state.entity;
    const kept = attributesOf(state.entity).filter(
      ([name, attribute]) => attribute.observedAt === undefined || last.get(key(name, attribute)) === state,
    );
    return kept.length === 0 ? [] : [{ ...state, entity: { id, type, ...Object.fromEntries(kept) } }];
  });
}

/** Puts right what the history holds at these moments; gives the attributes that need not be sent to it. `none`: there is no history. */
async function putRight(
  entity: Entity | undefined,
  tenant: string | undefined,
  older: readonly Older[],
  { history, prepare }: MendOptions,
  counts: MendCounts,
): Promise<ReadonlySet<Attribute> | 'none'> {
  const known = new Set<Attribute>();
  if (entity === undefined || older.length === 0) return known;
  const moments = older.map(({ at }) => at).sort();
  const values = await history.read(entity, moments[0] ?? '', moments.at(-1) ?? '', tenant);
  if (values === 'none') return values;
  for (const { name, attribute, at } of older) {
    const { id, type } = entity;
    const attributeAsSent = prepare === undefined ? attribute : (prepare({ id, type, [name]: attribute } as Entity)[name] as Attribute);
    const there = (values.get(name) ?? []).filter((one) => isAt(one, at));
    const isRight = (one: HistoryInstance): boolean => textOf(one.attribute) === textOf(attributeAsSent);
    let hasRight = there.some(isRight);
    for (const { instanceId } of there.filter((one) => !isRight(one))) {
      const isChanged =
        instanceId !== undefined && (await history.change(entity, name, instanceId, hasRight ? undefined : attributeAsSent, tenant));
      if (isChanged) {
        hasRight = true;
        counts.corrected++;
      } else counts.beside++;
    }
    if (hasRight) known.add(attribute);
  }
  return known;
}

function isAt({ attribute }: HistoryInstance, at: string): boolean {
  return attribute.observedAt !== undefined && Date.parse(attribute.observedAt) === Date.parse(at);
}

/** The same for values that are the same, however the broker orders members and writes times. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (name, member: unknown) => {
    if (name === 'observedAt' && typeof member === 'string') return Date.parse(member);
    if (typeof member !== 'object' || member === null || Array.isArray(member)) return member;
    return Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
