import { existsSync, readFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(import.meta.url);

/** The folder that holds `core`, `agents` and `adapters`: the checkout itself, or `dist` after a build. */
export const codeRoot = dirname(dirname(here));

/** `.ts` when run from the sources, `.js` when built: how plug-in files are found. */
export const codeExtension = extname(here);

/** The folder of `package.json`, `schemas` and `smart-data-models`. */
export const packageRoot = existsSync(join(codeRoot, 'package.json')) ? codeRoot : dirname(codeRoot);

/** The version in `package.json`. */
export const version = readVersion();

function readVersion(): string {
  const manifest = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string };
  return manifest.version;
}
