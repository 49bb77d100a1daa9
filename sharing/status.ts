import { existsSync } from 'node:fs';
import type { Logger } from 'pino';

import { openSqliteOutbox } from '../core/outbox/sqlite.ts';
import type { Instant } from '../core/plugin.ts';
import type { Document, Documents } from './documents-api.ts';
import { wantedOf, type Surroundings } from './documents.ts';
import { exposureOf } from './exposure.ts';
import { partnerFiles } from './files.ts';
import type { Partner } from './partner.ts';
import { lastApply, readStanding, readTrouble } from './standing.ts';

/** How it stands with one partner, for `klavze share status`. */
export interface PartnerStatus {
  readonly partner: string;
  readonly mode: Partner['mode'];
  /** Of its subscriptions at our broker. */
  readonly subscriptions: string;
  readonly waiting: number;
  /** Age of the oldest that waits, seconds. */
  readonly lagSeconds: number;
  readonly deadLetters: number;
  /** Everything that changed before is in the queue or delivered. */
  readonly verifiedUntil: Instant | '';
  readonly gapsClosed: number;
  readonly openGapSince: Instant | '';
  /** Time of which something was lost for good. What a closed gap could only give the newest states of counts with `history: full`. */
  readonly lostSeconds: number;
  readonly remark: string;
}

export async function statusOf(
  partner: Partner,
  {
    documents,
    around,
    dataDir,
    now,
    logger,
  }: { documents: Documents | undefined; around: Surroundings; dataDir: string; now: Instant; logger: Logger },
): Promise<PartnerStatus> {
  const shown = documents === undefined ? { text: 'not asked', remark: '' } : await subscriptionsOf(partner, documents, around);
  const none = { waiting: 0, lagSeconds: 0, deadLetters: 0, verifiedUntil: '', gapsClosed: 0, openGapSince: '', lostSeconds: 0 } as const;
  const head = { partner: partner.name, mode: partner.mode, subscriptions: shown.text };
  const { queue: path } = partnerFiles(dataDir, partner.name);
  if (partner.mode === 'federation') return { ...head, ...none, remark: shown.remark };
  if (!existsSync(path)) return { ...head, ...none, remark: 'klavze up has not run with it yet' };
  const queue = openSqliteOutbox({ path, logger });
  try {
    const { count, oldestMs } = queue.depth(now);
    const standing = readStanding(queue.state);
    const incomplete = standing.lastGap?.complete === false && partner.history === 'full' ? standing.lastGap : undefined;
    const remarks = [
      lastApply(queue.state) === undefined ? 'not applied: klavze share apply' : '',
      exposureOf(partner, around) === undefined ? '' : 'stopped: it would also send what is internal; klavze share plan',
      shown.remark,
      count === 0 ? '' : (readTrouble(queue.state) ?? ''),
      incomplete === undefined ? '' : 'our broker has no history: of the last gap only the newest states were shared',
    ];
    return {
      ...head,
      waiting: count,
      lagSeconds: Math.round(oldestMs / 1_000),
      deadLetters: queue.deadLetters.count(),
      verifiedUntil: standing.verifiedUntil ?? '',
      gapsClosed: standing.gaps,
      openGapSince: standing.openSince ?? '',
      lostSeconds: incomplete === undefined ? 0 : Math.round((Date.parse(incomplete.to) - Date.parse(incomplete.from)) / 1_000),
      remark: remarks.filter((text) => text !== '').join('; '),
    };
  } finally {
    await queue.close();
  }
}

async function subscriptionsOf(partner: Partner, documents: Documents, around: Surroundings): Promise<{ text: string; remark: string }> {
  const counts = new Map<string, number>();
  let remark = '';
  for (const { kind, id, context } of wantedOf(partner, around)) {
    const document = await documents.get(kind, id, context);
    const state = stateOf(document);
    counts.set(state, (counts.get(state) ?? 0) + 1);
    const { lastErrorReason } = (document?.['notification'] ?? {}) as Document;
    if (typeof lastErrorReason === 'string') remark ||= lastErrorReason;
  }
  return { text: [...counts].map(([state, count]) => `${count} ${state}`).join(', '), remark };
}

function stateOf(document: Document | undefined): string {
  if (document === undefined) return 'missing';
  if (document['isActive'] === false) return 'paused';
  const status = document['status'];
  return typeof status === 'string' ? status : 'active';
}
