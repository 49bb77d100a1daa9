import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { packageRoot } from '../../core/paths.ts';

interface Cruise {
  readonly modules: readonly { readonly source: string; readonly dependencies: readonly { readonly resolved: string }[] }[];
}

/** Which folder needs which, as a Mermaid picture; made by the tool that also holds the fences. */
export async function dependencyPicture(): Promise<string> {
  const bin = join(packageRoot, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs');
  const folders = ['core', 'agents', 'adapters', 'embedded', 'sharing', 'gateway', 'bin'];
  const { stdout } = await promisify(execFile)(process.execPath, [bin, '--output-type', 'json', ...folders], {
    cwd: packageRoot,
    maxBuffer: 64 * 1024 * 1024,
  });
  const arrows = new Set<string>();
  for (const { source, dependencies } of (JSON.parse(stdout) as Cruise).modules) {
    const from = groupOf(source);
    for (const { resolved } of dependencies) {
      const to = groupOf(resolved);
      if (from !== undefined && to !== undefined && from !== to) arrows.add(`  ${id(from)}["${from}"] --> ${id(to)}["${to}"]`);
    }
  }
  return ['```mermaid', 'flowchart LR', ...[...arrows].sort(), '```'].join('\n');
}

/**
 * The box in which a file stands: plug-ins of one kind are one box. The contracts at the top of `core/` are needed by all and
 * left out, only the line itself and the SDK are shown.
 */
function groupOf(file: string): string | undefined {
  if (file === 'core/index.ts') return '#core';
  if (file === 'core/pipeline.ts') return 'core/pipeline';
  const [top = '', second = ''] = file.split('/');
  if (top === 'adapters' || top === 'bin' || top === 'gateway') return top;
  const isFolder = second !== '' && !second.includes('.');
  return ['core', 'agents', 'embedded'].includes(top) && isFolder ? `${top}/${second}` : undefined;
}

function id(group: string): string {
  return group.replaceAll(/[^a-z]/g, '_');
}
