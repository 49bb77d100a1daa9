import { mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { KV } from '@nats-io/kv';
import type { JetStreamManager } from '@nats-io/jetstream';

import type { Instant } from '../../plugin.ts';
import { openFile } from '../sqlite-file.ts';
import { decodeLetters, unpack, type KeptLetter } from './body.ts';
import type { Names } from './cluster.ts';

/** What NATS keeps of a shard besides the publications that wait. */
export interface Remembered {
  readonly letters: readonly KeptLetter[];
  /** Moments of replay by the number of the letter. */
  readonly replayed: ReadonlyMap<number, Instant>;
  readonly state: ReadonlyMap<string, string>;
  readonly marks: ReadonlyMap<string, string>;
}

export const stateKey = (shard: string, key: string): string => `state.${shard}.${Buffer.from(key).toString('base64url')}`;
export const replayedKey = (shard: string, id: number): string => `replayed.${shard}.${id}`;

/** The state and the marks of replay of a shard. */
export async function readState(bucket: KV, shard: string): Promise<Pick<Remembered, 'replayed' | 'state'>> {
  const replayed = new Map<number, Instant>();
  const state = new Map<string, string>();
  for await (const [key, text] of readKeys(bucket, `state.${shard}.>`)) state.set(Buffer.from(key, 'base64url').toString(), text);
  for await (const [key, text] of readKeys(bucket, `replayed.${shard}.>`)) replayed.set(Number(key), text);
  return { replayed, state };
}

/** Values by the last part of their keys. Servers before 2.10 take one filter at a time. */
async function* readKeys(bucket: KV, filter: string): AsyncIterable<readonly [key: string, text: string]> {
  for await (const key of await bucket.keys(filter)) {
    const entry = await bucket.get(key);
    if (entry?.operation === 'PUT') yield [key.slice(key.lastIndexOf('.') + 1), unpack(entry.value)];
  }
}

/** All dead letters of the shard, oldest first; one that was written twice counts once. */
export async function readLetters(jsm: JetStreamManager, { lettersStream }: Names): Promise<KeptLetter[]> {
  const { state } = await jsm.streams.info(lettersStream);
  const letters = new Map<number, KeptLetter>();
  if (state.messages === 0) return [];
  const consumer = await jsm.jetstream().consumers.get(lettersStream);
  const messages = await consumer.consume();
  for await (const message of messages) {
    for (const letter of decodeLetters(message.data)) letters.set(letter.id, letter);
    if (message.seq >= state.last_seq || message.info.pending === 0) break;
  }
  await messages.close();
  return [...letters.values()].sort((one, other) => one.id - other.id);
}

/** A fresh file that holds what is remembered, in the place of whatever copy was there. */
export function makeCopy(file: string, { letters, replayed, state, marks }: Remembered, now: Instant): void {
  mkdirSync(dirname(file), { recursive: true });
  removeCopy(file);
  const copy = openFile(file, now);
  try {
    copy.db.pragma('synchronous = OFF');
    const letter = copy.db.prepare('INSERT INTO dead_letters VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
    copy.begin.run();
    for (const { id, at, origin, rejection, raw } of letters) {
      const replayedAt = replayed.get(id) ?? null;
      letter.run(id, at, origin.plugin, JSON.stringify(origin), rejection.code, JSON.stringify(rejection), raw, replayedAt);
    }
    for (const [key, value] of state) copy.setState.run(key, value);
    for (const [id, text] of marks) copy.setMarks.run(id, text);
    copy.commit.run();
  } finally {
    copy.db.close();
  }
}

export function removeCopy(file: string): void {
  for (const end of ['', '-wal', '-shm']) rmSync(file + end, { force: true });
}
