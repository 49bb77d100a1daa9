import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Copies `adapters/_template` to `adapters/<name>` with the names put in; gives the files it wrote.
 * A string says why it cannot.
 */
export function scaffoldAdapter(name: string, adapters: string): string[] | string {
  if (!/^[a-z0-9]+(-[a-z0-9]+)+$/.test(name))
    return `"${name}" is no name for an adapter; expected <publisher>-<dataset> in lower case, such as arso-air`;
  const target = join(adapters, name);
  if (existsSync(target)) return `${target} exists already`;
  const template = join(adapters, '_template');
  const words = { __name__: name, __publisher__: name.split('-', 1)[0] ?? name };
  const files = readdirSync(template, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.map((entry) => {
    const from = join(entry.parentPath, entry.name);
    const to = join(target, from.slice(template.length + 1));
    mkdirSync(dirname(to), { recursive: true });
    const text = Object.entries(words).reduce((filled, [word, value]) => filled.replaceAll(word, value), readFileSync(from, 'utf8'));
    writeFileSync(to, text);
    return to;
  });
}
