/** What an end looks like where a disk is full: every part gets its turn, and a command says it in words. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';

import { exitCodeOf, exitCodes, isFull } from '../../bin/exit.ts';
import { closeAll } from '../../bin/stop.ts';

function listen() {
  const said: string[] = [];
  const note = (level: string) => (_of: object, text: string) => void said.push(`${level}: ${text}`);
  return { said, warn: note('warn'), error: note('error') };
}

describe('the end of a process', () => {
  it('comes to every part, the last to start first, although one fails and one never ends', async () => {
    const ended: string[] = [];
    const log = listen();
    const closers = [
      () => void ended.push('lock'),
      async () => {
        await sleep(5);
        ended.push('outbox');
      },
      () => new Promise<void>(() => undefined),
      () => {
        throw Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' });
      },
      () => Promise.reject(new Error('the socket is gone')),
      () => void ended.push('mqtt'),
    ];
    await closeAll(closers, log, 50);
    expect(ended).toEqual(['mqtt', 'outbox', 'lock']);
    expect(closers).toEqual([]);
    const failed = 'error: a part could not be ended in order';
    expect(log.said).toEqual([failed, failed, 'warn: a part did not end in time and is left']);
  });

  it('is silent where all goes well', async () => {
    const log = listen();
    await closeAll([() => undefined, () => Promise.resolve()], log);
    expect(log.said).toEqual([]);
  });
});

describe('a full disk', () => {
  it.each(['ENOSPC', 'EDQUOT', 'SQLITE_FULL'])('is no defect: %s', (code) => {
    const error = Object.assign(new Error('full'), { code });
    expect([isFull(error), exitCodeOf(error)]).toEqual([true, exitCodes.unavailable]);
  });

  it.each([Object.assign(new Error('x'), { code: 'SQLITE_CORRUPT' }), new Error('x'), null, undefined])(
    'is not everything: %s',
    (error) => {
      expect(isFull(error)).toBe(false);
    },
  );
});
