import type { Entity } from '../core/entity/entity.ts';
import type { Outbox, Publication } from '../core/outbox/outbox.ts';
import type { Instant } from '../core/plugin.ts';
import type { Ledger, LedgerEntry, Taken } from './ledger.ts';
import { digestOf, isRemoved, keysOf, liesIn, plain, stampOf, type State } from './notice.ts';
import type { Partner } from './partner.ts';

/** What became of a state that was to be shared. */
export type Admission = 'queued' | 'repeated' | 'superseded' | 'outside' | 'withheld';

export interface ChannelOptions {
  readonly partner: Partner;
  /** Id of the subscription to a type. */
  readonly subscriptionOf: (type: string) => string;
  /** What waits for the partner. */
  readonly queue: Outbox;
  /** Notifications that come while a gap is being closed: they belong after what closes it. */
  readonly staging: Outbox;
  readonly ledger: Ledger;
  /** Of these nothing goes to a partner; that one is gone is told of what it got before. Default: none. */
  readonly isWithheld?: (id: string) => boolean;
  readonly clock: () => Instant;
  readonly counted?: (admission: Admission, states: number) => void;
}

/** What was taken, until it is on disk. */
interface UnderWay {
  stamp: number;
  readonly digest: string;
  readonly gone: boolean;
}

type Entry = LedgerEntry & { readonly taken?: UnderWay | undefined };

interface Sorted {
  readonly admission: Admission;
  readonly late: boolean;
  readonly isOld: boolean;
  readonly keys: string[];
  readonly taken: UnderWay;
  readonly known: Taken | undefined;
  /** When the entity was deleted; 0: it is there, or nothing is known of it. */
  readonly gone: number;
}

export interface Admitting {
  readonly since?: number;
  readonly parts?: 'present' | 'late';
  readonly asked?: number;
  readonly before?: ReadonlySet<State>;
}

/** Between our broker and a partner's queue: puts states in the order of their changes and leaves out what was taken already. */
export interface Channel {
  /** From a notification. Resolves when it is on disk. */
  receive(states: readonly State[]): Promise<void>;
  /**
   * From a query or a history, while a gap is being closed. `since`: older attributes of the states are known to have been taken.
   * `parts`: the states are single changes, of entities that are known to lie in the area; `late` ones never were the present state.
   * `asked`: our broker was asked for them at that `mark`, after `part`: they are newer than all it told `before`, whatever its clock says.
   */
  admit(states: readonly State[], from?: Admitting): Promise<void>;
  /** From now on notifications wait until `join`. */
  part(): void;
  /** The last of those that wait. */
  mark(): number;
  /** What waited follows, and from now on notifications go straight on. */
  join(): Promise<void>;
  /** Whether this partner gets states of that subscription. */
  takes(subscription: string): boolean;
}

/** A late value goes to the partner's history only: a newer one was taken before it was found. */
export const lateMark = '#late';

const stagedAtOnce = 200;

