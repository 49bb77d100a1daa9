import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

import { commandActor, openAudit } from '../../core/service/audit.ts';
import type { Config } from '../../core/service/config.ts';
import { changedDevices } from '../../core/service/device-changes.ts';
import { loadDevices, type DeviceRegistry } from '../../core/service/devices.ts';
import type { LoadedKnowledge } from '../../core/service/knowledge.ts';

export function readRegistryText({ devices }: Config): string {
  return existsSync(devices) ? readFileSync(devices, 'utf8') : '';
}

/** Puts a new version of the registry in the place of the old one, whole or not at all. @throws {ConfigError} when it is not valid. */
export function writeRegistry(
  { devices: file, dataDir }: Config,
  { agents }: LoadedKnowledge,
  action: 'device.add' | 'device.adopt' | 'device.retire',
  text: string,
): DeviceRegistry {
  const registry = loadDevices(text, file, agents);
  const before = loadDevices(existsSync(file) ? readFileSync(file, 'utf8') : '', file, agents);
  mkdirSync(dirname(file), { recursive: true });
  const draft = `${file}.new`;
  writeFileSync(draft, text, existsSync(file) ? { mode: statSync(file).mode } : {});
  renameSync(draft, file);
  const audit = openAudit({ folder: dataDir, clock: () => new Date().toISOString() });
  audit({ action, actor: commandActor(), ...changedDevices(before.devices, registry.devices) });
  return registry;
}
