/** The guard is a process that ends another one: tried with the built one, and with processes that this test starts. */
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, expect, it } from '@jest/globals';

import { packageRoot } from '../../core/paths.ts';

const guard = pathToFileURL(join(packageRoot, 'dist', 'bin', 'guard.js')).href;
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

/** A process that has a guard and does `what`. Resolves when it and its guard have ended: both have its standard error. */
function guarded(what: string): Promise<Ended> {
  const logger = '{ warn: (_, words) => console.error(words), error: (_, words) => console.error(words) }';
  const code = `
    import { readFileSync } from 'node:fs';
    import { setTimeout as sleep } from 'node:timers/promises';
    const { startGuard } = await import('${guard}');
    const guard = startGuard('0-of-2', ${logger});
    const guards = () => readFileSync('/proc/self/task/' + process.pid + '/children', 'utf8').trim().split(' ').filter(Boolean).map(Number);
    ${what}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'ignore', 'pipe'] });
  children.push(child);
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((resolve) => child.once('close', (code_, signal) => resolve({ code: code_, signal, stderr })));
}

it('ends a process that is stopped, before its next step, and says so', async () => {
  const { code, signal, stderr } = await guarded(`
    guard.expect(1_000);
    process.kill(process.pid, 'SIGSTOP');
    console.error('it went on');`);
  expect({ code, signal, stderr }).toMatchObject({ signal: 'SIGKILL' });
  expect(stderr).not.toContain('it went on');
  expect(stderr).toMatch(/"shard":"0-of-2".*stopped for longer than the lease/);
});

it('ends a process whose turn does not come', async () => {
  const { signal } = await guarded('guard.expect(800); for (const end = Date.now() + 20_000; Date.now() < end;);');
  expect(signal).toBe('SIGKILL');
});

it('leaves a process alone that says again in time what to expect, or that it is quiet; both end together', async () => {
  const ended = await guarded(`
    for (let n = 0; n < 20; n++) { guard.expect(1_000); await sleep(50); }
    guard.quiet();
    process.kill(guards()[0], 'SIGTERM');
    await sleep(1_200);
    guard.close();`);
  expect(ended).toEqual({ code: 0, signal: null, stderr: '' });
});

it('is started again when it ended by itself, and knows what was said', async () => {
  const { code, signal, stderr } = await guarded(`
    guard.expect(5_000);
    const [first] = guards();
    process.kill(first, 'SIGKILL');
    while (guards().length === 0 || guards()[0] === first) await sleep(20);
    process.kill(process.pid, 'SIGSTOP');`);
  expect({ code, signal, stderr }).toMatchObject({ signal: 'SIGKILL' });
  expect(stderr).toContain('started again');
});
