/** Does to an outbox file what a power cut, a bad disk or time does. Only while no process has it open. */
import { appendFileSync, closeSync, existsSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import Database from 'better-sqlite3';

import { shardOf } from '../../core/outbox/hash.ts';
import { entityId, entityType, messageOf, published, type Truth } from './truth.ts';

/** Bytes of a page with the header of its frame in the write-ahead log. */
const frameHeader = 24;
const walHeader = 32;

/**
 * Leaves behind what was being written when the power failed: a frame of which a part reached the disk, after all that was committed.
 * `whole`: the length is right but the content is not.
 */
export function tearWal(file: string, whole: boolean): void {
  const wal = `${file}-wal`;
  const header = existsSync(wal) ? readFileSync(wal).subarray(0, walHeader) : Buffer.alloc(0);
  const pageSize = header.length === walHeader ? header.readUInt32BE(8) : 4096;
  const used = existsSync(wal) ? statSync(wal).size : 0;
  // A frame as SQLite writes it: page number, no commit mark, and the salts of this log.
  const frame = Buffer.concat([Buffer.alloc(8), randomBytes(frameHeader - 8 + pageSize)]);
  frame.writeUInt32BE(2, 0);
  if (header.length === walHeader) header.copy(frame, 8, 16, 24);
  if (used === 0) appendFileSync(wal, randomBytes(walHeader));
  appendFileSync(wal, whole ? frame : frame.subarray(0, Math.floor(frame.length / 2)));
}

export interface Destroyed {
  /** Waiting publications that lay on the page; none for other tables than `segments`. */
  readonly rows: number;
  /** Measurements of this run among them. */
  readonly messages: ReadonlySet<number>;
}

/** Overwrites one page of a table with noise: of what waits (`segments`), of what is settled of it, or of what the broker holds. */
export function corruptPage(file: string, table: 'segments' | 'settled' | 'watermarks', truth: Truth): Destroyed {
  const db = new Database(file);
  db.pragma('wal_checkpoint(TRUNCATE)');
  const pages = db.prepare("SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf'").pluck().all(table) as number[];
  const page = pages[Math.floor(Math.random() * pages.length)];
  const pageSize = db.pragma('page_size', { simple: true }) as number;
  if (page === undefined) throw new Error(`the outbox has no page of the table ${table}`);
  const firsts = table === 'segments' ? rowsOf(readFileSync(file).subarray((page - 1) * pageSize, page * pageSize)) : [];
  const waiting = firsts.flatMap((first) => waitingOf(db, first));
  db.close();
  const descriptor = openSync(file, 'r+');
  writeSync(descriptor, randomBytes(pageSize), 0, pageSize, (page - 1) * pageSize);
  closeSync(descriptor);
  const messages = new Set<number>();
  for (const line of waiting) {
    const { id, pm10 } = JSON.parse(line.slice(line.indexOf('\t') + 1)) as { id: string; pm10?: { observedAt: string } };
    const n = pm10 === undefined ? undefined : messageOf(truth, id, pm10.observedAt);
    if (n !== undefined) messages.add(n);
  }
  return { rows: waiting.length, messages };
}

/** Lines of a segment that are not settled. */
function waitingOf(db: Database.Database, first: number): string[] {
  const { body } = db.prepare<[number], { body: string }>('SELECT body FROM segments WHERE first = ?').get(first) ?? { body: '' };
  const settled = db.prepare<[number], number>('SELECT settled FROM settled WHERE first = ?').pluck().get(first) ?? 0;
  return body.split('\n').filter((line, place) => line !== '' && (settled & (1 << place)) === 0);
}

/** Row numbers of the cells of a table leaf page. Source: SQLite's file format, 1.6 B-tree pages. */
function rowsOf(page: Buffer): number[] {
  const cells = page.readUInt16BE(3);
  return Array.from({ length: cells }, (_, cell) => {
    const [, afterLength] = varint(page, page.readUInt16BE(8 + 2 * cell));
    return varint(page, afterLength)[0];
  });
}

function varint(bytes: Buffer, from: number): [value: number, next: number] {
  let value = 0;
  for (let at = from; ; at++) {
    const byte = bytes[at] ?? 0;
    value = value * 128 + (byte & 127);
    if (byte < 128) return [value, at + 1];
  }
}

/** An outbox as the first version of its schema wrote it, with `waiting` measurements and one dead letter. */
export function firstVersion(file: string, truth: Truth, waiting: number, letter: Uint8Array): void {
  const db = new Database(file);
  db.pragma('journal_mode = WAL');
  db.exec(`
    CREATE TABLE migrations (version INTEGER PRIMARY KEY, applied_at TEXT NOT NULL);
    CREATE TABLE publications (seq INTEGER PRIMARY KEY AUTOINCREMENT, shard INTEGER NOT NULL, at TEXT NOT NULL, origin TEXT NOT NULL,
      entity TEXT NOT NULL);
    CREATE INDEX publications_by_shard ON publications (shard);
    CREATE TABLE dead_letters (id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, plugin TEXT NOT NULL, origin TEXT NOT NULL,
      code TEXT NOT NULL, rejection TEXT NOT NULL, raw BLOB NOT NULL, replayed_at TEXT);
    CREATE INDEX dead_letters_open ON dead_letters (code, plugin) WHERE replayed_at IS NULL;
    CREATE TABLE watermarks (id TEXT PRIMARY KEY, marks TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;`);
  const at = new Date(truth.base).toISOString();
  db.prepare('INSERT INTO migrations VALUES (1, ?)').run(at);
  db.prepare("INSERT INTO counters VALUES ('queued', ?)").run(waiting);
  const origin = JSON.stringify({ plugin: 'agents/envelopes/iota-json', from: '/json/key/chaos/attrs', receivedAt: at });
  const insert = db.prepare('INSERT INTO publications (shard, at, origin, entity) VALUES (?, ?, ?, ?)');
  for (let n = 0; n < waiting; n++) {
    const { device, observedAt, pm10 } = published(truth, n);
    const id = entityId(truth, device);
    const entity = { id, type: entityType, pm10: { type: 'Property', value: pm10, unitCode: 'GQ', observedAt } };
    insert.run(shardOf(id), at, origin, JSON.stringify(entity));
  }
  const rejection = { stage: 'decode', code: 'not_json', message: 'the payload is no JSON' };
  db.prepare('INSERT INTO dead_letters (at, plugin, origin, code, rejection, raw) VALUES (?, ?, ?, ?, ?, ?)').run(
    at,
    'agents/envelopes/iota-json',
    origin,
    rejection.code,
    JSON.stringify(rejection),
    letter,
  );
  db.close();
}
