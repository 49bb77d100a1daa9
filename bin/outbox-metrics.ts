import { setTimeout as sleep } from 'node:timers/promises';
import { Gauge, type Registry } from 'prom-client';

import type { OwnOutbox } from './outbox.ts';

/** Whoever asks for metrics does not wait for NATS longer than this. */
const streamPatienceMs = 1_000;

/** Metrics of the lease and of what lies in NATS. */
export function watchShard({ right, stream }: Pick<OwnOutbox, 'right' | 'stream'>, registry: Registry): void {
  if (right === undefined || stream === undefined) return;
  const registers = [registry];
  new Gauge({
    name: 'klavze_shard_lease_seconds',
    help: 'For so long this process may deliver without renewing its lease; 0: it may not. Only with KLAVZE_OUTBOX',
    registers,
    collect() {
      this.set(right.leftMs() / 1_000);
    },
  });
  new Gauge({ name: 'klavze_shard_epoch', help: 'Grows with each take-over of the shard. Only with KLAVZE_OUTBOX', registers }).set(
    right.epoch,
  );
  type State = { readonly messages: number; readonly bytes: number } | undefined;
  let asked: Promise<State> | undefined;
  const ask = (): Promise<State> => {
    const late = sleep(streamPatienceMs, undefined, { ref: false });
    return (asked ??= Promise.race([stream().catch(() => undefined), late]).finally(() => (asked = undefined)));
  };
  new Gauge({
    name: 'klavze_stream_messages',
    help: 'Messages in the stream of the shard, each with many publications; NaN: NATS does not say. Only with KLAVZE_OUTBOX',
    registers,
    async collect() {
      this.set((await ask())?.messages ?? NaN);
    },
  });
  new Gauge({
    name: 'klavze_stream_bytes',
    help: 'The same in bytes',
    registers,
    async collect() {
      this.set((await ask())?.bytes ?? NaN);
    },
  });
}
