import { setImmediate } from 'node:timers/promises';

import { attributesOf } from '../entity/entity.ts';
import type { Consignment, StateStore } from '../outbox/outbox.ts';
import { version } from '../paths.ts';
import { passRow, type Knowledge, type Passage } from '../pipeline.ts';
import type { Adapter, Instant } from '../plugin.ts';
import { reject, type Rejection } from '../rejection.ts';
import { addressesOf, type Address } from './addresses.ts';
import { missingCredentials, type Credentials } from './authorize.ts';
import { fetchDataset } from './fetch.ts';
import { parseDataset } from './formats/parse.ts';
import type { Dataset } from './formats/parsed.ts';

/** Where consignments go: the outbox, or a list in a dry run. */
export interface Sink {
  append(consignment: Consignment): Promise<void>;
}

/** Keys of the source that are wanted. */
export type Stations = 'all' | readonly string[];

export interface AdapterRun {
  readonly adapter: Adapter;
  readonly knowledge: Knowledge;
  /** `name` of a file stands in messages and dead letters; `url` replaces the adapter's own. */
  readonly input:
    | { readonly kind: 'file'; readonly bytes: Uint8Array; readonly name: string }
    | {
        readonly kind: 'fetch';
        readonly state: StateStore;
        readonly url?: string;
        readonly credentials?: Credentials;
        readonly timeoutMs?: number;
      };
  readonly stations: Stations;
  readonly sink: Sink;
  readonly clock: () => Instant;
  /** A larger file is refused unread. */
  readonly maxBytes?: number;
}

/** What one run came to. `received × fan-out = entities + rejections`, and `received + filtered` rows stood in the file. */
export interface RunReport {
  readonly adapter: string;
  /** File name or URL. */
  readonly from: string;
  readonly outcome: 'published' | 'unchanged' | 'unavailable' | 'refused';
  /** Rows of the wanted stations; 1 when the dataset was refused as a whole. */
  readonly received: number;
  /** Rows of other stations, left out. */
  readonly filtered: number;
  readonly entities: number;
  readonly rejections: number;
  /** Why the dataset was unavailable or refused as a whole. */
  readonly reason?: string;
  readonly retryAfterMs?: number;
}

/** In smaller files a single row would already be more than any share. */
const fewestRowsForShare = 20;
const rowsAtATime = 50;
/** A refused file is kept for replay up to this size. */
const keptBytes = 1024 * 1024;

/**
 * One run of an adapter: the dataset becomes consignments in the sink, oldest measurement first. A dataset that is refused as a whole
 * gives one dead letter and publishes nothing. Rejects only when the sink does; nothing is remembered as seen then.
 */
export async function runAdapter(run: AdapterRun): Promise<RunReport> {
  const { adapter, input, stations, clock } = run;
  if (input.kind === 'file') return take(run, input.bytes, input.name);
  const url = input.url ?? adapter.dataset.url;
  const missing = missingCredentials(adapter, input.credentials);
  if (missing.length > 0) {
    const keys = missing.map((key) => `adapters.${adapter.name}.${key}`);
    return nothing(adapter, url, 'unavailable', `the publisher asks for ${keys.join(' and ')}, which the configuration does not give`);
  }
  const addresses = addressesOf(url, stations, adapter, clock());
  if (!addresses.ok) return nothing(adapter, url, 'unavailable', addresses.error);
  const reports: RunReport[] = [];
  // One after the other: publishers limit how many may be asked at once.
  for (const address of addresses.value) reports.push(await fetchAndTake(run, input, address));
  return summary(reports);
}

async function fetchAndTake(
  run: AdapterRun,
  input: AdapterRun['input'] & { kind: 'fetch' },
  { url, key, body }: Address,
): Promise<RunReport> {
  const { adapter, stations, clock, maxBytes } = run;
  const fetched = await fetchDataset({
    url,
    state: input.state,
    key,
    // A newer version may read more out of the same file.
    purpose: `${version} ${stations === 'all' ? stations : [...stations].sort().join(' ')}`,
    now: clock(),
    body,
    authorization: adapter.authorization,
    credentials: input.credentials,
    timeoutMs: input.timeoutMs,
    maxBytes,
  });
  if (fetched.kind === 'unchanged') return nothing(adapter, url, 'unchanged');
  if (fetched.kind === 'unavailable') {
    return { ...nothing(adapter, url, 'unavailable', fetched.reason), retryAfterMs: fetched.retryAfterMs };
  }
  if (fetched.kind === 'refused') return refuse(run, fetched.rejection, url, new Uint8Array());
  const report = await take(run, fetched.bytes, url);
  fetched.remember();
  return report;
}

function nothing({ name }: Adapter, from: string, outcome: RunReport['outcome'], reason?: string): RunReport {
  return { adapter: name, from, outcome, received: 0, filtered: 0, entities: 0, rejections: 0, ...(reason !== undefined && { reason }) };
}

