import type { Forgotten, Outbox } from '../core/outbox/outbox.ts';
import { startRetention } from '../core/outbox/retention.ts';
import type { Audit } from '../core/service/audit.ts';
import type { Config } from '../core/service/config.ts';
import type { Logger } from '../core/service/log.ts';
import type { Metrics } from '../core/service/metrics.ts';

/** Keeps the dead letters within what is configured. In NATS a shard's letters are what its stream keeps. */
export function keepLettersWithin(
  config: Config,
  outbox: Outbox,
  metrics: Metrics,
  audit: Audit,
  logger: Logger,
  closers: (() => void)[],
): void {
  if (config.outbox.url !== undefined) return;
  const { deadLetters: letters } = outbox;
  const onForgotten = (forgotten: readonly Forgotten[]): void => {
    metrics.forgotten(forgotten);
    const counts = Object.fromEntries(forgotten.map(({ plugin, code, count }) => [`${plugin} ${code}`, count]));
    audit({ action: 'dead-letters.forget', actor: 'klavze', detail: counts });
  };
  const retention = startRetention({ letters, ...config.deadLetters, now: Date.now, logger, onForgotten });
  closers.push(() => retention.stop());
}
