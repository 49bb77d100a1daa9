import { Counter, Gauge, type Registry } from 'prom-client';

import type { Forgotten } from '../core/outbox/outbox.ts';
import type { Admission } from './channel.ts';

/** Figures of sharing, by partner. */
export interface SharingMetrics {
  admitted(partner: string, admission: Admission, states: number): void;
  /** Letters that went for their age or their number. */
  forgotten(partner: string, letters: readonly Forgotten[]): void;
  delivered(partner: string, result: 'delivered' | 'refused' | 'retried' | 'withheld', states: number): void;
}

export interface Waiting {
  readonly partner: string;
  readonly waiting: number;
  readonly oldestMs: number;
  readonly deadLetters: number;
  readonly gapOpen: boolean;
}

export function createSharingMetrics(registry: Registry, waiting: () => readonly Waiting[]): SharingMetrics {
  const registers = [registry];
  const labelNames = ['partner'];
  const admitted = new Counter({
    name: 'klavze_sharing_states_total',
    help: 'Entity states that were to be shared, by what became of them',
    labelNames: ['partner', 'result'],
    registers,
  });
  const delivered = new Counter({
    name: 'klavze_sharing_deliveries_total',
    help: 'Entity states at the partner, by what became of them',
    labelNames: ['partner', 'result'],
    registers,
  });
  const forgotten = new Counter({
    name: 'klavze_sharing_dead_letters_forgotten_total',
    help: 'Refused states that were too old or too many to be kept',
    labelNames,
    registers,
  });
  const gauge = (name: string, help: string, value: (one: Waiting) => number): void => {
    new Gauge({
      name,
      help,
      labelNames,
      registers,
      collect() {
        for (const one of waiting()) this.set({ partner: one.partner }, value(one));
      },
    });
  };
  gauge('klavze_sharing_waiting', 'Entity states waiting for the partner', (one) => one.waiting);
  gauge('klavze_sharing_lag_seconds', 'Age of the oldest state waiting for the partner', (one) => one.oldestMs / 1_000);
  gauge('klavze_sharing_dead_letters', 'Entity states that the partner refused', (one) => one.deadLetters);
  gauge('klavze_sharing_gap_open', '1 while states that notifications missed are being fetched', (one) => (one.gapOpen ? 1 : 0));
  return {
    forgotten: (partner, letters) =>
      forgotten.inc(
        { partner },
        letters.reduce((sum, { count }) => sum + count, 0),
      ),
    admitted: (partner, result, states) => admitted.inc({ partner, result }, states),
    delivered: (partner, result, states) => states > 0 && delivered.inc({ partner, result }, states),
  };
}
