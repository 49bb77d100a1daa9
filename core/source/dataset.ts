import { setImmediate } from 'node:timers/promises';

import { attributesOf } from '../entity/entity.ts';
import type { Consignment, StateStore } from '../outbox/outbox.ts';
import { version } from '../paths.ts';
import { shown } from '../service/hidden.ts';
import { passRow, type Knowledge, type Passage } from '../pipeline.ts';
import type { Adapter, Instant } from '../plugin.ts';
import { reject, type Rejection, type RejectionCode } from '../rejection.ts';
import { ok } from '../result.ts';
import { addressesOf, asksWith, type Address } from './addresses.ts';
import { missingCredentials, type Credentials } from './authorize.ts';
import { withoutContradictions, type PassedRow } from './duplicates.ts';
import { readDataset } from './formats/read.ts';
import type { Dataset } from './formats/parsed.ts';
import { driftOf, goneFrom, newestOf, unknownAddress, type RunMemory } from './memory.ts';
import { fetchPages } from './pages.ts';
import { rejectedRows, writeRejects } from './rejects.ts';
import { nothing, summary, type RunReport } from './report.ts';
import { streamDataset } from './stream.ts';

export type { RunReport } from './report.ts';

/** Where consignments go: the outbox, or a list in a dry run. */
export interface Sink {
  append(consignment: Consignment): Promise<void>;
}

/** Keys of the source that are wanted. */
export type Stations = 'all' | readonly string[];

/** A file as it was read, with what was asked of it: enough to read it once more. */
export interface KeptFile extends Pick<AdapterRun, 'stations' | 'period'> {
  readonly adapter: string;
  readonly from: string;
  readonly receivedAt: Instant;
  /** Left out: too large to be kept. */
  readonly bytes?: Uint8Array;
}

export interface AdapterRun {
  readonly adapter: Adapter;
  readonly knowledge: Knowledge;
  /** `name` of a file stands in messages and dead letters; `url` replaces the adapter's own. */
  readonly input:
    | { readonly kind: 'file'; readonly bytes: Uint8Array; readonly name: string }
    /** A large file that is read piece by piece, see `stream.ts`. */
    | { readonly kind: 'path'; readonly path: string; readonly name: string }
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
  /** What earlier runs left to compare with; without it nothing is remembered. */
  readonly memory?: RunMemory;
  /** Asked instead of the dataset's own. */
  readonly addresses?: readonly Address[];
  /** Only measurements of this time are published, both ends with it. */
  readonly period?: { readonly from: Instant; readonly to: Instant };
  /** Told of each file that is taken, before it is; not of those of personal data. */
  readonly keep?: ((file: KeptFile) => void) | undefined;
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
  if (input.kind === 'path') {
    keep(run, { adapter: adapter.name, from: input.name, stations, receivedAt: clock() });
    return streamDataset(run, input.path, input.name, (fault) => refuse(run, fault, input.name, new Uint8Array()));
  }
  if (input.kind === 'file') return take(run, input.bytes, input.name, addressOfFile(adapter));
  const url = input.url ?? adapter.dataset.url;
  const missing = missingCredentials(adapter, input.credentials);
  if (missing.length > 0) {
    const keys = missing.map((key) => `adapters.${adapter.name}.${key}`);
    return nothing(adapter, url, 'unavailable', `the publisher asks for ${keys.join(' and ')}, which the configuration does not give`);
  }
  const addresses = run.addresses === undefined ? addressesOf(url, stations, adapter, clock()) : ok(run.addresses);
  if (!addresses.ok) return nothing(adapter, url, 'unavailable', addresses.error);
  const reports: RunReport[] = [];
  // One after the other: publishers limit how many may be asked at once.
  for (const address of addresses.value) {
    const report = await fetchAndTake(run, input, address);
    reports.push(report);
    // A publisher that asks for patience is not asked for the next file.
    if (report.retryAfterMs !== undefined) break;
  }
  return summary(reports);
}

