import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';

import { lockDataDir } from '../../../core/service/lock.ts';

it('gives a data folder to one holder at a time', () => {
  const folder = mkdtempSync(join(tmpdir(), 'klavze-lock-'));
  const release = lockDataDir(folder);
  expect(release).toBeDefined();
  // It takes no room: on a full disk Klavže must start, and be backed up.
  expect(readdirSync(folder).map((name) => [name, statSync(join(folder, name)).size])).toEqual([['lock.db', 0]]);
  expect(lockDataDir(folder)).toBeUndefined();
  release?.();
  const again = lockDataDir(folder);
  expect(again).toBeDefined();
  again?.();
  rmSync(folder, { recursive: true });
});
