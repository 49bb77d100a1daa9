import { execFileSync } from 'node:child_process';
import {
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
  closeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import { pino } from 'pino';
import { ConfigError } from '../../../core/errors.ts';
import { roomOn } from '../../../core/outbox/disk.ts';
import type { Outbox } from '../../../core/outbox/outbox.ts';
import { openSqliteOutbox, type SqliteOutboxOptions } from '../../../core/outbox/sqlite.ts';
import { packageRoot } from '../../../core/paths.ts';
import { outboxContract } from './contract.ts';
import { consign, gauge, letter, origin, silent } from './samples.ts';

const folder = mkdtempSync(join(tmpdir(), 'klavze-outbox-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
/** As the file's own header says it. */
const pageSizeOf = (path: string): number => readFileSync(path).readUInt16BE(16);
const newPath = () => join(folder, `box${files++}`, 'outbox.db');

outboxContract('sqlite', () => openSqliteOutbox({ path: newPath(), logger: silent }));

describe('sqlite outbox', () => {
  const opened: Outbox[] = [];
  const open = (path: string, more: Partial<SqliteOutboxOptions> = {}) => {
    const outbox = openSqliteOutbox({ path, logger: silent, ...more });
    opened.push(outbox);
    return outbox;
  };
  afterEach(async () => {
    for (const outbox of opened.splice(0)) await outbox.close();
  });

  it('keeps everything when it is opened again', async () => {
    const path = newPath();
    const first = open(path);
    await first.append({ ...consign(gauge('a', 1), gauge('b', 2)), deadLetters: [letter()] });
    first.settle({ accepted: first.peek(1, 0, 1), refused: [] });
    first.state.set('k', 1);
    const before = { queue: first.peek(9, 0, 1), letters: first.deadLetters.list() };
    await first.close();

    const again = open(path);

    expect({ queue: again.peek(9, 0, 1), letters: again.deadLetters.list() }).toEqual(before);
    expect(again.watermark('urn:ngsi-ld:WaterObserved:a', 'waterLevel')?.observedAt).toBe('2026-05-01T10:00:00.000Z');
    expect([again.state.get('k'), again.depth('2026-05-01T10:00:00.000Z').count]).toEqual([1, 1]);
  });

  it('shares one commit among many appends', async () => {
    const path = newPath();
    const outbox = open(path, { commitGroup: 100 });
    let commits = 0;
    outbox.onAppended(() => commits++);
    await Promise.all(Array.from({ length: 250 }, (_, n) => outbox.append(consign(gauge(`g${n}`, n)))));
    expect(commits).toBe(3);
  });

  it('takes what another process appends while it delivers', async () => {
    const path = newPath();
    const outbox = open(path);
    await outbox.append(consign(gauge('mine', 1)));
    const url = pathToFileURL(join(packageRoot, 'core/outbox/sqlite.ts')).href;
    const script = `const { openSqliteOutbox } = await import(${JSON.stringify(url)});
      const outbox = openSqliteOutbox({ path: ${JSON.stringify(path)}, logger: { error() {}, info() {} } });
      await outbox.append(${JSON.stringify(consign(gauge('theirs', 2)))});
      await outbox.close();`;
    execFileSync(process.execPath, ['--conditions=klavze-source', '--import', 'tsx', '--input-type=module', '-e', script], {
      cwd: packageRoot,
    });
    await outbox.append(consign(gauge('mine', 3)));

    expect(outbox.peek(9, 0, 1).map(({ entity }) => entity.id.slice(26))).toEqual(['mine', 'theirs', 'mine']);
    expect(outbox.depth('2026-05-01T10:00:00.000Z').count).toBe(3);
  });

  it('waits while the disk is full, acknowledges nothing, and goes on by itself', async () => {
    let free = 0;
    const outbox = open(newPath(), { freeBytes: () => free });
    let done = 0;
    const appends = [1, 2, 3].map((n) => outbox.append(consign(gauge('a', n))).then(() => done++));
    await new Promise((resolve) => setTimeout(resolve, 50));

    expect([done, outbox.writable, outbox.peek(9, 0, 1)]).toEqual([0, false, []]);
    // Not yet enough for what is to be written.
    free = 100;
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect([done, outbox.writable]).toEqual([0, false]);
    free = 100_000;
    await Promise.all(appends);

    expect([done, outbox.writable]).toEqual([3, true]);
    expect(outbox.peek(9, 0, 1).map(({ entity }) => entity)).toEqual([gauge('a', 1), gauge('a', 2), gauge('a', 3)]);
  });

  it('takes as much at a time as a small disk has room for', async () => {
    // Never enough for all of them at once.
    const outbox = open(newPath(), { freeBytes: () => 20_000 });
    await Promise.all(Array.from({ length: 300 }, (_, n) => outbox.append(consign(gauge('a', n)))));

    expect(outbox.writable).toBe(true);
    expect(outbox.peek(400, 0, 1).map(({ entity }) => entity)).toEqual(Array.from({ length: 300 }, (_, n) => gauge('a', n)));
  });

  it('moves the write-ahead log into the file before it takes the last free bytes', async () => {
    const path = newPath();
    const room = 300_000;
    const outbox = open(path, { freeBytes: () => room - statSync(`${path}-wal`).size });
    for (let n = 0; n < 200; n++) await outbox.append(consign(gauge('a', n)));

    expect(outbox.writable).toBe(true);
    expect(statSync(`${path}-wal`).size).toBeLessThan(room + 100_000);
    expect(outbox.peek(300, 0, 1)).toHaveLength(200);
  });

  it('counts the log against the free bytes, and pages that hold nothing as free', () => {
    const disk = { bavail: 1_000, blocks: 10_000, bsize: 100 };
    // Of 1,000,000 bytes 100,000 are free and as many kept for settling.
    expect(roomOn(disk, 1_000, 0)).toBe(-1_000);
    expect(roomOn(disk, 1_000, 5_000)).toBe(4_000);
    expect(roomOn(disk, 1_000, 500_000)).toBe(50_000);
  });

  it('waits while another process holds the file, and says so once', async () => {
    const path = newPath();
    const lines: string[] = [];
    const outbox = open(path, { logger: pino({ level: 'info' }, { write: (line: string) => void lines.push(line) }) });
    await outbox.append(consign(gauge('a', 1)));
    const other = new Database(path);
    other.exec('BEGIN IMMEDIATE');
    const waiting = outbox.append(consign(gauge('a', 2)));
    setTimeout(() => other.exec('COMMIT'), 1_500);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(outbox.writable).toBe(false);
    await waiting;
    other.close();
    expect(outbox.peek(9, 0, 1)).toHaveLength(2);
    expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual([
      'the outbox cannot be written; nothing is acknowledged until it can',
      'the outbox can be written again',
    ]);
  });

  it('sets a file aside that is no database and starts with a new one', async () => {
    const path = newPath();
    const empty = open(path);
    await empty.close();
    writeFileSync(path, 'this is no database, not even a bit of one'.repeat(200));

    const outbox = open(path);

    await outbox.append(consign(gauge('a', 1)));
    expect(outbox.peek(9, 0, 1)).toHaveLength(1);
    expect(readdirSync(join(path, '..')).some((file) => file.startsWith('outbox.db.damaged-'))).toBe(true);
  });

  it('loses no row beside a damaged page', async () => {
    const path = newPath();
    const before = open(path);
    for (let n = 0; n < 120; n++) await before.append(consign(gauge(`g${n}`, n)));
    await before.close();
    const file = new Database(path);
    const leaves = file.prepare("SELECT pageno, ncell, pgsize FROM dbstat WHERE name = 'segments' AND pagetype = 'leaf'").all();
    file.close();
    const { pageno, ncell, pgsize } = leaves[Math.floor(leaves.length / 2)] as { pageno: number; ncell: number; pgsize: number };
    const handle = openSync(path, 'r+');
    writeSync(handle, Buffer.alloc(pgsize, 0x5a), 0, pgsize, (pageno - 1) * pgsize);
    closeSync(handle);
    expect(open(path).peek(1_000, 0, 1)).toHaveLength(120 - ncell);
  });
  it.each([
    ['first', 0],
    ['second', 1],
    ['last', -1],
  ])('says how many waited on a damaged page: the %s one', async (_name, which) => {
    const path = newPath();
    const lines: string[] = [];
    const before = open(path);
    for (let n = 0; n < 90; n++)
      await before.append(consign(...Array.from({ length: 1 + ((n * 7) % 40) }, (_, m) => gauge(`g${n}-${m}`, m, n % 59))));
    before.settle({ accepted: before.peek(3_000, 0, 1).filter((_, n) => n % 3 > 0), refused: [] });
    await before.close();
    const file = new Database(path);
    // Long ago delivered and forgotten.
    for (const table of ['segments', 'settled']) file.exec(`DELETE FROM ${table} WHERE first < 400`);
    file.pragma('wal_checkpoint(TRUNCATE)');
    const pages = file.prepare("SELECT pageno FROM dbstat WHERE name = 'segments' AND pagetype = 'leaf' ORDER BY path").pluck().all();
    file.close();
    const waiting = open(path).depth('2026-05-01T10:00:00.000Z').count;
    await opened.pop()?.close();
    const handle = openSync(path, 'r+');
    const size = pageSizeOf(path);
    writeSync(handle, Buffer.alloc(size, 0x5a), 0, size, ((pages.at(which) as number) - 1) * size);
    closeSync(handle);

    const after = open(path, { logger: pino({ level: 'info' }, { write: (line: string) => void lines.push(line) }) });

    const left = after.depth('2026-05-01T10:00:00.000Z').count;
    const { unreadable, saved } = JSON.parse(lines[0] ?? '{}') as { unreadable: number; saved: Record<string, number> };
    expect(saved['publications']).toBe(left);
    expect(left).toBeLessThan(waiting);
    expect(unreadable).toBeGreaterThanOrEqual(waiting - left);
    // Where the lowest numbers are on the page, it is not known which of them went before.
    expect(unreadable - (waiting - left)).toBeLessThanOrEqual(which === 0 ? 256 : 0);
  });

  it.each(['at start', 'while it runs'])('saves the good rows of a file with damaged pages, found %s', async (when) => {
    const path = newPath();
    const lines: string[] = [];
    const logger = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
    const before = open(path);
    await before.append({
      ...consign(...Array.from({ length: 12_000 }, (_, n) => gauge(`g${n}`, n))),
      deadLetters: [letter(), letter('unknown_device')],
    });
    before.settle({ accepted: before.peek(10, 0, 1), refused: [] });
    before.state.set('k', 'v');
    await before.close();
    const handle = openSync(path, 'r+');
    const size = pageSizeOf(path);
    const pages = Math.floor(statSync(path).size / size);
    for (const page of [0.5, 0.6]) writeSync(handle, Buffer.alloc(size, 0x5a), 0, size, Math.floor(pages * page) * size);
    closeSync(handle);

    const outbox = open(path, { logger, checkAtStartBytes: when === 'at start' ? Infinity : 0 });
    const left = outbox.peek(50_000, 0, 1);

    expect(left.length).toBeGreaterThan(11_900);
    expect(left.length).toBeLessThan(11_990);
    expect(outbox.depth('2026-05-01T10:00:00.000Z').count).toBe(left.length);
    expect(outbox.deadLetters.count()).toBe(2);
    expect(outbox.watermark('urn:ngsi-ld:WaterObserved:g3', 'waterLevel')).toBeDefined();
    expect(outbox.state.get('k')).toBe('v');
    const report = JSON.parse(lines[0] ?? '{}') as { saved: Record<string, number>; unreadable: number };
    expect(report.saved['publications']).toBe(left.length);
    expect(report.unreadable).toBeGreaterThan(0);
    await outbox.append(consign(gauge('new', 1)));
    expect(outbox.peek(50_000, 0, 1).at(-1)?.entity.id).toBe('urn:ngsi-ld:WaterObserved:new');
  });

  it('tells of lines that make no sense on a page in which SQLite sees no damage', async () => {
    const path = newPath();
    const lines: string[] = [];
    const before = open(path);
    await before.append(consign(...Array.from({ length: 320 }, (_, n) => gauge(`g${n}`, n))));
    await before.close();
    const file = new Database(path);
    const ends =
      "SELECT max(pageno) FROM dbstat WHERE name = 'segments' AND pagetype = 'overflow' GROUP BY substr(path, 1, instr(path, '+'))";
    const [, torn = 0] = file.prepare(ends).pluck().all() as number[];
    expect(file.pragma('quick_check(1)', { simple: true })).toBe('ok');
    file.close();
    const handle = openSync(path, 'r+');
    // What lies on the page, not where the next one is.
    writeSync(handle, Buffer.alloc(600, 0x5a), 0, 600, (torn - 1) * pageSizeOf(path) + 4);
    closeSync(handle);

    const outbox = open(path, { logger: pino({ level: 'info' }, { write: (line: string) => void lines.push(line) }) });
    outbox.peek(1_000, 0, 1);

    const left = outbox.peek(1_000, 0, 1);
    const { unreadable, saved } = JSON.parse(lines[0] ?? '{}') as { unreadable: number; saved: Record<string, number> };
    expect(lines).toHaveLength(1);
    expect(unreadable).toBeGreaterThan(0);
    expect(left).toHaveLength(320 - unreadable);
    expect(saved['publications']).toBe(left.length);
    expect(outbox.depth('2026-05-01T10:00:00.000Z').count).toBe(left.length);
    await outbox.close();
    expect(open(path).peek(1_000, 0, 1)).toEqual(left);
  });

  it('keeps what was committed before a torn end of the write-ahead log', async () => {
    const path = newPath();
    const outbox = open(path);
    for (let n = 0; n < 20; n++) await outbox.append(consign(gauge(`g${n}`, n)));
    const copy = newPath();
    open(copy);
    for (const suffix of ['', '-wal']) {
      const bytes = new Uint8Array(statSync(path + suffix).size);
      const source = openSync(path + suffix, 'r');
      const { readSync } = await import('node:fs');
      readSync(source, bytes);
      closeSync(source);
      writeFileSync(copy + '.torn' + suffix, bytes);
    }
    truncateSync(`${copy}.torn-wal`, statSync(`${copy}.torn-wal`).size - 1_000);

    const torn = open(`${copy}.torn`);

    expect(torn.peek(99, 0, 1).map(({ entity }) => entity.id)).toEqual(
      Array.from({ length: 19 }, (_, n) => `urn:ngsi-ld:WaterObserved:g${n}`),
    );
  });

  it('reads a file of the version before, with what waits in it and its watermarks', async () => {
    const path = newPath();
    await open(path).close();
    opened.pop();
    const db = new Database(path);
    db.exec(
      `DROP TABLE segments; DROP TABLE settled; DELETE FROM migrations WHERE version > 1; DELETE FROM counters;
       INSERT INTO counters VALUES ('queued', 70);
       CREATE TABLE publications (seq INTEGER PRIMARY KEY AUTOINCREMENT, shard INTEGER NOT NULL, at TEXT NOT NULL, origin TEXT NOT NULL, entity TEXT NOT NULL);
       INSERT INTO watermarks VALUES ('urn:ngsi-ld:WaterObserved:a', '[["waterLevel",{"observedAt":"2026-05-01T09:00:00.000Z","digest":"x"}]]');`,
    );
    const insert = db.prepare('INSERT INTO publications (shard, at, origin, entity) VALUES (0, ?, ?, ?)');
    for (let n = 0; n < 70; n++) insert.run('2026-05-01T10:00:00.000Z', JSON.stringify(origin), JSON.stringify(gauge(`g${n}`, n)));
    db.exec('DELETE FROM publications WHERE seq <= 5');
    db.close();

    const outbox = open(path);
    await outbox.append(consign(gauge('new', 1)));

    const left = outbox.peek(99, 0, 1);
    expect(left.map(({ entity }) => entity)).toEqual([...Array.from({ length: 65 }, (_, n) => gauge(`g${n + 5}`, n + 5)), gauge('new', 1)]);
    expect(left[0]?.origin).toEqual(origin);
    expect(outbox.watermark('urn:ngsi-ld:WaterObserved:a', 'waterLevel')?.observedAt).toBe('2026-05-01T09:00:00.000Z');
    outbox.settle({ accepted: left, refused: [] });
    expect(outbox.depth('2026-05-01T10:00:00.000Z').count).toBe(0);
  });

  it('knows after kill -9 what was delivered, whether its watermarks were written or not', async () => {
    const path = newPath();
    const url = pathToFileURL(join(packageRoot, 'core/outbox/sqlite.ts')).href;
    const script = `const { openSqliteOutbox } = await import(${JSON.stringify(url)});
      const outbox = openSqliteOutbox({ path: ${JSON.stringify(path)}, logger: { error() {}, info() {} } });
      await outbox.append(${JSON.stringify(consign(...Array.from({ length: 40 }, (_, n) => gauge(`g${n}`, n, 10))))});
      const queued = outbox.peek(99, 0, 1);
      outbox.settle({ accepted: queued.slice(0, 38), refused: [{ queued: queued[38], rejection: { stage: 'deliver', code: 'refused_by_broker', message: 'no' } }] });
      await outbox.append(${JSON.stringify(consign(gauge('last', 1)))});
      process.kill(process.pid, 'SIGKILL');`;
    const run = () =>
      execFileSync(process.execPath, ['--conditions=klavze-source', '--import', 'tsx', '--input-type=module', '-e', script], {
        cwd: packageRoot,
      });
    expect(run).toThrow('SIGKILL');

    const outbox = open(path);

    expect(outbox.peek(99, 0, 1).map(({ entity }) => entity.id.slice(26))).toEqual(['g39', 'last']);
    expect(outbox.deadLetters.count()).toBe(1);
    expect(outbox.watermark('urn:ngsi-ld:WaterObserved:g3', 'waterLevel')?.observedAt).toBe('2026-05-01T10:10:00.000Z');
    expect(outbox.watermark('urn:ngsi-ld:WaterObserved:g37', 'waterLevel')?.observedAt).toBe('2026-05-01T10:10:00.000Z');
    expect(outbox.watermark('urn:ngsi-ld:WaterObserved:g38', 'waterLevel')).toBeUndefined();
    expect(outbox.newestMark?.('urn:ngsi-ld:WaterObserved:g3')).toBe('2026-05-01T10:10:00.000Z');

    // Messages come again: those of a whole row, of one that is settled in part, one that was refused, and one that still waits.
    await outbox.append(consign(...[3, 37, 38, 39].map((n) => gauge(`g${n}`, n, 10))));
    const again = outbox.peek(99, 0, 1).slice(2);
    expect(again.map((queued) => outbox.wasTaken?.(queued))).toEqual([true, true, false, false]);
  });

  it('keeps what was taken lately in the file, but only so much of it', async () => {
    const path = newPath();
    const outbox = open(path);
    const states = Array.from({ length: 4_500 }, (_, n) => gauge(`g${n % 90}`, n, Math.floor(n / 90)));
    for (let from = 0; from < states.length; from += 900) {
      await outbox.append(consign(...states.slice(from, from + 900)));
      outbox.settle({ accepted: outbox.peek(999, 0, 1), refused: [] });
      await new Promise((resolve) => setTimeout(resolve, 600));
    }
    await outbox.close();

    const db = new Database(path, { readonly: true });
    const count = db.prepare('SELECT sum(count) FROM segments').pluck().get();
    const orphans = db.prepare('SELECT count(*) FROM settled WHERE first NOT IN (SELECT first FROM segments)').pluck().get();
    db.close();
    expect(count).toBeGreaterThanOrEqual(2_000);
    expect(count).toBeLessThan(3_000);
    expect(orphans).toBe(0);

    const next = open(path);
    expect([next.depth('2026-05-01T10:00:00.000Z').count, next.peek(9, 0, 1)]).toEqual([0, []]);
    await next.append(consign(states[0] as never, states[4_400] as never, states[4_499] as never));
    expect(next.peek(9, 0, 1).map((queued) => next.wasTaken?.(queued))).toEqual([false, true, true]);
  });

  it('refuses a file of a newer version', async () => {
    const path = newPath();
    await open(path).close();
    opened.pop();
    const db = new Database(path);
    db.exec("INSERT INTO migrations SELECT max(version) + 1, '2030-01-01T00:00:00.000Z' FROM migrations");
    db.close();
    const before = readFileSync(path);
    const refusal = /newer Klavže \(form \d+, this one reads up to \d+\): install the newer one again, or restore the backup/;
    expect(() => openSqliteOutbox({ path, logger: silent })).toThrow(refusal);
    // systemd must not start it again and again, and the newer one must find its file as it was.
    expect(() => openSqliteOutbox({ path, logger: silent })).toThrow(ConfigError);
    expect(readFileSync(path)).toEqual(before);
    expect(readdirSync(dirname(path)).filter((name) => name.includes('damaged'))).toEqual([]);
  });
});
