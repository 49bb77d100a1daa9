import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { journalFiles } from '../../../core/journal/files.ts';
import { openJournal, type Journal, type JournalOptions } from '../../../core/journal/journal.ts';
import { readJournal } from '../../../core/journal/read.ts';
import type { RawRecord } from '../../../core/journal/records.ts';

let folder: string;
let warned: unknown[];
let failed: unknown[];
let lost: number;
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'klavze-journal-')), 'journal');
  warned = [];
  failed = [];
  lost = 0;
});
afterEach(() => rmSync(join(folder, '..'), { recursive: true }));

const at = (second: number) => new Date(Date.parse('2026-05-01T10:00:00.000Z') + second * 1_000).toISOString();
const message = (second: number, payload: string | Buffer = `{"pm10":${second}}`, topic = 'klavze/trg/up') => ({
  topic,
  payload: Buffer.from(payload),
  receivedAt: at(second),
});

function open(options: Partial<JournalOptions> = {}): Journal {
  const logger = { warn: (facts: unknown) => void warned.push(facts), error: (facts: unknown) => void failed.push(facts) };
  return openJournal({ folder, days: 7, bytes: 1e9, clock: () => at(0), logger, onLost: (count) => (lost += count), ...options });
}

async function read(from = at(0), to = at(9_999)): Promise<{ records: RawRecord[]; damage: string[] }> {
  const records: RawRecord[] = [];
  const damage: string[] = [];
  for await (const record of readJournal({ folder, from, to, onDamage: (_file, what) => damage.push(what) })) records.push(record);
  return { records, damage };
}
const bodies = (records: readonly RawRecord[]) =>
  records.map((record) => Buffer.from(record.kind === 'message' ? record.message.payload : (record.file.bytes ?? [])).toString());
const soleFile = () => journalFiles(folder)[0]?.path ?? '';

describe('the journal', () => {
  it('gives back byte for byte, in order, what was received in a time', async () => {
    const journal = open();
    const bytes = Buffer.from([0, 255, 10, 13, 0xc4]);
    journal.message(message(1));
    journal.message(message(2, bytes, 'idrija/čipka/±'));
    journal.message(message(3, Buffer.alloc(600_000, 'x')));
    journal.message(message(4, ''));
    const file = { adapter: 'arso-air', from: 'postaje.xml', stations: ['E21'], receivedAt: at(5), bytes: Buffer.from('<a/>') };
    journal.file(file);
    journal.file({ adapter: 'gurs-rpe', from: 'vse.csv', stations: 'all', receivedAt: at(6) });
    journal.message(message(7));
    await journal.close();

    const { records } = await read(at(2), at(6));
    expect(records).toHaveLength(5);
    expect(records[0]).toEqual({ kind: 'message', receivedAt: at(2), message: message(2, bytes, 'idrija/čipka/±') });
    expect(records[1]?.kind === 'message' && records[1].message.payload.length).toBe(600_000);
    expect(records[3]).toEqual({ kind: 'file', receivedAt: at(5), file });
    expect(records[4]).toEqual({
      kind: 'file',
      receivedAt: at(6),
      file: { adapter: 'gurs-rpe', from: 'vse.csv', stations: 'all', receivedAt: at(6) },
    });
  });

  it('holds many messages in little place, also when they come one a second', async () => {
    const journal = open();
    let raw = 0;
    for (let second = 0; second < 300; second++) {
      const one = message(second, JSON.stringify({ observedAt: at(second), readings: { pm10: second / 10, temperature: 21.5 } }));
      raw += one.payload.length;
      journal.message(one);
      await journal.flush();
    }
    const loose = statSync(soleFile()).size;
    await journal.close();
    expect(statSync(soleFile()).size).toBeLessThan(Math.min(loose, raw) / 3);
    expect((await read()).records).toHaveLength(300);
  });

  it('reads up to a torn end, and passes over what is damaged', async () => {
    const journal = open();
    for (const second of [1, 2, 3]) {
      journal.message(message(second));
      await journal.flush();
    }
    const path = soleFile();
    const whole = readFileSync(path);
    await journal.close();

    writeFileSync(path, whole);
    truncateSync(path, whole.length - 3);
    expect((await read()).records).toHaveLength(2);
    writeFileSync(path, whole);
    appendFileSync(path, 'KLJ1 and half a');
    let { records, damage } = await read();
    expect(bodies(records)).toEqual(['{"pm10":1}', '{"pm10":2}', '{"pm10":3}']);
    expect(damage).toHaveLength(1);
    const flipped = Buffer.from(whole);
    flipped[25] = (flipped[25] ?? 0) ^ 1;
    writeFileSync(path, flipped);
    ({ records, damage } = await read());
    expect(bodies(records)).toEqual(['{"pm10":2}', '{"pm10":3}']);
    expect(damage[0]).toContain('damaged');
  });

  it('forgets what is too old, and the oldest of what is too much', async () => {
    const first = open();
    first.message(message(1));
    await first.close();
    utimesSync(soleFile(), new Date(at(-8 * 86_400)), new Date(at(-8 * 86_400)));
    const second = open({ clock: () => at(1) });
    second.message(message(2));
    await second.close();
    expect(bodies((await read()).records)).toEqual(['{"pm10":2}']);
    expect(warned).toEqual([]);

    const third = open({ clock: () => at(2), bytes: 10 });
    third.message(message(3));
    await third.close();
    expect(bodies((await read()).records)).toEqual(['{"pm10":3}']);
    expect(warned).toMatchObject([{ files: 1 }]);
  });

  it('gives its place to the outbox when the disk is nearly full, and comes back when there is room', async () => {
    const disk = { room: 1_000_000 };
    const freeBytes = (): number => disk.room - journalFiles(folder).reduce((sum, { bytes }) => sum + bytes, 0);
    const first = open();
    first.message(message(1, Buffer.from(Array.from({ length: 5_000 }, (_, n) => (n * n * 31) % 251))));
    await first.close();
    const journal = open({ clock: () => at(1), freeBytes });
    journal.message(message(2));
    await journal.flush();
    // The old file makes room for the new one.
    disk.room = 500;
    journal.message(message(3));
    await journal.flush();
    expect([bodies((await read()).records), warned.length, lost]).toEqual([['{"pm10":2}', '{"pm10":3}'], 1, 0]);
    // Nothing more can be given up.
    disk.room = -1;
    journal.message(message(4));
    await journal.flush();
    journal.message(message(5));
    await journal.flush();
    expect([lost, failed.length]).toEqual([2, 1]);
    disk.room = 1_000_000;
    journal.message(message(6));
    await journal.close();
    expect(bodies((await read()).records)).toEqual(['{"pm10":6}']);
  });

  it('never holds up the line: what cannot be written is counted and told once', async () => {
    writeFileSync(folder, 'a file where the folder should be');
    const journal = open();
    journal.message(message(1));
    journal.message(message(2));
    await journal.flush();
    journal.message(message(3));
    await journal.flush();
    expect(lost).toBe(3);
    expect(failed).toHaveLength(1);
    rmSync(folder);
    journal.message(message(4));
    await journal.close();
    expect(bodies((await read()).records)).toEqual(['{"pm10":4}']);
  });
});
