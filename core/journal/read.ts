import type { Instant } from '../plugin.ts';
import { chunksOf, journalFiles } from './files.ts';
import { recordsOf, type RawRecord } from './records.ts';

/** Clocks of a file system and of a process may differ by so much. */
const slackMs = 60_000;

export interface ReadOptions {
  readonly folder: string;
  /** Both ends with it. */
  readonly from: Instant;
  readonly to: Instant;
  onDamage(file: string, what: string): void;
  /** How much of the journal's bytes was passed over so far, of how many. */
  onProgress?(done: number, all: number): void;
}

/** What was received in a time, in the order in which it came. */
export async function* readJournal({ folder, from, to, onDamage, onProgress }: ReadOptions): AsyncGenerator<RawRecord> {
  const isTouched = (file: { readonly from: number; readonly to: number }): boolean =>
    file.to >= Date.parse(from) - slackMs && file.from <= Date.parse(to) + slackMs;
  const files = journalFiles(folder).filter(isTouched);
  const all = files.reduce((sum, { bytes }) => sum + bytes, 0);
  let done = 0;
  for (const { path, bytes } of files) {
    for await (const chunk of chunksOf(path, (what) => onDamage(path, what))) {
      for (const record of recordsOf(chunk)) if (record.receivedAt >= from && record.receivedAt <= to) yield record;
      onProgress?.(done, all);
    }
    done += bytes;
    onProgress?.(done, all);
  }
}
