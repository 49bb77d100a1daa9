import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';

import { packageRoot } from '../../../core/paths.ts';
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

it('waits for a holder that has it only for a moment, as the doctor does', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'klavze-lock-'));
  const program = `const held = new (require('better-sqlite3'))(process.argv[1]); held.exec('BEGIN EXCLUSIVE');
    process.stdout.write('held'); setTimeout(() => held.close(), 200);`;
  const other = spawn(process.execPath, ['-e', program, join(folder, 'lock.db')], { cwd: packageRoot });
  try {
    await once(other.stdout, 'data');
    expect(lockDataDir(folder)).toBeUndefined();
    const release = lockDataDir(folder, 20_000);
    expect(release).toBeDefined();
    release?.();
  } finally {
    other.kill();
    rmSync(folder, { recursive: true });
  }
});
