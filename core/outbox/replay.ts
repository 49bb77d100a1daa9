import { passMessage, passRow, type AgentKnowledge } from '../pipeline.ts';
import type { Adapter, Instant, Row } from '../plugin.ts';
import type { Rejection } from '../rejection.ts';
import { findEnvelope } from '../source/topic-index.ts';
import { publicationOf } from './letters.ts';
import type { Consignment, Outbox, StoredDeadLetter } from './outbox.ts';

export interface ReplayOptions {
  readonly outbox: Outbox;
  readonly agents: AgentKnowledge;
  readonly adapters: ReadonlyMap<string, Adapter>;
  readonly clock: () => Instant;
}

export interface ReplayReport {
  /** Letters that were looked at. */
  readonly letters: number;
  /** Letters whose reason is gone; they are marked. */
  readonly replayed: number;
  /** Letters that would be refused for the same reason again; they stay as they are. */
  readonly stillRefused: number;
  /** Entity states that went to the outbox. */
  readonly entities: number;
  /** Refusals that are new, kept as letters of their own. */
  readonly rejections: number;
  /** Letters that cannot be replayed from here, with the reason. */
  readonly skipped: readonly { readonly id: number; readonly reason: string }[];
}

/**
 * Runs dead letters through today's line again. What one message or row led to is replayed once, however many letters it left. Safe to
 * repeat: a letter is marked only after its publications are on disk, and values that the broker holds already are not sent again.
 */
export async function replay(letters: readonly StoredDeadLetter[], options: ReplayOptions): Promise<ReplayReport> {
  const { outbox, clock } = options;
  const report = { letters: letters.length, replayed: 0, stillRefused: 0, entities: 0, rejections: 0 };
  const skipped: { id: number; reason: string }[] = [];
  for (const group of groups(letters.filter(({ replayedAt }) => replayedAt === undefined))) {
    const outcome = again(group[0], options);
    if (typeof outcome === 'string') {
      skipped.push(...group.map(({ id }) => ({ id, reason: outcome })));
      continue;
    }
    const refusals = new Map(outcome.deadLetters.map((letter) => [fingerprint(letter.rejection), letter]));
    const healed = group.filter(({ rejection }) => !refusals.has(fingerprint(rejection)));
    report.stillRefused += group.length - healed.length;
    if (healed.length === 0) continue;
    for (const { rejection } of group) refusals.delete(fingerprint(rejection));
    const deadLetters = [...refusals.values()];
    await outbox.append({ publications: outcome.publications, deadLetters });
    outbox.deadLetters.markReplayed(
      healed.map(({ id }) => id),
      clock(),
    );
    report.replayed += healed.length;
    report.entities += outcome.publications.length;
    report.rejections += deadLetters.length;
  }
  return { ...report, skipped };
}

type Group = readonly [StoredDeadLetter, ...StoredDeadLetter[]];

/** Letters of the same raw message or row belong together; each undelivered entity is one of its own. */
function groups(letters: readonly StoredDeadLetter[]): Group[] {
  const byRaw = new Map<string, [StoredDeadLetter, ...StoredDeadLetter[]]>();
  for (const letter of letters) {
    const { plugin, from, row, receivedAt } = letter.origin;
    const alone = letter.rejection.stage === 'deliver' ? letter.id : '';
    const key = JSON.stringify([alone, plugin, from, row, receivedAt, Buffer.from(letter.raw).toString('base64')]);
    const group = byRaw.get(key);
    if (group === undefined) byRaw.set(key, [letter]);
    else group.push(letter);
  }
  return [...byRaw.values()];
}

/** What the raw bytes lead to today, or why they cannot be run from here. */
function again(letter: StoredDeadLetter, { agents, adapters }: ReplayOptions): Consignment | string {
  const { origin, rejection, raw } = letter;
  if (rejection.stage === 'deliver') {
    const publication = publicationOf(letter);
    return publication === undefined ? 'its raw bytes are no entity' : { publications: [publication], deadLetters: [] };
  }
  const adapter = adapters.get(origin.plugin.replace(/^adapters\//, ''));
  if (origin.plugin.startsWith('adapters/')) {
    if (adapter === undefined) return `there is no ${origin.plugin} any more`;
    const row = origin.row === undefined ? undefined : parse(raw);
    if (origin.row === undefined || row === undefined) return `a whole file: run "klavze adapter run ${adapter.name}" again`;
    const { receivedAt: fetchedAt, latest } = origin;
    const knowledge = { ...agents, latest: () => latest };
    return passRow(row as Row, origin.row, { header: {}, rows: [], fetchedAt }, origin.from, adapter, knowledge);
  }
  const envelope = findEnvelope(agents.envelopes)(origin.from);
  if (envelope === undefined) return `no agent reads the topic ${origin.from}`;
  if (rejection.stage === 'source' && rejection.code !== 'unknown_topic')
    return `${rejection.code} is a limit of the line; it stays refused`;
  const { from: topic, receivedAt, latest } = origin;
  return passMessage({ topic, payload: raw, receivedAt, ...(latest !== undefined && { latest }) }, envelope, agents);
}

function fingerprint({ stage, code, pointer, message }: Rejection): string {
  return JSON.stringify([stage, code, pointer ?? message]);
}

function parse(raw: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(raw).toString()) as unknown;
  } catch {
    return undefined;
  }
}
