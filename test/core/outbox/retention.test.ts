import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';

import { startRetention } from '../../../core/outbox/retention.ts';
import type { Outbox } from '../../../core/outbox/outbox.ts';
import { openSqliteOutbox } from '../../../core/outbox/sqlite.ts';
import { letter, origin, silent } from './samples.ts';

let folder: string;
let outbox: Outbox;
let now = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'klavze-retention-'));
  outbox = openSqliteOutbox({ path: join(folder, 'outbox.db'), logger: silent, clock: () => now });
});
afterEach(async () => {
  await outbox.close();
  rmSync(folder, { recursive: true });
});

async function keep(at: string, plugin: string, count: number, bytes = 10): Promise<void> {
  now = at;
  const one = { ...letter(), raw: Buffer.alloc(bytes, 'x'), origin: { ...origin, plugin } };
  await outbox.append({ publications: [], deadLetters: Array.from({ length: count }, () => one) });
}

const left = (): string[] => outbox.deadLetters.list({ replayed: true }).map((one) => one.origin.plugin);
const mega = 1_000_000;

describe('dead letters', () => {
  it('that are older than they may be go, at most some at once, and the others stay', async () => {
    await keep('2026-01-01T00:00:00.000Z', 'old', 600);
    await keep('2026-03-01T00:00:00.000Z', 'new', 2);
    const limits = { before: '2026-02-01T00:00:00.000Z', bytes: mega };
    expect(outbox.deadLetters.forget?.(limits)).toEqual([{ plugin: 'old', code: 'malformed_payload', count: 500 }]);
    expect(outbox.deadLetters.forget?.(limits)).toEqual([{ plugin: 'old', code: 'malformed_payload', count: 100 }]);
    expect(outbox.deadLetters.forget?.(limits)).toEqual([]);
    expect(left()).toEqual(['new', 'new']);
  });

  it('that take too much place: replayed ones go first, then the oldest of the kind that takes most', async () => {
    await keep('2026-01-01T00:00:00.000Z', 'rare', 3, 50_000);
    await keep('2026-01-02T00:00:00.000Z', 'flood', 20, 100_000);
    outbox.deadLetters.markReplayed([2], '2026-01-03T00:00:00.000Z');
    const limits = { before: '', bytes: mega };
    expect(outbox.deadLetters.forget?.(limits)).toEqual([{ plugin: 'rare', code: 'malformed_payload', count: 1 }]);
    expect(outbox.deadLetters.forget?.(limits)).toEqual([{ plugin: 'flood', code: 'malformed_payload', count: 12 }]);
    expect(outbox.deadLetters.forget?.(limits)).toEqual([]);
    expect(left()).toEqual(['rare', 'rare', ...Array.from({ length: 8 }, () => 'flood')]);
  });

  it('that are erased are not even in the bytes of the files any more, and the others stay', async () => {
    const keepText = (plugin: string, text: string) =>
      outbox.append({
        publications: [],
        deadLetters: [{ ...letter(), raw: Buffer.from(text.repeat(200)), origin: { ...origin, plugin } }],
      });
    now = '2026-01-01T00:00:00.000Z';
    await keepText('one', 'Janez Novak ');
    await keepText('two', 'somebody else ');
    await keepText('three', 'Janez Novak ');
    outbox.deadLetters.erase?.([1, 3]);
    expect(left()).toEqual(['two']);
    const bytes = Buffer.concat(readdirSync(folder).map((name) => readFileSync(join(folder, name)))).toString('latin1');
    expect([bytes.includes('Janez Novak'), bytes.includes('somebody else')]).toEqual([false, true]);
  });

  it('are looked for by themselves, counted, and told once', async () => {
    await keep('2026-01-01T00:00:00.000Z', 'old', 700);
    const lines: Record<string, unknown>[] = [];
    const logger = pino({ level: 'warn' }, { write: (text: string) => void lines.push(JSON.parse(text) as Record<string, unknown>) });
    let count = 0;
    const done = new Promise<void>((resolve) => {
      const retention = startRetention({
        letters: outbox.deadLetters,
        days: 30,
        megabytes: 1,
        now: () => Date.parse('2026-03-01T00:00:00.000Z'),
        logger,
        onForgotten(forgotten) {
          count += forgotten.reduce((sum, one) => sum + one.count, 0);
          if (count < 700) return;
          setImmediate(() => (retention.stop(), resolve()));
        },
      });
    });
    await done;
    expect(left()).toEqual([]);
    expect(lines).toMatchObject([{ forgotten: { 'old malformed_payload': 700 }, days: 30 }]);
  });
});