/** A file by hand stands for the dataset; of one that has several files nobody knows which of them it is. */
function addressOfFile(adapter: Adapter): string {
  return (['{part}', '{station}'] as const).some((place) => asksWith(place, adapter.dataset.url, adapter)) ? unknownAddress : '';
}

async function fetchAndTake(
  run: AdapterRun,
  input: AdapterRun['input'] & { kind: 'fetch' },
  { url, key, body }: Address,
): Promise<RunReport> {
  const { adapter, stations, clock, maxBytes } = run;
  const request = {
    url,
    state: input.state,
    key,
    // A newer version, or a changed mapping, may read more out of the same file.
    purpose: `${version}${adapter.revision ?? ''} ${stations === 'all' ? stations : [...stations].sort().join(' ')}`,
    now: clock(),
    body,
    authorization: adapter.authorization,
    credentials: input.credentials,
    timeoutMs: input.timeoutMs,
    maxBytes: maxBytes ?? adapter.maxBytes,
  };
  const fetched = await fetchPages(request, adapter.pages);
  if (fetched.kind === 'unchanged') return nothing(adapter, url, 'unchanged');
  if (fetched.kind === 'unavailable') {
    const { reason, retryAfterMs } = fetched;
    return { ...nothing(adapter, url, 'unavailable', reason), ...(retryAfterMs !== undefined && { retryAfterMs }) };
  }
  if (fetched.kind === 'refused') return refuse(run, fetched.rejection, url, new Uint8Array());
  const report = await take(run, fetched.bytes, shown(url), key.slice(`adapters/${adapter.name}/`.length));
  fetched.remember();
  return report;
}

async function take(run: AdapterRun, bytes: Uint8Array, from: string, address: string): Promise<RunReport> {
  const { adapter, sink, maxBytes, memory, stations, clock } = run;
  const fetchedAt = clock();
  keep(run, { adapter: adapter.name, from, stations, receivedAt: fetchedAt, ...(run.period && { period: run.period }), bytes });
  const parsed = await readDataset(bytes, adapter.format, from, maxBytes ?? adapter.maxBytes);
  if (!parsed.ok) return refuse(run, parsed.error, from, bytes);
  const { rows, header } = parsed.value;
  const passed = inPeriod(withoutContradictions(await passRows(run, parsed.value, from, fetchedAt)), run.period);
  const fault = unexpected(adapter, parsed.value, passed, from);
  if (fault !== undefined) return refuse(run, fault, from, bytes);
  const plugin = `adapters/${adapter.name}`;
  const tenant = run.knowledge.tenants?.get(plugin);
  const origin = { plugin, from, receivedAt: clock(), ...(tenant !== undefined && { tenant }) };
  const wanted = stations === 'all' ? undefined : new Set(stations);
  const gone = memory === undefined ? ok(undefined) : goneFrom(memory, adapter, address, rows, passed, wanted, origin);
  if (!gone.ok) return refuse(run, gone.error, from, bytes);

  const passages = passed.map(({ passage }) => passage);
  // All are handed over before the first is awaited: the outbox commits many with one write.
  await Promise.all(oldestFirst(passages).map((passage) => sink.append(passage)));
  const { publications = [], counts, changes } = gone.value ?? {};
  if (publications.length > 0) await sink.append({ publications, deadLetters: [] });

  const newest = newestOf(passed);
  const codes = codesOf(passages);
  const learnt = memory === undefined ? undefined : driftOf(memory, adapter, address, rows, clock());
  const rejects =
    memory?.rejects === undefined
      ? undefined
      : writeRejects(memory.rejects, rejectedRows(passed, header, adapter.personal !== true), origin.receivedAt);
  learnt?.remember();
  if (changes !== undefined) memory?.ledger.changeRows(adapter.name, address, changes);
  return {
    adapter: adapter.name,
    from,
    outcome: 'published',
    received: passages.length,
    filtered: rows.length - passages.length,
    entities: count(passages, 'publications'),
    rejections: count(passages, 'deadLetters'),
    ...(Object.keys(codes).length > 0 && { codes }),
    ...(newest !== undefined && { newest }),
    ...(learnt?.drift !== undefined && { drift: learnt.drift }),
    ...(counts !== undefined && counts.rows + counts.returned > 0 && { vanished: counts }),
    ...(rejects !== undefined && { rejects }),
  };
}

