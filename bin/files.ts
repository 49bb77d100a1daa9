import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Config } from '../core/service/config.ts';
import { loadDevices, type DeviceRegistry } from '../core/service/devices.ts';
import type { LoadedKnowledge } from '../core/service/knowledge.ts';

/** The outbox in the data folder. */
export function outboxFile(config: Config): string {
  return join(config.dataDir, 'outbox.db');
}

/** The registry as the configuration names it; a missing one is empty. @throws {ConfigError} listing every fault. */
export function readDevices(config: Config, { agents }: LoadedKnowledge): DeviceRegistry {
  const text = existsSync(config.devices) ? readFileSync(config.devices, 'utf8') : '';
  return loadDevices(text, config.devices, agents);
}
