import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import type { Models } from '../entity/models.ts';
import { ConfigError } from '../errors.ts';
import { packageRoot } from '../paths.ts';
import type { Adapter } from '../plugin.ts';
import { compileTable } from '../table/adapter.ts';
import type { TableMapping } from '../table/mapping.ts';
import { readYamlWithLines } from './yaml.ts';

/** The mapping in a text as an adapter; `file` stands in the messages. @throws {ConfigError} that lists every fault with its line. */
export function readTable(text: string, file: string, models: Models): Adapter {
  const { value: mapping, lineOf } = readYamlWithLines<TableMapping>(text, file, tableSchema());
  const compiled = compileTable(mapping, models);
  if ('adapter' in compiled) return compiled.adapter;
  throw new ConfigError(
    `${file} is not valid`,
    compiled.faults.map(({ path, message }) => `${file}:${lineOf(path)}: ${path.join('.')} ${message}`),
  );
}

/** The mapping in a file. @throws {ConfigError} also when it cannot be read. */
export function readTableFile(file: string, models: Models): Adapter {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError(`the mapping ${file} cannot be read: ${(error as Error).message}`);
  }
  return readTable(text, file, models);
}

/**
 * Every `<name>.yaml` of a folder as an adapter of that name; none where there is no folder. `taken` are names of adapters that exist.
 * @throws {ConfigError} that lists the faults of all files.
 */
export function loadTables(folder: string, models: Models, taken: ReadonlySet<string>): Adapter[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((file) => /\.ya?ml$/.test(file) && !file.startsWith('_') && !file.startsWith('.'));
  const faults: string[] = [];
  const adapters: Adapter[] = [];
  for (const file of files.sort()) {
    const path = join(folder, file);
    try {
      const adapter = readTableFile(path, models);
      const name = basename(file).replace(/\.ya?ml$/, '');
      if (adapter.name !== name) faults.push(`${path}: name is "${adapter.name}"; expected the name of the file, "${name}"`);
      else if (taken.has(name)) faults.push(`${path}: there is an adapter "${name}" already; give the table another name`);
      else adapters.push(adapter);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      faults.push(...(error.faults.length > 0 ? error.faults : [error.message]));
    }
  }
  if (faults.length > 0) throw new ConfigError('a table mapping is not valid', faults);
  return adapters;
}

let schema: object | undefined;

function tableSchema(): object {
  schema ??= JSON.parse(readFileSync(join(packageRoot, 'schemas', 'table.schema.json'), 'utf8')) as object;
  return schema;
}
