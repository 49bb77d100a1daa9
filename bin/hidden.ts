import { existsSync } from 'node:fs';

import { hiddenEntities, type HiddenEntities } from '../core/access/hidden.ts';
import type { Config } from '../core/service/config.ts';
import { loadDevices, type DeviceRegistry } from '../core/service/devices.ts';
import type { LoadedKnowledge } from '../core/service/knowledge.ts';
import { followDevices } from '../core/service/live-devices.ts';
import type { Logger } from '../core/service/log.ts';
import { registryText } from './files.ts';

/** What the registry says of devices with an access of their own, as it is at the moment of asking. @throws {ConfigError} for a faulty registry. */
export function followHidden(
  config: Config,
  { models, agents }: LoadedKnowledge,
  logger: Logger,
  closers: (() => void | Promise<void>)[],
): () => HiddenEntities {
  const file = config.devices;
  if (!existsSync(file)) logger.warn({ file }, 'there is no device registry: nothing is known of devices with an access of their own');
  const live = followDevices({ file, logger, read: () => registryText(file), load: (text) => loadDevices(text, file, agents) });
  closers.push(() => live.close());
  let known: { readonly of: DeviceRegistry; readonly hidden: HiddenEntities } | undefined;
  return () => {
    if (known?.of !== live.registry) known = { of: live.registry, hidden: hiddenEntities(live.registry.devices, agents.families, models) };
    return known.hidden;
  };
}
