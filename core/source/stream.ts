import { statSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';

import type { Entity } from '../entity/entity.ts';
import { momentOf } from '../outbox/watermarks.ts';
import type { Passage } from '../pipeline.ts';
import type { Adapter } from '../plugin.ts';
import { reject, type Rejection, type RejectionCode } from '../rejection.ts';
import type { Result } from '../result.ts';
import type { AdapterRun } from './dataset.ts';
import { markedEncoding } from './formats/csv-blocks.ts';
import { refusal } from './formats/parsed.ts';
import { Repeats } from './repeats.ts';
import type { RunReport } from './report.ts';
import { eachRow, WrittenPublication } from './stream-rows.ts';

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
  const plugin = `adapters/${adapter.name}`;
  const tenant = run.knowledge.tenants?.get(plugin);
  const toTenant = tenant === undefined ? {} : { tenant };
  let appended: Promise<void>[] = [];
  const hand = (consignment: Passage): void => {
    counts.entities += consignment.publications.length;
    counts.rejections += consignment.deadLetters.length;
    for (const { rejection } of consignment.deadLetters) codes[rejection.code] = (codes[rejection.code] ?? 0) + 1;
    appended.push(sink.append(consignment));
  };
  const published = await eachRow(run, path, name, encoding, fetchedAt, {
    isPublishing: true,
    unwanted: () => undefined,
    sure(state, row) {
      const publication = new WrittenPublication(state, { plugin, from: name, row, receivedAt: fetchedAt, ...toTenant });
      const passage = { publications: [publication], deadLetters: [], readings: [], devices: [] };
      if (tally.repeats.isContradicted(`${state.id} ${state.moment}`)) {
        hand(withoutContradicted(passage, tally.repeats));
        return;
      }
      if (state.moment > counts.newest) counts.newest = state.moment;
      hand(passage);
    },
    passed(passage) {
      const consignment = withoutContradicted(passage, tally.repeats);
      for (const { entity } of consignment.publications) counts.newest = later(counts.newest, momentOf(entity));
      hand(consignment);
    },
    // All of a block are handed over before the first is awaited: the outbox commits many with one write.
    async pause() {
      await Promise.all(appended);
      appended = [];
      await setImmediate();
    },
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
  return eachRow(run, path, name, encoding, fetchedAt, {
    isPublishing: false,
    unwanted: () => void (tally.filtered += 1),
    sure({ id, moment, said }) {
      tally.wanted += 1;
      tally.repeats.note(`${id} ${moment}`, said);
    },
    passed({ publications, deadLetters }, said) {
      tally.wanted += 1;
      if (publications.length === 0) {
        tally.lost += 1;
        tally.firstLost ??= deadLetters[0]?.rejection;
      }
      for (const { entity } of publications) tally.repeats.note(subjectOf(entity), said(entity));
    },
    // Messages of sensors are waiting for their acknowledgement meanwhile.
    pause: async () => void (await setImmediate()),
  });
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
