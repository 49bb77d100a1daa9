import { existsSync } from 'node:fs';

import { hiddenEntities, type HiddenEntities } from '../core/access/hidden.ts';
import type { Config } from '../core/service/config.ts';
import type { DeviceRegistry } from '../core/service/devices.ts';
import type { LoadedKnowledge } from '../core/service/knowledge.ts';
import type { Logger } from '../core/service/log.ts';
import { liveRegistry } from './live-registry.ts';

/** What the registry says of devices with an access of their own, as it is at the moment of asking. @throws {ConfigError} for a faulty registry. */
export function followHidden(
  config: Config,
  knowledge: LoadedKnowledge,
  logger: Logger,
  closers: (() => void | Promise<void>)[],
): () => HiddenEntities {
  const { models, agents } = knowledge;
  const file = config.devices;
  if (!existsSync(file)) logger.warn({ file }, 'there is no device registry: nothing is known of devices with an access of their own');
  const live = liveRegistry(config, knowledge, logger, closers);
  let known: { readonly of: DeviceRegistry; readonly hidden: HiddenEntities } | undefined;
  return () => {
    if (known?.of !== live.registry) known = { of: live.registry, hidden: hiddenEntities(live.registry.devices, agents.families, models) };
    return known.hidden;
  };
}