/** Several addresses as one report: what was published counts more than what was not to be had, and a reason is kept in any case. */
function summary(reports: readonly RunReport[]): RunReport {
  const [first, ...others] = reports;
  const order: readonly RunReport['outcome'][] = ['published', 'refused', 'unavailable', 'unchanged'];
  return others.reduce((sum: RunReport, report) => {
    const [one, other] = order.indexOf(sum.outcome) <= order.indexOf(report.outcome) ? [sum, report] : [report, sum];
    const reason = one.reason ?? other.reason;
    return {
      ...one,
      received: sum.received + report.received,
      filtered: sum.filtered + report.filtered,
      entities: sum.entities + report.entities,
      rejections: sum.rejections + report.rejections,
      ...(reason !== undefined && { reason }),
    };
  }, first as RunReport);
}

async function take(run: AdapterRun, bytes: Uint8Array, from: string): Promise<RunReport> {
  const { adapter, sink, maxBytes } = run;
  const parsed = parseDataset(bytes, adapter.format, from, maxBytes);
  if (!parsed.ok) return refuse(run, parsed.error, from, bytes);
  const passages = await passRows(run, parsed.value, from);
  const fault = unexpected(adapter, parsed.value, passages, from);
  if (fault !== undefined) return refuse(run, fault, from, bytes);
  // All are handed over before the first is awaited: the outbox commits many with one write.
  await Promise.all(oldestFirst(passages).map((passage) => sink.append(passage)));
  return {
    adapter: adapter.name,
    from,
    outcome: 'published',
    received: passages.length,
    filtered: parsed.value.rows.length - passages.length,
    entities: count(passages, 'publications'),
    rejections: count(passages, 'deadLetters'),
  };
}

async function passRows(run: AdapterRun, { header, rows }: Dataset, from: string): Promise<Passage[]> {
  const { adapter, knowledge, stations, clock } = run;
  const file = { header, rows, fetchedAt: clock() };
  const wanted = stations === 'all' ? undefined : new Set(stations);
  const passages: Passage[] = [];
  for (const [index, row] of rows.entries()) {
    const key = adapter.key(row);
    // A row without key belongs to nobody: it goes on and is refused with a reason.
    if (wanted !== undefined && key !== undefined && !wanted.has(key)) continue;
    passages.push(passRow(row, index + 1, file, from, adapter, knowledge));
    // Messages of sensors are waiting for their acknowledgement meanwhile.
    if (passages.length % rowsAtATime === 0) await setImmediate();
  }
  return passages;
}

/** A snapshot outside the bounds of `adapter.expect`: rather nothing than half of something that changed its form. */
function unexpected(adapter: Adapter, { rows }: Dataset, passages: readonly Passage[], from: string): Rejection | undefined {
  const { minRows, maxRejectedPct } = adapter.expect;
  if (rows.length < minRows) {
    return reject('source', 'unexpected_content', `${from} has ${rows.length} rows; ${adapter.name} expects at least ${minRows}`);
  }
  const lost = passages.filter((passage) => passage.publications.length === 0);
  const pct = (100 * lost.length) / passages.length;
  if (passages.length < fewestRowsForShare || pct <= maxRejectedPct) return undefined;
  const first = lost[0]?.deadLetters[0]?.rejection;
  return reject(
    'source',
    'unexpected_content',
    `${lost.length} of ${passages.length} rows of ${from} are refused, more than the ${maxRejectedPct} % that ${adapter.name} expects; ` +
      `the first as ${first?.code}: ${first?.message}`,
  );
}

async function refuse(run: AdapterRun, rejection: Rejection, from: string, bytes: Uint8Array): Promise<RunReport> {
  const { adapter, sink, clock } = run;
  const origin = { plugin: `adapters/${adapter.name}`, from, receivedAt: clock() };
  const raw = adapter.personal === true ? new Uint8Array() : bytes.subarray(0, keptBytes);
  await sink.append({ publications: [], deadLetters: [{ origin, rejection, raw }] });
  const counts = { received: 1, filtered: 0, entities: 0, rejections: 1 };
  return { adapter: adapter.name, from, outcome: 'refused', ...counts, reason: rejection.message };
}

/** Files that run newest first are turned, so that history is written in order; rows without measurement come first. */
function oldestFirst(passages: readonly Passage[]): Passage[] {
  const moments = new Map(passages.map((passage) => [passage, momentOf(passage)]));
  return [...passages].sort((a, b) => (moments.get(a) ?? '').localeCompare(moments.get(b) ?? ''));
}

function momentOf(passage: Passage): Instant | undefined {
  const attributes = passage.publications.flatMap(({ entity }) => attributesOf(entity));
  return attributes.find(([, attribute]) => attribute.observedAt !== undefined)?.[1].observedAt;
}

function count(passages: readonly Passage[], what: 'publications' | 'deadLetters'): number {
  return passages.reduce((sum, passage) => sum + passage[what].length, 0);
}
