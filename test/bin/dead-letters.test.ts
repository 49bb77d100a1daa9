import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from '@jest/globals';

import { openSqliteOutbox } from '../../core/outbox/sqlite.ts';
import { letter, silent } from '../core/outbox/samples.ts';
import { klavze } from './klavze.ts';

const folder = mkdtempSync(join(tmpdir(), 'klavze-letters-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('dead-letters delete takes out those that are named, all or none, and is in the audit log', async () => {
  const outbox = openSqliteOutbox({ path: join(folder, 'outbox.db'), logger: silent });
  await outbox.append({ publications: [], deadLetters: [letter(), letter(), letter()] });
  await outbox.close();
  const run = (...words: string[]) => klavze(['dead-letters', ...words], { KLAVZE_DATA_DIR: folder });
  const missing = await run('delete', '1', '9');
  expect([missing.code, missing.stderr]).toEqual([65, 'klavze: there is no dead letter 9\n']);
  const { code, stdout } = await run('delete', '1', '3');
  expect([code, JSON.parse(stdout)]).toEqual([0, { deleted: 2 }]);
  const left = JSON.parse((await run('list', '--all', '--json')).stdout) as { id: number }[];
  expect(left.map(({ id }) => id)).toEqual([2]);
  const audit = readFileSync(join(folder, 'audit.ndjson'), 'utf8').trim().split('\n');
  expect(audit.map((line) => JSON.parse(line) as object)).toMatchObject([{ action: 'dead-letters.delete', of: ['1', '3'] }]);
  expect((await run('delete')).code).toBe(64);
});
