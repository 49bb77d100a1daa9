import type { DeadLetter, Outbox, Publication, StoredDeadLetter } from '../core/outbox/outbox.ts';
import { publicationOf } from '../core/outbox/letters.ts';
import type { Instant } from '../core/plugin.ts';
import { lateMark } from './channel.ts';
import type { Ledger } from './ledger.ts';
import { digestOf, type State } from './notice.ts';
import type { Partner } from './partner.ts';

/** What became of states that a partner had refused. */
export interface Resent {
  readonly letters: number;
  /** The newest that is known of their entities: they go once more. */
  readonly sent: number;
  /** Newer ones were shared meanwhile: they go into the partner's history only. */
  readonly late: number;
  /** The same, where the partner gets the newest alone: nothing is sent. */
  readonly overtaken: number;
}

/**
 * Puts refused states back into the partner's queue, beside a running `klavze up` too. None goes over a newer one of its entity.
 */
export async function resend(
  letters: readonly StoredDeadLetter[],
  { partner, queue, ledger, at }: { partner: Pick<Partner, 'history'>; queue: Outbox; ledger: Pick<Ledger, 'get'>; at: Instant },
): Promise<Resent> {
  const publications: Publication[] = [];
  const count = { sent: 0, late: 0, overtaken: 0 };
  for (const letter of letters) {
    const publication = publicationOf(letter);
    if (publication === undefined) continue;
    const hasPlace = partner.history === 'full' && publication.removal !== true;
    const fate = isNewestOf(letter, publication, ledger) ? 'sent' : hasPlace ? 'late' : 'overtaken';
    count[fate]++;
    if (fate !== 'overtaken') publications.push(fate === 'sent' ? publication : asLate(publication));
  }
  if (publications.length > 0) await queue.append({ publications, deadLetters: [] });
  queue.deadLetters.markReplayed(
    letters.map(({ id }) => id),
    at,
  );
  return { letters: letters.length, ...count };
}

function isNewestOf({ origin }: DeadLetter, { entity, removal }: Publication, ledger: Pick<Ledger, 'get'>): boolean {
  if (origin.from.endsWith(lateMark)) return false;
  const taken = ledger.get(entity.id);
  // Of an entity that was deleted nothing is in the ledger.
  return removal === true ? taken === undefined : taken?.digest === digestOf(entity as unknown as State);
}

function asLate(publication: Publication): Publication {
  const { origin } = publication;
  return { ...publication, origin: { ...origin, from: origin.from.replace(lateMark, '') + lateMark } };
}
