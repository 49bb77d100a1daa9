/** Tests that start the program start the built one: it is what an operator runs, and it is up in half the time of the sources. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { packageRoot } from '../../core/paths.ts';

/** Builds once before all tests where a source is newer than what was built. */
export default function build(): void {
  const { include } = JSON.parse(readFileSync(join(packageRoot, 'tsconfig.build.json'), 'utf8')) as { include: string[] };
  const stamp = join(packageRoot, 'dist/.tsbuildinfo');
  const built = existsSync(stamp) ? statSync(stamp).mtimeMs : 0;
  if (!include.some((folder) => newerSource(join(packageRoot, folder), built))) return;
  const { status, stdout } = spawnSync('npm', ['run', '--silent', 'build'], { cwd: packageRoot, encoding: 'utf8' });
  if (status !== 0) throw new Error(`the project could not be built:\n${stdout}`);
}

function newerSource(folder: string, than: number): boolean {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names.some((name) => name.endsWith('.ts') && statSync(join(folder, name)).mtimeMs > than);
}
