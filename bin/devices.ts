import { tenantOf, type Passage } from '../core/pipeline.ts';
import type { Instant } from '../core/plugin.ts';
import type { Config } from '../core/service/config.ts';
import type { Audit } from '../core/service/audit.ts';
import { changedDevices } from '../core/service/device-changes.ts';
import { watchDevices } from '../core/service/device-watch.ts';
import type { DeviceRegistry } from '../core/service/devices.ts';
import type { LoadedKnowledge } from '../core/service/knowledge.ts';
import type { Logger } from '../core/service/log.ts';
import type { Metrics } from '../core/service/metrics.ts';
import { liveRegistry } from './live-registry.ts';
import type { OwnOutbox } from './outbox.ts';

export interface RunningDevices {
  /** The sender of an uplink, by the newest valid version of the registry. */
  readonly device: DeviceRegistry['device'];
  readonly partsOf: DeviceRegistry['partsOf'];
  readonly find: DeviceRegistry['find'];
  all(): DeviceRegistry['devices'];
  /** A message that was taken in. */
  passed(passage: Passage): void;
}

/** The registry as it is followed while `klavze up` runs (also at SIGHUP), and the watch for devices that fall silent. */
export function startDevices(
  config: Config,
  knowledge: LoadedKnowledge,
  { outbox, owns }: OwnOutbox,
  metrics: Metrics,
  clock: () => Instant,
  logger: Logger,
  audit: Audit,
  closers: (() => void | Promise<void>)[],
): RunningDevices {
  const { agents, tenants } = knowledge;
  const live = liveRegistry(config, knowledge, logger, closers);
  let last = live.registry;
  live.onReload((result, registry) => {
    watch.reloaded(result);
    if (result === 'taken') audit({ action: 'devices.reload', actor: 'file', ...changedDevices(last.devices, registry.devices) });
    last = registry;
  });
  const watch = watchDevices({
    outbox,
    clock,
    logger,
    metrics: metrics.registry,
    families: agents.families,
    tenantOf: (device) => tenantOf(device, { tenants }),
    devices: () => (owns === undefined ? live.registry.devices : live.registry.devices.filter(({ id }) => owns(id))),
  });
  closers.push(() => watch.stop());
  process.on('SIGHUP', live.reload);
  closers.push(() => void process.off('SIGHUP', live.reload));
  return {
    device: (uplink) => live.registry.device(uplink),
    partsOf: (id) => live.registry.partsOf(id),
    find: (id) => live.registry.find(id),
    all: () => live.registry.devices,
    passed: ({ devices }) => watch.heard(devices, clock()),
  };
}
