import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { packageRoot } from '../paths.ts';
import { readYaml } from '../service/yaml.ts';
import type { Provisioning } from './store.ts';

/** What was provisioned, in the file that only the provisioning API writes; a missing one is empty. @throws {ConfigError} */
export function readProvisioning(file: string): Provisioning {
  if (!existsSync(file)) return { services: [], devices: [] };
  return readYaml<Provisioning>(readFileSync(file, 'utf8'), file, provisioningSchema());
}

/** Puts a new version in the place of the old one, whole or not at all. Throws while the disk cannot be written. */
export function writeProvisioning(file: string, provisioning: Provisioning): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, `${JSON.stringify(provisioning, null, 2)}\n`, { flush: true });
  renameSync(`${file}.new`, file);
}

export function provisioningSchema(): { readonly $id: string } {
  return JSON.parse(readFileSync(join(packageRoot, 'schemas', 'provisioning.schema.json'), 'utf8')) as { $id: string };
}
