import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { keepWatched } from '../../bin/watchdog.ts';

/** Under systemd a process that hangs is started anew: this one says that it does not. */
describe('what systemd is told', () => {
  let folder: string;
  let end: () => void;
  const warnings: object[] = [];
  const log = { warn: (of: object) => void warnings.push(of) };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'klavze-watchdog-'));
    warnings.length = 0;
  });
  afterEach(() => {
    end();
    rmSync(folder, { recursive: true });
  });

  /** A program in the place of systemd-notify, which notes what it is given and ends with `code`. */
  function environment(code = 0): Record<string, string> {
    const program = join(folder, 'systemd-notify');
    writeFileSync(program, `#!/bin/sh\necho "$NOTIFY_SOCKET $*" >> '${join(folder, 'told')}'\nexit ${code}\n`);
    chmodSync(program, 0o755);
    return { NOTIFY_SOCKET: '/run/systemd/notify', PATH: `${folder}:/usr/bin:/bin` };
  }

  async function told(lines: number): Promise<string[]> {
    for (let tries = 0; tries < 500; tries++) {
      const text = existsSync(join(folder, 'told')) ? readFileSync(join(folder, 'told'), 'utf8') : '';
      if (text.split('\n').length > lines) return text.trim().split('\n');
      await sleep(10);
    }
    throw new Error('nothing was told');
  }

  it('is how long it may be deaf, and that it works', async () => {
    end = keepWatched(environment(), log);
    expect(await told(1)).toEqual(['/run/systemd/notify WATCHDOG_USEC=600000000 WATCHDOG=1']);
    expect(warnings).toEqual([]);
  });

  it('is told again and again in the time that the unit gives, until the end', async () => {
    end = keepWatched({ ...environment(), WATCHDOG_USEC: '40000' }, log);
    const [first, ...others] = await told(3);
    expect(first).toBe('/run/systemd/notify WATCHDOG_USEC=40000 WATCHDOG=1');
    expect(new Set(others)).toEqual(new Set(['/run/systemd/notify WATCHDOG=1']));
  });

  it('is nothing where no systemd listens', async () => {
    const { PATH } = environment();
    end = keepWatched({ PATH: PATH ?? '', WATCHDOG_USEC: '4000' }, log);
    await sleep(50);
    expect([existsSync(join(folder, 'told')), warnings]).toEqual([false, []]);
  });

  it.each([
    ['systemd-notify fails', () => environment(1), 'systemd-notify ended with 1'],
    ['there is none', () => ({ NOTIFY_SOCKET: '/run/systemd/notify', PATH: '/nowhere' }), 'spawn systemd-notify ENOENT'],
  ])('is missed once in the log where %s', async (_what, where, reason) => {
    end = keepWatched({ ...where(), WATCHDOG_USEC: '40000' }, log);
    for (let tries = 0; warnings.length === 0 && tries < 500; tries++) await sleep(10);
    await sleep(50);
    expect(warnings).toEqual([{ reason }]);
  });
});
