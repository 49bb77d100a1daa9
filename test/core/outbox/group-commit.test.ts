import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';

import { createGroupCommit, type GroupCommit } from '../../../core/outbox/group-commit.ts';
import type { Done } from '../../../core/outbox/outbox.ts';

interface Entry {
  readonly name: string;
  readonly done: Done;
}

let committed: string[][];
let syncs: { readonly end: (error?: Error) => void }[];
let told: string[];
/** How many find their place in a commit. */
let room: number;
let group: GroupCommit<Entry>;
let fault: ((names: readonly string[]) => Error | undefined) | undefined;

const full = Object.assign(new Error('disk full'), { code: 'SQLITE_FULL' });
const append = (name: string): void =>
  group.append({ name, done: (error) => void told.push(error === undefined ? name : `${name}: ${(error as Error).message}`) });

beforeEach(() => {
  committed = [];
  syncs = [];
  told = [];
  room = Infinity;
  fault = undefined;
  group = createGroupCommit<Entry>({
    commit(entries) {
      const names = entries.map(({ name }) => name);
      const error = fault?.(names);
      if (error !== undefined) throw error;
      committed.push(names.slice(0, room));
      return Math.min(room, names.length);
    },
    sync: () => new Promise((resolve, reject) => syncs.push({ end: (error) => (error === undefined ? resolve() : reject(error)) })),
    mayHeal: (error) => error === full,
    pauseMs: 2,
    maxGroup: 100,
    logger: pino({ level: 'silent' }),
  });
});

afterEach(async () => {
  fault = undefined;
  const closed = group.close();
  for (let ends = 0; ends < 10; ends++) {
    for (const { end } of syncs.splice(0)) end();
    await sleep(1);
  }
  await closed;
});

async function until(is: () => boolean): Promise<void> {
  for (let tries = 0; tries < 500 && !is(); tries++) await sleep(5);
  expect(is()).toBe(true);
}

describe('the group commit', () => {
  it('goes on with the others where there was room for some of them, and tells only those', async () => {
    room = 2;
    for (const name of ['a', 'b', 'c']) append(name);
    await until(() => syncs.length === 1);
    syncs.shift()?.end();
    await until(() => syncs.length === 1);
    expect([committed, told]).toEqual([
      [['a', 'b'], ['c']],
      ['a', 'b'],
    ]);
    expect(group.writable).toBe(true);
  });

  it('tells nobody before the disk was synced, and gathers what comes meanwhile for the next commit', async () => {
    append('a');
    await until(() => syncs.length === 1);
    append('b');
    append('c');
    await sleep(20);
    expect([committed, told]).toEqual([[['a']], []]);
    syncs.shift()?.end();
    await until(() => syncs.length === 1);
    expect([committed, told]).toEqual([[['a'], ['b', 'c']], ['a']]);
    syncs.shift()?.end();
    await until(() => told.length === 3);
    expect(told).toEqual(['a', 'b', 'c']);
  });

  it('writes again what the disk could not sync, before what came later', async () => {
    append('a');
    await until(() => syncs.length === 1);
    append('b');
    syncs.shift()?.end(new Error('EIO'));
    await until(() => syncs.length === 1);
    expect(group.writable).toBe(false);
    expect([committed, told]).toEqual([[['a'], ['a', 'b']], []]);
    syncs.shift()?.end();
    await until(() => told.length === 2);
    expect([told, group.writable]).toEqual([['a', 'b'], true]);
  });

  it('waits for a full disk', async () => {
    fault = () => full;
    append('a');
    await until(() => !group.writable);
    fault = undefined;
    await until(() => syncs.length === 1);
    syncs.shift()?.end();
    await until(() => told.length === 1);
    expect(told).toEqual(['a']);
  });

  it('refuses an entry that no waiting helps and goes on with the others', async () => {
    fault = (names) => (names.includes('bad') ? new Error('no text') : undefined);
    for (const name of ['a', 'bad', 'c']) append(name);
    for (let turns = 0; turns < 50 && told.length < 3; turns++) {
      for (const { end } of syncs.splice(0)) end();
      await sleep(5);
    }
    expect(told).toEqual(['a', 'bad: no text', 'c']);
  });

  it('writes what waits when it is closed, and takes nothing more', async () => {
    append('a');
    await until(() => syncs.length === 1);
    append('b');
    const closed = group.close();
    append('c');
    for (let turns = 0; turns < 50 && told.length < 3; turns++) {
      for (const { end } of syncs.splice(0)) end();
      await sleep(5);
    }
    await closed;
    expect(told.sort()).toEqual(['a', 'b', 'c: the outbox is closed']);
    expect(committed).toEqual([['a'], ['b']]);
  });
});