function keep({ adapter, keep }: AdapterRun, file: KeptFile): void {
  if (adapter.personal !== true) keep?.(file);
}

async function passRows(run: AdapterRun, { header, rows }: Dataset, from: string, fetchedAt: Instant): Promise<PassedRow[]> {
  const { adapter, knowledge, stations } = run;
  const file = { header, rows, fetchedAt, from };
  const wanted = stations === 'all' ? undefined : new Set(stations);
  const passed: PassedRow[] = [];
  for (const [index, row] of rows.entries()) {
    if (adapter.isWanted?.(row) === false) continue;
    const key = adapter.key(row);
    // A row without key belongs to nobody: it goes on and is refused with a reason.
    if (wanted !== undefined && key !== undefined && !wanted.has(key)) continue;
    passed.push({ row, key, passage: passRow(row, index + 1, file, from, adapter, knowledge) });
    // Messages of sensors are waiting for their acknowledgement meanwhile.
    if (passed.length % rowsAtATime === 0) await setImmediate();
  }
  return passed;
}

/** Rows of other days are left out, as those of other stations are; a row without a moment stays. */
function inPeriod(passed: PassedRow[], period: AdapterRun['period']): PassedRow[] {
  if (period === undefined) return passed;
  return passed.filter(({ passage }) => {
    const moment = firstMoment(passage);
    return moment === undefined || (moment >= period.from && moment <= period.to);
  });
}

/** A snapshot outside the bounds of `adapter.expect`: rather nothing than half of something that changed its form. */
function unexpected(adapter: Adapter, { rows }: Dataset, passed: readonly PassedRow[], from: string): Rejection | undefined {
  const { minRows, maxRejectedPct } = adapter.expect;
  if (rows.length < minRows) {
    return reject('source', 'unexpected_content', `${from} has ${rows.length} rows; ${adapter.name} expects at least ${minRows}`);
  }
  const passages = passed.map(({ passage }) => passage);
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
  const origin = { plugin: `adapters/${adapter.name}`, from: shown(from), receivedAt: clock() };
  const raw = adapter.personal === true ? new Uint8Array() : bytes.subarray(0, keptBytes);
  await sink.append({ publications: [], deadLetters: [{ origin, rejection: { ...rejection, message: shown(rejection.message) }, raw }] });
  const counts = { received: 1, filtered: 0, entities: 0, rejections: 1, codes: { [rejection.code]: 1 } };
  return { ...nothing(adapter, from, 'refused', rejection.message), ...counts };
}

/** Files that run newest first are turned, so that history is written in order; rows without measurement come first. */
function oldestFirst(passages: readonly Passage[]): Passage[] {
  const moments = new Map(passages.map((passage) => [passage, firstMoment(passage)]));
  return [...passages].sort((a, b) => (moments.get(a) ?? '').localeCompare(moments.get(b) ?? ''));
}

function firstMoment(passage: Passage): Instant | undefined {
  const attributes = passage.publications.flatMap(({ entity }) => attributesOf(entity));
  return attributes.find(([, attribute]) => attribute.observedAt !== undefined)?.[1].observedAt;
}

function count(passages: readonly Passage[], what: 'publications' | 'deadLetters'): number {
  return passages.reduce((sum, passage) => sum + passage[what].length, 0);
}

function codesOf(passages: readonly Passage[]): Partial<Record<RejectionCode, number>> {
  const codes: Partial<Record<RejectionCode, number>> = {};
  for (const { rejection } of passages.flatMap(({ deadLetters }) => deadLetters)) codes[rejection.code] = (codes[rejection.code] ?? 0) + 1;
  return codes;
}