export function createChannel(options: ChannelOptions): Channel {
  const { partner, subscriptionOf, queue, staging, ledger, clock, counted } = options;
  const isWithheld = options.isWithheld ?? (() => false);
  const full = partner.history === 'full';
  const ids = new Map(partner.entities.map(({ type }) => [subscriptionOf(type), type]));
  /** Taken, but not on disk yet. */
  const underWay = new Map<string, UnderWay>();
  const keysUnderWay = new Set<string>();
  /** Marks at which our broker was asked for an entity that it had. */
  const answered = new Map<string, number>();
  let parted = true;
  /** While the last of those that waited follow, others wait for it. */
  let joining: Promise<void> | undefined;
  let arriving = 0;

  /** What was taken of an entity, or when it was deleted. */
  function lastOf(id: string): { readonly known: Taken | undefined; readonly gone: number } {
    const flying = underWay.get(id);
    if (flying?.gone === true) return { known: undefined, gone: flying.stamp };
    const known = flying ?? ledger.get(id);
    return { known, gone: known === undefined ? ledger.goneAt(id) : 0 };
  }

  function sort(state: State, { since = 0, parts, asked: mark, before }: Admitting): Sorted {
    const asked = mark !== undefined;
    const isBefore = before?.has(state) === true;
    const stamp = stampOf(state);
    const { known, gone } = lastOf(state.id);
    const keys = full ? keysOf(state, since) : [];
    const fresh = keys.filter((key) => !keysUnderWay.has(key) && !ledger.has(key));
    const taken = { stamp, digest: digestOf(state), gone: isRemoved(state) };
    const isBehind = !asked && ((known !== undefined && stamp < known.stamp) || (stamp > 0 && stamp < gone));
    const isOld = parts === 'late' || isBefore || isBehind;
    const say = (admission: Admission, late = false): Sorted => ({ admission, late, isOld, keys: fresh, taken, known, gone });
    if (isWithheld(state.id) && !(isRemoved(state) && known !== undefined)) return say('withheld');
    if (partner.area !== undefined && !isRemoved(state) && parts === undefined && !liesIn(state, partner.area)) return say('outside');
    // Written once more without a change, as after a crash or a restore, it is nothing new.
    if (known !== undefined && (asked || isBefore || stamp >= known.stamp) && taken.digest === known.digest) return say('repeated');
    if (isRemoved(state)) return say(isOld ? 'superseded' : stamp === gone ? 'repeated' : 'queued');
    if (!full) return say(isOld ? 'superseded' : 'queued');
    // Taken value by value before. A newer state may go back to such values, or they were taken as late: then the partner holds others.
    const isTaken = known !== undefined && known.digest !== '' && (asked ? stamp === known.stamp : stamp <= known.stamp);
    if (isTaken && keys.length > 0 && fresh.length === 0) return say('repeated');
    if (!isOld) return say('queued');
    // To a receiver of notifications a value would bring back an entity that is gone.
    if (gone > 0 && partner.target !== 'upsert') return say('superseded');
    return fresh.length === 0 ? say('superseded') : say('queued', true);
  }

  /** What the ledger is told of a state; undefined: nothing. */
  function noteOf({ id, type }: State, { admission, late, isOld, keys, taken, known, gone }: Sorted): Entry | undefined {
    if (admission === 'repeated' && !isOld && known?.digest === taken.digest && known.stamp !== taken.stamp) {
      const flying = underWay.get(id);
      if (flying === undefined) return { id, type, keys: [], taken };
      // It is not on disk yet; what is told of it then is told of the newer one.
      flying.stamp = taken.stamp;
      ledger.announce([{ id, type, keys: [], taken: flying }]);
    }
    if (admission !== 'queued') return undefined;
    if (!late) return { id, type, keys, taken, gone: taken.gone };
    return { id, type, keys, taken: known === undefined && gone === 0 ? { stamp: 0, digest: '', gone: false } : undefined };
  }

  async function admit(states: readonly State[], from: Admitting = {}): Promise<void> {
    const publications: Publication[] = [];
    const entries: Entry[] = [];
    const tally = new Map<Admission, number>();
    for (const state of states) {
      if (from.asked !== undefined) answered.set(state.id, from.asked);
      const sorted = sort(state, from);
      const { admission, late } = sorted;
      tally.set(admission, (tally.get(admission) ?? 0) + 1);
      const entry = noteOf(state, sorted);
      if (entry === undefined) continue;
      entries.push(entry);
      if (entry.taken !== undefined) underWay.set(state.id, entry.taken);
      for (const key of entry.keys) keysUnderWay.add(key);
      if (admission === 'queued') publications.push(publicationOf(state, late));
    }
    try {
      if (entries.length > 0) ledger.announce(entries);
      if (publications.length > 0) await queue.append({ publications, deadLetters: [] });
      if (entries.length > 0) ledger.put(entries);
    } finally {
      for (const { id, taken, keys } of entries) {
        if (underWay.get(id) === taken) underWay.delete(id);
        for (const key of keys) keysUnderWay.delete(key);
      }
    }
    for (const [admission, count] of tally) counted?.(admission, count);
  }

  function publicationOf(state: State, late: boolean): Publication {
    const from = subscriptionOf(state.type) + (late ? lateMark : '');
    return {
      entity: plain(state) as unknown as Entity,
      origin: { plugin: `sharing/${partner.name}`, from, receivedAt: clock() },
      ...(isRemoved(state) && { removal: true as const }),
    };
  }

  async function stage(states: readonly State[]): Promise<void> {
    arriving++;
    try {
      const origin = { plugin: `sharing/${partner.name}`, from: 'staged', receivedAt: clock() };
      await staging.append({
        publications: states.map((state) => ({ entity: state as unknown as Entity, origin })),
        deadLetters: [],
      });
    } finally {
      arriving--;
    }
  }

  async function drain(): Promise<void> {
    for (let some = staging.peek(stagedAtOnce, 0, 1); some.length > 0; some = staging.peek(stagedAtOnce, 0, 1)) {
      const states = some.map(({ entity }) => entity as unknown as State);
      const before = new Set(states.filter(({ id }, index) => (answered.get(id) ?? 0) >= (some[index]?.seq ?? 0)));
      await admit(states, { before });
      staging.settle({ accepted: some, refused: [] });
    }
  }

  return {
    async receive(states) {
      if (joining !== undefined) await joining;
      await (parted ? stage(states) : admit(states));
    },
    admit,
    part() {
      parted = true;
    },
    mark() {
      let last = 0;
      staging.newest?.(({ seq }) => {
        last = seq;
        return false;
      });
      return last;
    },
    async join() {
      await drain();
      joining = (async () => {
        // Those that were on their way to the disk when the door closed.
        while (arriving > 0) await new Promise((resolve) => setTimeout(resolve, 2));
        await drain();
        answered.clear();
        parted = false;
      })();
      await joining.finally(() => (joining = undefined));
    },
    takes: (subscription) => ids.has(subscription),
  };
}
