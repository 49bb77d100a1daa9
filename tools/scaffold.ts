import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Copies `adapters/_template` to `adapters/<name>` with the names put in; gives the files it wrote.
 * A string says why it cannot.
 */
export function scaffoldAdapter(name: string, adapters: string): string[] | string {
  if (!/^[a-z0-9]+(-[a-z0-9]+)+$/.test(name))
    return `"${name}" is no name for an adapter; expected <publisher>-<dataset> in lower case, such as arso-air`;
  return copyTemplate(join(adapters, '_template'), join(adapters, name), { __name__: name, __publisher__: firstWord(name) });
}

/**
 * Copies the template of a declared decoder to `<folder>/<name>`. In a folder of the operator's own the declaration alone: its examples
 * stand in it. A string says why it cannot.
 */
export function scaffoldDecoder(name: string, decoders: string, folder = decoders): string[] | string {
  if (!/^[a-z0-9]+(-[a-z0-9]+)+$/.test(name))
    return `"${name}" is no name for a decoder; expected <vendor>-<model> in lower case, such as dragino-lds02`;
  const words = { __name__: name, __vendor__: firstWord(name), __folder__: folder === decoders ? name : join(folder, name) };
  return copyTemplate(join(decoders, '_template'), join(folder, name), words, folder === decoders ? undefined : ['decoder.yaml']);
}

function copyTemplate(
  template: string,
  target: string,
  words: Readonly<Record<string, string>>,
  only?: readonly string[],
): string[] | string {
  if (existsSync(target)) return `${target} exists already`;
  const files = readdirSync(template, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && (only === undefined || only.includes(entry.name)),
  );
  return files.map((entry) => {
    const from = join(entry.parentPath, entry.name);
    const to = join(target, from.slice(template.length + 1));
    mkdirSync(dirname(to), { recursive: true });
    const text = Object.entries(words).reduce((filled, [word, value]) => filled.replaceAll(word, value), readFileSync(from, 'utf8'));
    writeFileSync(to, text);
    return to;
  });
}

function firstWord(name: string): string {
  return name.split('-', 1)[0] ?? name;
}
