import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { ConfigError } from '../core/errors.ts';
import type { Config } from '../core/service/config.ts';
import { loadDevices, type DeviceRegistry } from '../core/service/devices.ts';
import type { LoadedKnowledge } from '../core/service/knowledge.ts';

/** The outbox in the data folder. */
export function outboxFile(config: Config): string {
  return join(config.dataDir, 'outbox.db');
}

/** The registry as the configuration names it; a missing one is empty. @throws {ConfigError} listing every fault. */
export function readDevices(config: Config, { agents }: LoadedKnowledge): DeviceRegistry {
  return loadDevices(registryText(config.devices), config.devices, agents);
}

function registryText(file: string): string {
  if (!existsSync(file)) return '';
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError(`the device registry ${file} cannot be read: ${(error as Error).message}`);
  }
}
