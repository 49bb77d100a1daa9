import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');

/** Runs a tool of this repository, with its configuration, over a small tree of its own; gives what it prints. */
export function runOver(
  files: Readonly<Record<string, string>>,
  configuration: readonly string[],
  tool: string,
  ...options: string[]
): string {
  const folder = mkdtempSync(join(tmpdir(), 'klavze-tree-'));
  try {
    for (const name of [...configuration, 'package.json', 'tsconfig.json']) cpSync(join(root, name), join(folder, name));
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    for (const [path, source] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), source);
    }
    const command = [join(root, 'node_modules', tool), ...options];
    return spawnSync(process.execPath, command, { cwd: folder, encoding: 'utf8' }).stdout;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
