/** Outbox files with damage at random places: what is lost is told. `KLAVZE_RANDOM_RUNS` files, `KLAVZE_RANDOM_SEED` the first of them. */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import { pino } from 'pino';

import { openSqliteOutbox } from '../../../core/outbox/sqlite.ts';
import { generator } from '../../random.ts';
import { consign, gauge, silent } from './samples.ts';

const runs = Number(process.env['KLAVZE_RANDOM_RUNS'] ?? 12);
const firstSeed = Number(process.env['KLAVZE_RANDOM_SEED'] ?? 1);
const folder = mkdtempSync(join(tmpdir(), 'klavze-damage-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function dice(seed: number): (sides: number) => number {
  const random = generator(seed);
  return (sides) => Math.floor(random() * sides);
}

/** Bytes of noise on pages that hold rows: a whole page, a few bytes or a part of it. Of what lies below a page between others nothing is known. */
function damage(path: string, roll: (sides: number) => number): void {
  const file = new Database(path);
  const pages = file
    .prepare("SELECT pageno FROM dbstat WHERE name IN ('segments', 'settled') AND pagetype <> 'internal'")
    .pluck()
    .all() as number[];
  file.close();
  const handle = openSync(path, 'r+');
  const size = readFileSync(path).readUInt16BE(16);
  expect(statSync(path).size % size).toBe(0);
  for (let times = 1 + roll(3); times > 0; times--) {
    const start = ((pages[roll(pages.length)] ?? 1) - 1) * size;
    const from = roll(3) === 0 ? 0 : roll(size - 64);
    const length = from === 0 ? size : Math.min(size - from, roll(2) === 0 ? 1 + roll(64) : 600 + roll(2_000));
    writeSync(handle, Buffer.alloc(length, roll(2) === 0 ? 0x5a : roll(256)), 0, length, start + from);
  }
  closeSync(handle);
}

describe('an outbox file with damage', () => {
  it.each(Array.from({ length: runs }, (_, n) => firstSeed + n))('tells what of it is lost (seed %i)', async (seed) => {
    const roll = dice(seed * 7_919);
    const path = join(folder, String(seed), 'outbox.db');
    const before = openSqliteOutbox({ path, logger: silent });
    for (let n = 0, most = 50 + roll(1_000); n < most;) {
      await before.append(consign(...Array.from({ length: 1 + roll(60) }, () => gauge(`g${n % 37}`, n++))));
      if (roll(4) > 0) continue;
      before.settle({ accepted: before.peek(roll(80), 0, 1).filter(() => roll(5) > 0), refused: [] });
    }
    const waiting = before.peek(5_000, 0, 1).map(({ seq }) => seq);
    await before.close();
    damage(path, roll);
    let told = 0;
    const write = (line: string): void => void (told += (JSON.parse(line) as { unreadable?: number }).unreadable ?? 0);

    const outbox = openSqliteOutbox({ path, logger: pino({ level: 'info' }, { write }) });
    outbox.peek(5_000, 0, 1);

    const left = new Set(outbox.peek(5_000, 0, 1).map(({ seq }) => seq));
    expect(waiting.filter((seq) => !left.has(seq)).length).toBeLessThanOrEqual(told);
    expect(outbox.depth('2026-05-01T10:00:00.000Z').count).toBe(left.size);
    await outbox.append(consign(gauge('new', 1)));
    expect(outbox.peek(5_000, 0, 1).at(-1)?.entity.id).toBe('urn:ngsi-ld:WaterObserved:new');
    await outbox.close();
  });
});
