import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { FatalError } from '../errors.ts';
import { codeExtension, codeRoot } from '../paths.ts';
import type { Adapter, Decoder, Envelope, Family } from '../plugin.ts';

export interface Agents {
  readonly envelopes: readonly Envelope[];
  readonly decoders: ReadonlyMap<string, Decoder>;
  readonly families: ReadonlyMap<string, Family>;
}

/**
 * All agents' plug-ins, loaded one after the other: Jest cannot link one module from two imports at once. A plug-in is
 * a folder with an `index` file; folders starting with `_` are not.
 */
export async function loadAgents(root: string = codeRoot): Promise<Agents> {
  const envelopes = await load<Envelope>(join(root, 'agents', 'envelopes'));
  const decoders = await load<Decoder>(join(root, 'agents', 'decoders'));
  const families = await load<Family>(join(root, 'agents', 'families'));
  return { envelopes: [...envelopes.values()], decoders, families };
}

/** All adapters by name. */
export async function loadAdapters(root: string = codeRoot): Promise<ReadonlyMap<string, Adapter>> {
  return load<Adapter>(join(root, 'adapters'));
}

/** @throws {FatalError} when a folder's default export is not the plug-in that the folder names. */
async function load<P extends { readonly name: string }>(folder: string): Promise<Map<string, P>> {
  const plugins = new Map<string, P>();
  if (!existsSync(folder)) return plugins;
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => a.name.localeCompare(b.name))) {
    const file = join(folder, entry.name, `index${codeExtension}`);
    if (!entry.isDirectory() || entry.name.startsWith('_') || !existsSync(file)) continue;
    const module = (await import(pathToFileURL(file).href)) as { default?: P };
    if (module.default?.name !== entry.name) {
      throw new FatalError(`${file}: the default export must be a plug-in named "${entry.name}", found "${String(module.default?.name)}"`);
    }
    plugins.set(entry.name, module.default);
  }
  return plugins;
}
