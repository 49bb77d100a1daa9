import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { packageRoot } from '../../core/paths.ts';
import { generatedNote, table } from './markdown.ts';

interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
}

interface Setting {
  readonly key: string;
  readonly variable: string;
  readonly default: string;
  readonly meaning: string;
}

/** Table of environment variables for the README, from `schemas/config.schema.json`. */
export function environmentTable(): string {
  const rows = settings().filter(({ variable }) => variable !== '');
  return table(
    ['variable', 'default', 'meaning'],
    rows.map(({ variable, default: value, meaning }) => [code(variable), code(value), meaning]),
  );
}

/** All keys of `klavze.yaml`. */
export function configurationPage(): string {
  return [
    '# Configuration',
    generatedNote,
    'Every key may be left out. `klavze up` reads `klavze.yaml` of the current folder, or the file of `--config` or `KLAVZE_CONFIG`; ' +
      'environment variables win over the file. A variable with `_FILE` appended names a file that holds the value: use it for secrets. ' +
      'All faults are listed at once, and the process ends with exit code 78.',
    table(
      ['key in `klavze.yaml`', 'variable', 'default', 'meaning'],
      settings().map(({ key, variable, default: value, meaning }) => [code(key), code(variable), code(value), meaning]),
    ),
  ].join('\n\n');
}

function settings(): Setting[] {
  const schema = JSON.parse(readFileSync(join(packageRoot, 'schemas', 'config.schema.json'), 'utf8')) as Schema;
  return [...leaves(schema, [])];
}

function* leaves(schema: Schema, path: readonly string[]): Generator<Setting> {
  for (const [key, member] of Object.entries(schema.properties ?? {})) {
    const at = [...path, key];
    if (member.properties !== undefined) yield* leaves(member, at);
    else if (typeof member.additionalProperties === 'object') yield* leaves(member.additionalProperties, [...at, '<name>']);
    else yield setting(at, member);
  }
}

/** The schema's descriptions end with the environment variable: "Folder of … KLAVZE_DATA_DIR". */
function setting(path: readonly string[], { description = '', default: value, enum: choices }: Schema): Setting {
  const variable = /KLAVZE_[A-Z_<>]+$/.exec(description)?.[0] ?? '';
  const meaning = description.slice(0, description.length - variable.length).trim();
  return {
    key: path.join('.'),
    variable,
    default: value === undefined ? '' : String(value),
    meaning: [meaning, choices === undefined ? '' : `One of ${choices.join(', ')}.`].filter((part) => part !== '').join(' '),
  };
}

function code(text: string): string {
  return text === '' ? '' : `\`${text}\``;
}
