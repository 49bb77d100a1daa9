import type { Verdict } from '../core/deliver/answer.ts';
import type { Batch } from './batch.ts';

/** How deliveries reach a partner. */
export interface Transport {
  /** Never throws. What the verdict says of each entity is settled by the courier. */
  send(batch: Batch, signal: AbortSignal): Promise<Verdict>;
  close(): void | Promise<void>;
}

export function acceptedAll({ parcels }: Batch): Verdict {
  return { kind: 'perItem', accepted: parcels.map(({ id }) => id), refused: [], retry: [], apart: [] };
}
