import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { ConfigError, FatalError } from '../errors.ts';
import { codeExtension, codeRoot, packageRoot } from '../paths.ts';
import type { Adapter, Decoder, Envelope, Family } from '../plugin.ts';
import { declarationFiles, loadDeclared, nameOf, standIn } from './declared.ts';

export interface Agents {
  readonly envelopes: readonly Envelope[];
  readonly decoders: ReadonlyMap<string, Decoder>;
  readonly families: ReadonlyMap<string, Family>;
  /** Declared decoders that cannot be used, each with file, line, field and what was expected. A stand-in has their place. */
  readonly faults: readonly string[];
}

/**
 * All agents' plug-ins, loaded one after the other: Jest cannot link one module from two imports at once. A plug-in is
 * a folder with an `index` file, a decoder may be one with a `decoder.yaml` instead; folders starting with `_` are not. `decodersDir` is
 * the operator's own folder of declared decoders.
 */
export async function loadAgents(root: string = codeRoot, decodersDir?: string): Promise<Agents> {
  const envelopes = await load<Envelope>(join(root, 'agents', 'envelopes'));
  const coded = await load<Decoder>(join(root, 'agents', 'decoders'));
  const families = await loadFamilies(root);
  // A build has no declarations: they are read from where they were written.
  const own = join(root === codeRoot ? packageRoot : root, 'agents', 'decoders');
  const { decoders, faults } = await withDeclared(coded, [own, ...(decodersDir === undefined ? [] : [decodersDir])]);
  return { envelopes: [...envelopes.values()], decoders, families, faults };
}

/** The decoders and those that are declared in folders. One that is not valid is named and does not stop the others. */
async function withDeclared(coded: ReadonlyMap<string, Decoder>, folders: readonly string[]): Promise<Pick<Agents, 'decoders' | 'faults'>> {
  const decoders = new Map(coded);
  const faults: string[] = [];
  for (const file of folders.flatMap(declarationFiles)) {
    const name = nameOf(file);
    if (decoders.has(name)) {
      faults.push(`${file}: there is another decoder "${name}"; give this one another name`);
      continue;
    }
    try {
      decoders.set(name, (await loadDeclared(file)).decoder);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      const found = error.faults.length === 0 ? [error.message] : error.faults;
      faults.push(...found);
      decoders.set(name, standIn(name, found[0] ?? error.message));
    }
  }
  return { decoders, faults };
}

/** All families of devices by name. */
export async function loadFamilies(root: string = codeRoot): Promise<ReadonlyMap<string, Family>> {
  return load<Family>(join(root, 'agents', 'families'));
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
