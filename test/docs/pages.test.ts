import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

const root = join(import.meta.dirname, '..', '..');
const pages = markdownFiles('.', ['.git', 'node_modules', 'dist', 'data', 'coverage', 'examples']);
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Readonly<Record<string, string>> };

describe('the documentation', () => {
  it.each(pages)('%s links only to what exists', (page) => {
    const targets = [...read(page).matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)/g)].map((match) => match[1] ?? '');
    expect(targets.filter((target) => !existsSync(join(root, dirname(page), target)))).toEqual([]);
  });

  it('has the chapters that the program and the alerts name', () => {
    const places = ['bin', 'core', 'sharing', 'gateway', 'embedded', 'deploy/prometheus', 'deploy/systemd'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => /\.(ts|yml|service|timer|conf)$/.test(name))
        .flatMap((name) => [...read(join(folder, name)).matchAll(/(docs\/[\w.-]+\.md)#([\w-]+)/g)])
        .map(([, page = '', anchor = '']) => [page, anchor] as const),
    );
    expect(places.length).toBeGreaterThan(20);
    expect(places.filter(([page, anchor]) => !anchorsOf(page).includes(anchor))).toEqual([]);
  });

  it.each(pages)('%s links only to its own chapters', (page) => {
    const anchors = anchorsOf(page);
    const linked = [...read(page).matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor = '']) => anchor);
    expect(linked.filter((anchor) => !anchors.includes(anchor))).toEqual([]);
  });

  it.each(pages)('%s names only npm scripts that exist', (page) => {
    const named = [...read(page).matchAll(/\bnpm (?:run (?!-)([\w:-]+)|test\b)/g)].map((match) => match[1] ?? 'test');
    expect(named.filter((script) => !(script in scripts))).toEqual([]);
  });

  // A plug-in is a folder of the build: one that the version of the day does not have must not be left there by another.
  it.each(['docs/operate.md', 'docs/operate.sl.md'])('%s starts another version from an empty build', (page) => {
    expect(scripts['prepare']).toMatch(/^rm -rf dist && npm run build /);
    // Older versions do not do so themselves.
    expect(read(page)).toMatch(/^cd \/opt\/klavze && git checkout .* && rm -rf dist && npm ci$/m);
  });

  it('docs/architecture.md names only files that exist, and the file of every stage', () => {
    const named = [...read('docs/architecture.md').matchAll(/`([\w./-]+\.(?:ts|json|yml))`/g)].map((match) => match[1] ?? '');
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
    for (const stage of ['source', 'validate', 'entity', 'screen', 'assess', 'outbox', 'deliver']) {
      expect(named.some((path) => path.startsWith(`core/${stage}/`))).toBe(true);
    }
  });

  it('docs/networks.md says of every envelope whose clock counts', () => {
    const [, table = ''] = read('docs/networks.md').split('## Whose clock counts');
    const named = [...table.matchAll(/^\| `([\w-]+)`/gm)].map((match) => match[1] ?? '');
    const envelopes = readdirSync(join(root, 'agents', 'envelopes'), { withFileTypes: true });
    expect(named.sort()).toEqual(envelopes.filter((entry) => entry.isDirectory() && !entry.name.startsWith('_')).map(({ name }) => name));
  });

  it('docs/adr/README.md lists every decision', () => {
    const decisions = readdirSync(join(root, 'docs', 'adr')).filter((name) => /^\d{4}-/.test(name));
    const listed = [...read('docs/adr/README.md').matchAll(/\]\((\d{4}-[^)]+)\)/g)].map((match) => match[1] ?? '');
    expect(listed).toEqual(decisions.sort());
  });
});

/** The anchors that GitHub gives the headings of a page. */
function anchorsOf(page: string): string[] {
  const headings = read(page)
    .replace(/^```.*?^```/gms, '')
    .matchAll(/^#+ (.*)$/gm);
  return [...headings].map(([, heading = '']) =>
    heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function read(page: string): string {
  return readFileSync(join(root, page), 'utf8');
}

function markdownFiles(folder: string, leaveOut: readonly string[]): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return leaveOut.includes(entry.name) ? [] : markdownFiles(path, leaveOut);
    return entry.name.endsWith('.md') ? [path] : [];
  });
}
