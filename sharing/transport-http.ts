import { readAnswer, readFailure, readRemoval, type ItemFault, type Verdict } from '../core/deliver/answer.ts';
import { temporalBody } from '../core/deliver/plan.ts';
import type { Batch } from './batch.ts';
import { lateMark } from './channel.ts';
import { inForm } from './forms.ts';
import type { Caller, Reply } from './http.ts';
import type { Partner } from './partner.ts';
import { acceptedAll, type Transport } from './transport.ts';

export interface HttpTransportOptions {
  readonly partner: Partner;
  readonly caller: Caller;
  readonly contextOf: (type: string) => string;
  readonly now: () => string;
  /** Of the queue, in the ids of its notifications. */
  readonly mark: string;
}

const mostRefused = 400;
const none = { kind: 'perItem', accepted: [], refused: [], retry: [], apart: [] } as const;

/**
 * A batch as an NGSI-LD notification. The same batch has the same id, by which a receiver knows a repeat; those of another queue, or of another
 * Klavže, have others.
 */
export function notificationOf({ from, removal, parcels }: Batch, partner: Partner, at: string, mark: string): object {
  const seqs = parcels.flatMap(({ queued }) => queued.map(({ seq }) => seq));
  return {
    id: `urn:ngsi-ld:Notification:klavze:${partner.name}:${mark}:${Math.min(...seqs)}-${Math.max(...seqs)}-${parcels.length}`,
    type: 'Notification',
    subscriptionId: from.replace(lateMark, ''),
    notifiedAt: at,
    data: parcels.map(({ entity }) => (removal ? { id: entity.id, type: entity.type, deletedAt: at } : inForm(entity, partner.form))),
  };
}

/** Posts notifications to the partner's endpoint. Any 2xx is taken as received. */
export function createNotificationTransport({ partner, caller, contextOf, now, mark }: HttpTransportOptions): Transport {
  return {
    async send(batch, signal) {
      const context = contextOf(batch.parcels[0]?.entity.type ?? '');
      const body = JSON.stringify(notificationOf(batch, partner, now(), mark));
      const reply = await caller.call({ method: 'POST', url: partner.endpoint, context, body, signal });
      if (reply.status >= 200 && reply.status < 300) return acceptedAll(batch);
      return failure(reply);
    },
    close: () => caller.close(),
  };
}

/** A receiver that is not there is a matter of its address, not of the data. */
function failure(reply: Reply): Verdict {
  const verdict = readFailure(reply);
  const isOfData = reply.status === mostRefused || reply.status === 413 || reply.status === 415 || reply.status === 422;
  return verdict.kind === 'refused' && !isOfData ? { kind: 'denied', message: verdict.message } : verdict;
}

/** Upserts into the partner's broker; values found late go to its history, so that no newer one is overwritten. */
export function createUpsertTransport({ partner, caller, contextOf }: HttpTransportOptions): Transport {
  const base = `${partner.endpoint.replace(/\/+$/, '')}/ngsi-ld/v1`;

  async function late(batch: Batch, context: string, signal: AbortSignal): Promise<Verdict> {
    const accepted: string[] = [];
    const refused: ItemFault[] = [];
    for (const [index, { id, entity }] of batch.parcels.entries()) {
      const reply = await caller.call({ method: 'POST', url: `${base}/temporal/entities`, context, body: temporalBody([entity]), signal });
      // A broker without a history has no place for a value that is past.
      const verdict = (reply.status > 0 && reply.status < 400) || [404, 405, 501].includes(reply.status) ? undefined : readFailure(reply);
      if (verdict === undefined) accepted.push(id);
      else if (verdict.kind === 'refused') refused.push({ id, message: verdict.message });
      else if (index === 0) return verdict;
      // What it took is not sent a second time.
      else
        return { ...none, accepted, refused, retry: batch.parcels.slice(index).map((one) => ({ id: one.id, message: verdict.message })) };
    }
    return { ...none, accepted, refused };
  }

  return {
    async send(batch, signal) {
      const ids = batch.parcels.map(({ id }) => id);
      const context = contextOf(batch.parcels[0]?.entity.type ?? '');
      if (batch.from.endsWith(lateMark)) return late(batch, context, signal);
      const path = batch.removal ? 'delete' : 'upsert?options=update';
      const body = JSON.stringify(batch.removal ? ids : batch.parcels.map(({ entity }) => entity));
      const reply = await caller.call({ method: 'POST', url: `${base}/entityOperations/${path}`, context, body, signal });
      return batch.removal ? readRemoval(reply, ids) : readAnswer(reply, ids);
    },
    close: () => caller.close(),
  };
}
