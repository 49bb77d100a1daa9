import { randomBytes } from 'node:crypto';

import type { StateStore } from '../core/outbox/outbox.ts';

/** What is known of a partner's subscriptions and gaps; kept in its queue file, where commands of other processes see it. */
export interface Standing {
  /** The last closing of a gap failed. */
  readonly unfinished?: boolean;
  /** The run of `klavze share apply` after which it was looked for what was missed. */
  readonly seenApply?: string;
  /** Everything that changed at our broker before this moment is in the queue: it was asked. */
  readonly verifiedUntil?: string;
  /** Up to here our broker told of no failure. What it lost without a word, as when it was killed, the next asking finds. */
  readonly quietUntil?: string;
  /** What was declared when it was asked last. */
  readonly declared?: string;
  /** A gap that is being closed began here. */
  readonly openSince?: string;
  /** How many gaps were closed, and the last of them. */
  readonly gaps: number;
  readonly lastGap?: { readonly from: string; readonly to: string; readonly reason: string; readonly complete: boolean };
  /** Failures of each subscription that were seen. */
  readonly failures: Readonly<Record<string, string>>;
  /** Subscriptions that are not at the broker. */
  readonly missing?: readonly string[];
}

const key = 'sharing';
const applyKey = 'sharing.apply';
const troubleKey = 'sharing.trouble';
const markKey = 'sharing.mark';

/** Distinguishes a queue from all others, also from one of the same name before it; made at first use. */
export function queueMark(state: StateStore): string {
  const known = state.get(markKey);
  if (typeof known === 'string') return known;
  const mark = randomBytes(4).toString('hex');
  try {
    state.set(markKey, mark);
  } catch {
    // The disk is full: it holds for this run.
  }
  return mark;
}

/** When `klavze share apply` last changed something for the partner; undefined: never run, nothing leaves before that. Another process writes it. */
export function lastApply(state: StateStore): string | undefined {
  return state.get(applyKey) as string | undefined;
}

/** `changed`: something was changed for the partner; else only the first run is noted. */
export function noteApply(state: StateStore, at: string, changed: boolean): void {
  if (changed || lastApply(state) === undefined) state.set(applyKey, at);
}

export function readStanding(state: StateStore): Standing {
  return { gaps: 0, failures: {}, ...(state.get(key) as Partial<Standing> | undefined) };
}

export function changeStanding(state: StateStore, change: Partial<Standing>): void {
  state.set(key, { ...readStanding(state), ...change });
}

/** Nothing is missing any more; `closed` where something was. */
export function endGap(state: StateStore, closed: Standing['lastGap']): void {
  const { openSince: _closed, ...standing } = readStanding(state);
  state.set(key, { ...standing, ...(closed !== undefined && { gaps: standing.gaps + 1, lastGap: closed }) });
}

/** Why what is for the partner waits, in the partner's or the system's words; undefined when nothing is wrong. */
export function readTrouble(state: StateStore): string | undefined {
  const reason = state.get(troubleKey);
  return typeof reason === 'string' && reason !== '' ? reason : undefined;
}

export function noteTrouble(state: StateStore, reason: string | undefined): void {
  if (readTrouble(state) !== reason) state.set(troubleKey, reason ?? '');
}
