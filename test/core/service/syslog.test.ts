import { closeSync, fstatSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

import { packageRoot } from '../../../core/paths.ts';
import { asError, withPriority } from '../../../core/service/syslog.ts';

describe('lines for the journal of systemd', () => {
  it.each([
    [20, 7],
    [30, 6],
    [40, 4],
    [50, 3],
    [60, 2],
  ])('of level %d have the priority %d', (level, priority) => {
    expect(withPriority(`{"level":${level},"msg":"x"}\n`)).toBe(`<${priority}>{"level":${level},"msg":"x"}\n`);
  });

  it('are left as they are where they have no level, and each line of an error has its priority', () => {
    expect(withPriority('klavze is ready\n')).toBe('klavze is ready\n');
    expect(asError('klavze: a fault\n\n  - at x')).toBe('<3>klavze: a fault\n\n<3>  - at x');
  });

  it('have priorities only where standard error is the journal itself', () => {
    const folder = mkdtempSync(join(tmpdir(), 'klavze-journal-'));
    const file = openSync(join(folder, 'stderr'), 'w');
    try {
      const { dev, ino } = fstatSync(file);
      const program = "import { createLogger } from './core/service/log.ts'; createLogger('info').warn('trouble');";
      const say = (stream: string): void => {
        const { status } = spawnSync(
          process.execPath,
          ['--conditions=klavze-source', '--import', 'tsx', '--input-type=module', '-e', program],
          {
            cwd: packageRoot,
            env: { ...process.env, JOURNAL_STREAM: stream },
            stdio: ['ignore', 'ignore', file],
          },
        );
        expect(status).toBe(0);
      };
      say(`${dev}:${ino}`);
      say(`${dev}:1`);
      const [first, second] = readFileSync(join(folder, 'stderr'), 'utf8').split('\n');
      expect(first).toMatch(/^<4>\{"level":40,.*"trouble"\}$/);
      expect(second).toMatch(/^\{"level":40,.*"trouble"\}$/);
    } finally {
      closeSync(file);
      rmSync(folder, { recursive: true });
    }
  });
});
