import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { loadAdapters } from '../../../core/service/plugins.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'klavze-plugins-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function plugIn(folder: string, name: string): void {
  mkdirSync(join(root, 'adapters', folder), { recursive: true });
  writeFileSync(join(root, 'adapters', folder, 'index.ts'), `export default { name: '${name}' };`);
}

describe('loadAdapters', () => {
  it('finds every folder with an index file, but none that starts with _', async () => {
    plugIn('bilbao-noise', 'bilbao-noise');
    plugIn('_template', '__name__');
    mkdirSync(join(root, 'adapters', 'notes'));
    expect([...(await loadAdapters(root)).keys()]).toEqual(['bilbao-noise']);
  });

  it('says which folder and name disagree', async () => {
    plugIn('bilbao-noise', 'bilbao-air');
    await expect(loadAdapters(root)).rejects.toThrow(/bilbao-noise.*found "bilbao-air"/);
  });

  it('is empty where there is no folder', async () => {
    expect((await loadAdapters(root)).size).toBe(0);
  });
});
