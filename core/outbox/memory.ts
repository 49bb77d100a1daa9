import type { Instant } from '../plugin.ts';
import { shardOf } from './hash.ts';
import type { Consignment, DeadLetter, DeadLetterStore, Outbox, Queued, StoredDeadLetter } from './outbox.ts';
import { letterOf } from './letters.ts';
import { Recent } from './recent.ts';
import { advance, keyOf, type Marks } from './watermarks.ts';

/** An outbox that lasts as long as the process: for dry runs and tests. */
export function createMemoryOutbox(clock: () => Instant = () => new Date().toISOString()): Outbox {
  let lastSeq = 0;
  let open = true;
  let queue: Queued[] = [];
  const letters: StoredDeadLetter[] = [];
  const marks = new Map<string, Marks>();
  const state = new Map<string, string>();
  const listeners: (() => void)[] = [];
  const recent = new Recent();
  const tenants = new Set<string>();

  function keep(letter: DeadLetter): void {
    letters.push({ ...letter, id: letters.length + 1, at: clock() });
  }

  const deadLetters: DeadLetterStore = {
    list: ({ code, plugin, limit, replayed } = {}) =>
      letters
        .filter(
          (letter) =>
            (code === undefined || letter.rejection.code === code) &&
            (plugin === undefined || letter.origin.plugin === plugin) &&
            (replayed === true || letter.replayedAt === undefined),
        )
        .slice(0, limit),
    get: (id) => letters[id - 1],
    markReplayed(ids, at) {
      for (const id of ids) {
        const letter = letters[id - 1];
        if (letter !== undefined) letters[id - 1] = { ...letter, replayedAt: at };
      }
    },
    count: () => letters.filter((letter) => letter.replayedAt === undefined).length,
  };

  return {
    writable: true,
    async append(consignment: Consignment) {
      if (!open) throw new Error('the outbox is closed');
      for (const { entity, origin, removal } of consignment.publications) {
        if (origin.tenant !== undefined) tenants.add(origin.tenant);
        queue.push(structuredClone({ entity, origin, ...(removal === true && { removal }), seq: ++lastSeq }));
      }
      consignment.deadLetters.forEach(keep);
      if (consignment.publications.length > 0) for (const listener of listeners) listener();
    },
    onAppended: (listener) => void listeners.push(listener),
    peek: (limit, lane, lanes, after = 0) =>
      queue.filter((queued) => queued.seq > after && shardOf(queued.entity.id) % lanes === lane).slice(0, limit),
    newest(take) {
      for (let at = queue.length - 1; at >= 0; at--) if (!take(queue[at] as Queued)) return;
    },
    settle({ accepted, refused }) {
      const settled = new Set([...accepted, ...refused.map(({ queued }) => queued)].map((queued) => queued.seq));
      queue = queue.filter((queued) => !settled.has(queued.seq));
      const refusedSeqs = new Set(refused.map(({ queued }) => queued.seq));
      for (const queued of accepted) {
        const { entity, removal } = queued;
        if (!refusedSeqs.has(queued.seq)) recent.add(queued);
        const key = keyOf(queued);
        if (removal === true) marks.delete(key);
        else marks.set(key, advance(marks.get(key) ?? new Map(), entity));
      }
      for (const { queued, rejection } of refused) keep(letterOf(queued, rejection));
    },
    tenants: () => [...tenants],
    wasTaken: (queued) => recent.has(queued),
    watermark: (entityId, attribute) => marks.get(entityId)?.get(attribute),
    depth: (now) => ({ count: queue.length, oldestMs: ageAt(now, queue[0]?.origin.receivedAt) }),
    deadLetters,
    state: {
      get: (key) => {
        const text = state.get(key);
        return text === undefined ? undefined : (JSON.parse(text) as unknown);
      },
      set: (key, value) => void state.set(key, JSON.stringify(value)),
    },
    async close() {
      open = false;
    },
  };
}

function ageAt(now: Instant, since: Instant | undefined): number {
  return since === undefined ? 0 : Math.max(0, Date.parse(now) - Date.parse(since));
}
