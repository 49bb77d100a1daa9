import { statSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';

import type { Entity } from '../entity/entity.ts';
import { momentOf } from '../outbox/watermarks.ts';
import { passRow, type Passage } from '../pipeline.ts';
import type { Adapter, DatasetFile, Row } from '../plugin.ts';
import { reject, type Rejection, type RejectionCode } from '../rejection.ts';
import { err, ok, type Result } from '../result.ts';
import type { AdapterRun } from './dataset.ts';
import { markedEncoding, textBlocks } from './formats/csv-blocks.ts';
import { CsvTable } from './formats/csv-table.ts';
import { ndjsonRows } from './formats/ndjson.ts';
import { refusal } from './formats/parsed.ts';
import { Repeats } from './repeats.ts';
import type { RunReport } from './report.ts';

/** Files from this size on are streamed where their format allows it. */
export const streamedFrom = 8 * 1024 * 1024;

/** Whether a file of this format can be read piece by piece: a line is a row. */
export function isStreamable({ format }: Pick<Adapter, 'format'>): boolean {
  return format.kind === 'ndjson' || (format.kind === 'csv' && format.faultyLines === 'row');
}

/** What is known of a file after its first pass. */
interface Tally {
  wanted: number;
  filtered: number;
  lost: number;
  firstLost: Rejection | undefined;
  readonly repeats: Repeats;
}

/**
 * A large file in bounded memory, of which nothing is half published: it is passed twice. The first pass counts and sees whether all of it
 * can be read, whether it keeps to `expect`, and which rows contradict each other; nothing leaves it. The second, which is the same because
 * the stages are pure, hands over block by block and waits for the outbox in between. Rows keep the order of the file.
 */
export async function streamDataset(
  run: AdapterRun,
  path: string,
  name: string,
  refuse: (rejection: Rejection) => Promise<RunReport>,
): Promise<RunReport> {
  const { adapter, sink, clock } = run;
  const before = statSync(path);
  const fetchedAt = clock();
  const tally: Tally = { wanted: 0, filtered: 0, lost: 0, firstLost: undefined, repeats: new Repeats() };
  const marked = encodingOf(adapter) ?? markedEncoding(path);
  let encoding = marked ?? 'utf-8';
  let read = await firstPass(run, path, name, encoding, fetchedAt, tally);
  if (!read.ok && read.error.code === 'wrong_encoding' && marked === undefined) {
    encoding = 'windows-1250';
    Object.assign(tally, { wanted: 0, filtered: 0, lost: 0, firstLost: undefined, repeats: new Repeats() });
    read = await firstPass(run, path, name, encoding, fetchedAt, tally);
  }
  if (!read.ok) return refuse(read.error);
  const fault = unexpected(adapter, tally, name);
  if (fault !== undefined) return refuse(fault);
  const now = statSync(path);
  if (now.size !== before.size || now.mtimeMs !== before.mtimeMs) {
    return refuse(reject('source', 'unreadable_file', `${name} was changed while it was read; give it again when it is whole`));
  }

  const counts = { entities: 0, rejections: 0, newest: '' };
  const codes: Partial<Record<RejectionCode, number>> = {};
  const pass = passOf(run, name, fetchedAt);
  const published = await eachBlock(adapter, path, name, encoding, async (rows) => {
    const appended: Promise<void>[] = [];
    for (const row of rows) {
      const passage = pass(row);
      if (passage === undefined) continue;
      const consignment = withoutContradicted(passage, tally.repeats);
      counts.entities += consignment.publications.length;
      counts.rejections += consignment.deadLetters.length;
      for (const { entity } of consignment.publications) counts.newest = later(counts.newest, momentOf(entity));
      for (const { rejection } of consignment.deadLetters) codes[rejection.code] = (codes[rejection.code] ?? 0) + 1;
      appended.push(sink.append(consignment));
    }
    // All of a block are handed over before the first is awaited: the outbox commits many with one write.
    await Promise.all(appended);
    await setImmediate();
  });
  if (!published.ok) throw new Error(`${name} could be read once and not again: ${published.error.message}`);
  const { entities, rejections, newest } = counts;
  return {
    adapter: adapter.name,
    from: name,
    outcome: 'published',
    received: tally.wanted,
    filtered: tally.filtered,
    entities,
    rejections,
    ...(Object.keys(codes).length > 0 && { codes }),
    ...(newest !== '' && { newest }),
  };
}

function encodingOf({ format }: Adapter): string | undefined {
  return format.kind === 'csv' ? format.encoding : undefined;
}

async function firstPass(
  run: AdapterRun,
  path: string,
  name: string,
  encoding: string,
  fetchedAt: string,
  tally: Tally,
): Promise<Result<true>> {
  const pass = passOf(run, name, fetchedAt);
  return eachBlock(run.adapter, path, name, encoding, async (rows) => {
    for (const row of rows) {
      const passage = pass(row);
      if (passage === undefined) {
        tally.filtered += 1;
        continue;
      }
      tally.wanted += 1;
      if (passage.publications.length === 0) {
        tally.lost += 1;
        tally.firstLost ??= passage.deadLetters[0]?.rejection;
      }
      for (const { entity } of passage.publications) tally.repeats.note(subjectOf(entity), contentOf(entity));
    }
    // Messages of sensors are waiting for their acknowledgement meanwhile.
    await setImmediate();
  });
}

/** Passes one row after the other; undefined for one that is not wanted. */
function passOf({ adapter, knowledge, stations }: AdapterRun, name: string, fetchedAt: string): (row: Row) => Passage | undefined {
  const file: DatasetFile = { header: {}, rows: [], fetchedAt, from: name };
  const wanted = stations === 'all' ? undefined : new Set(stations);
  let number = 0;
  return (row) => {
    number += 1;
    const key = wanted === undefined ? undefined : adapter.key(row);
    if (adapter.isWanted?.(row) === false || (key !== undefined && wanted?.has(key) === false)) return undefined;
    return passRow(row, number, file, name, adapter, knowledge);
  };
}

async function eachBlock(
  adapter: Adapter,
  path: string,
  name: string,
  encoding: string,
  take: (rows: readonly Row[]) => Promise<void>,
): Promise<Result<true>> {
  const { format } = adapter;
  const table = format.kind === 'csv' ? new CsvTable(format, name) : undefined;
  let isFirst = true;
  let lines = 0;
  try {
    for (const { text, isLast } of textBlocks(path, encoding)) {
      if (isBinary(text, encoding))
        return err(refusal('wrong_encoding', `${name} holds bytes that are no text; expected UTF-8 or windows-1250`));
      if (isFirst && table !== undefined) {
        const begun = table.begin(text);
        if (!begun.ok) return begun;
      }
      isFirst = false;
      const rows = table === undefined ? ndjsonRows(text, name, lines) : table.rows(text);
      if (!rows.ok) return rows;
      if (table === undefined) lines += text.split('\n').length - 1;
      await take(rows.value);
      const ended = isLast ? table?.end(text !== '' && !/[\r\n]$/.test(text)) : undefined;
      if (ended?.ok === false) return ended;
    }
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_ENCODING_INVALID_ENCODED_DATA')
      return err(refusal('wrong_encoding', `${name} is read as ${encoding} but holds bytes that are not`));
    if (error instanceof RangeError) return err(refusal('not_the_expected_format', `${name}: ${error.message}`));
    throw error;
  }
  return ok(true);
}

/** windows-1250 has no byte that cannot be read; those without a letter become control characters. */
function isBinary(text: string, encoding: string): boolean {
  return text.includes('\0') || (encoding === 'windows-1250' && /[\u0080-\u009f]/.test(text));
}

function unexpected({ name, expect }: Adapter, tally: Tally, from: string): Rejection | undefined {
  const { wanted, filtered, repeats } = tally;
  const lost = tally.lost + repeats.contradicted;
  const first = tally.firstLost === undefined ? 'contradiction' : `${tally.firstLost.code}: ${tally.firstLost.message}`;
  const rows = wanted + filtered;
  if (rows < expect.minRows) return refusal('unexpected_content', `${from} has ${rows} rows; ${name} expects at least ${expect.minRows}`);
  if (wanted === 0 || (100 * lost) / wanted <= expect.maxRejectedPct) return undefined;
  const share = `${lost} of ${wanted} rows of ${from} are refused, more than the ${expect.maxRejectedPct} % that ${name} expects`;
  return refusal('unexpected_content', `${share}; the first as ${first}`);
}

function withoutContradicted(passage: Passage, repeats: Repeats): Passage {
  const isFine = ({ entity }: Passage['publications'][number]): boolean => !repeats.isContradicted(subjectOf(entity));
  if (passage.publications.every(isFine)) return passage;
  const letters = passage.publications
    .filter((one) => !isFine(one))
    .map(({ entity, origin }) => ({
      origin,
      rejection: reject(
        'map',
        'contradiction',
        `another row of ${origin.from} says something else of ${entity.id} at ${momentOf(entity) ?? 'the same time'}; neither is published`,
      ),
      raw: Buffer.from(JSON.stringify(entity)),
    }));
  return { ...passage, publications: passage.publications.filter(isFine), deadLetters: [...passage.deadLetters, ...letters] };
}

function later(one: string, other: string | undefined): string {
  return other !== undefined && other > one ? other : one;
}

function subjectOf(entity: Entity): string {
  return `${entity.id} ${momentOf(entity) ?? ''}`;
}

/** What an entity says, shorter than as JSON. */
function contentOf(entity: Entity): string {
  let content = '';
  for (const name in entity) {
    const attribute = entity[name];
    if (typeof attribute !== 'object') continue;
    const said = attribute.type === 'Relationship' ? attribute.object : attribute.value;
    content += `${name}\u0001${typeof said === 'object' ? JSON.stringify(said) : said}\u0001`;
  }
  return content;
}
