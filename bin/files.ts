import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { ConfigError } from '../core/errors.ts';
import type { AgentKnowledge } from '../core/pipeline.ts';
import { readProvisioning } from '../core/provision/file.ts';
import { findProvisioned } from '../core/provision/store.ts';
import type { Config } from '../core/service/config.ts';
import { loadDevices, type DeviceRegistry } from '../core/service/devices.ts';
import type { LoadedKnowledge } from '../core/service/knowledge.ts';

/** The outbox in the data folder. */
export function outboxFile(config: Config): string {
  return join(config.dataDir, 'outbox.db');
}

/** The registry as the configuration names it; a missing one is empty. @throws {ConfigError} listing every fault. */
export function readDevices(config: Config, { agents }: LoadedKnowledge): DeviceRegistry {
  return loadDevices(registryText(config.devices) ?? '', config.devices, agents);
}

/** The registry's text, undefined where there is no file. @throws {ConfigError} when it cannot be read. */
export function registryText(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError(`the device registry ${file} cannot be read: ${(error as Error).message}`);
  }
}

/** What was provisioned over the API of the IoT Agents, in the data folder: only the API writes it. */
export function provisioningFile(config: Config): string {
  return join(config.dataDir, 'provisioned.json');
}

/** The agents' knowledge for a command that passes messages: plug-ins, registry and what was provisioned. @throws {ConfigError} */
export function readAgents(config: Config, knowledge: LoadedKnowledge): AgentKnowledge {
  const registry = readDevices(config, knowledge);
  const provisioning = readProvisioning(provisioningFile(config));
  return {
    ...knowledge,
    ...knowledge.agents,
    device: (uplink) => registry.device(uplink),
    provisioned: (uplink, topic) => findProvisioned(provisioning, uplink, topic),
  };
}
