import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import type { Logger } from 'pino';

import type { Consignment, DeadLetter } from '../outbox/outbox.ts';
import { version } from '../paths.ts';
import type { Knowledge } from '../pipeline.ts';
import type { Adapter, Instant } from '../plugin.ts';
import { reject } from '../rejection.ts';
import { lockDataDir } from '../service/lock.ts';
import type { Sink, Stations } from './dataset.ts';
import { defaultMaxBytes } from './formats/parse.ts';
import { inboxReport, type InboxOutcome } from './inbox-report.ts';
import { recorded, recordedRun, type MemoryChoice, type Records } from './recorded.ts';
import { nothing, type RunReport } from './report.ts';
import { isStreamable } from './stream.ts';

export interface InboxOptions {
  /** Holds one folder for each adapter, by its name. */
  readonly folder: string;
  readonly adapters: ReadonlyMap<string, Adapter>;
  readonly knowledge: Knowledge;
  readonly sink: Sink;
  readonly records: Records;
  readonly clock: () => Instant;
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** Rows that are wanted of a file; all unless it says otherwise. */
  readonly stations?: (adapter: Adapter) => Stations;
  readonly choice?: MemoryChoice;
  /** A file counts as complete when its size and time have not changed for so long. */
  readonly stableMs?: number;
}

/** What became of a file. */
export interface InboxResult {
  readonly adapter: string;
  readonly file: string;
  /** Where it lies now. */
  readonly moved: string;
  readonly outcome: InboxOutcome;
  readonly report: RunReport;
}

export interface Inbox {
  /** Takes every file that is complete; files that still grow wait for the next time. `waiting` are those. */
  scan(): Promise<{ readonly results: readonly InboxResult[]; readonly waiting: number }>;
}

/** What the ledger keeps of a file by its content. */
interface Taken {
  readonly at: Instant;
  readonly name: string;
  readonly outcome: InboxOutcome;
  readonly report: RunReport;
}

/** What copying programs and office suites leave while a file is not there yet, and files that hide themselves. */
const unfinished = /^[.~]|\.(?:part|partial|tmp|crdownload|filepart|download)$|^(?:thumbs\.db|desktop\.ini)$/i;
const defaultStableMs = 3_000;
const shownLetters = 200;

/**
 * The folder into which a colleague drops files. Each goes through its adapter once, by its content, and then lies in `done` or
 * `refused` with a report beside it. Killed at any point, it goes on with the file where it stood: what was published is published
 * again at most, which changes nothing.
 */
export function createInbox(options: InboxOptions): Inbox {
  const seen = new Map<string, { readonly size: number; readonly mtimeMs: number; readonly since: number }>();
  const strangers = new Set<string>();
  mkdirSync(options.folder, { recursive: true });
  for (const name of options.adapters.keys()) mkdirSync(join(options.folder, name), { recursive: true });

  function isComplete(path: string): boolean {
    const { size, mtimeMs } = statSync(path);
    const before = seen.get(path);
    const now = performance.now();
    if (before === undefined || before.size !== size || before.mtimeMs !== mtimeMs) {
      seen.set(path, { size, mtimeMs, since: now });
      return false;
    }
    return now - before.since >= (options.stableMs ?? defaultStableMs);
  }

  async function scan(): Promise<{ results: InboxResult[]; waiting: number }> {
    const results: InboxResult[] = [];
    const complete: { readonly path: string; readonly adapter: Adapter }[] = [];
    let waiting = 0;
    for (const { name: folder } of readdirSync(options.folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
      const path = join(options.folder, folder);
      const files = filesIn(path);
      const adapter = options.adapters.get(folder);
      if (adapter === undefined) {
        if (files.length > 0 && !strangers.has(folder)) {
          options.logger.warn({ folder: path, known: [...options.adapters.keys()] }, 'files lie in an inbox folder of no adapter');
          strangers.add(folder);
        }
        continue;
      }
      for (const file of files) {
        const at = join(path, file);
        if (isComplete(at)) complete.push({ path: at, adapter });
        else waiting += 1;
      }
    }
    if (complete.length === 0) return { results, waiting };
    // One process at a time: a command may look while `klavze up` does.
    const release = lockDataDir(join(options.records.dataDir, 'inbox-lock'));
    if (release === undefined) return { results, waiting: waiting + complete.length };
    try {
      for (const { path, adapter } of complete) {
        seen.delete(path);
        if (existsSync(path)) results.push(await takeFile(path, adapter, options));
      }
    } finally {
      release();
    }
    return { results, waiting };
  }
  return { scan };
}

/** Files that may be taken; one that is open in an office suite (`~$name`) waits. */
function filesIn(folder: string): string[] {
  const names = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);
  const isOpen = (name: string): boolean =>
    names.some((other) => other === `~$${name}` || other === `~$${name.slice(2)}` || other === `.~lock.${name}#`);
  return names.filter((name) => !unfinished.test(name) && !isOpen(name)).sort();
}

async function takeFile(path: string, adapter: Adapter, options: InboxOptions): Promise<InboxResult> {
  const { records, clock, logger } = options;
  const file = basename(path);
  // Another version, or another mapping, may make more of the same bytes.
  const key = `inbox/${adapter.name}/${await sha256Of(path)}/${version}/${adapter.revision ?? ''}`;
  const before = records.ledger.note(key) as Taken | undefined;
  const letters: DeadLetter[] = [];
  const report = before?.report ?? (await runFile(path, file, adapter, letters, options));
  const outcome = before?.outcome ?? outcomeOf(report);
  const target = freeTarget(join(path, '..', outcome), file);
  // Its report lies there already but not the file: the process was killed in between.
  const isResumed = before?.name === file && existsSync(reportOf(target));
  if (!isResumed) {
    mkdirSync(join(path, '..', outcome), { recursive: true });
    const text = inboxReport({ adapter, file, report, outcome, letters, at: clock(), ...(before !== undefined && { before: before.at }) });
    // With its mark, so that Windows reads the letters right.
    writeFileSync(reportOf(target), `\uFEFF${text}`);
  }
  if (before === undefined) records.ledger.setNote(key, { at: clock(), name: file, outcome, report } satisfies Taken);
  renameSync(path, target);
  const { received, entities, rejections, reason } = report;
  logger.info(
    { adapter: adapter.name, file, outcome, received, entities, rejections, ...(reason !== undefined && { reason }) },
    'inbox file taken',
  );
  return { adapter: adapter.name, file, moved: target, outcome, report };
}

async function runFile(path: string, file: string, adapter: Adapter, letters: DeadLetter[], options: InboxOptions): Promise<RunReport> {
  const { knowledge, records, clock } = options;
  const sink: Sink = {
    append(consignment: Consignment) {
      letters.push(...consignment.deadLetters.slice(0, Math.max(0, shownLetters - letters.length)));
      return options.sink.append(consignment);
    },
  };
  const { size } = statSync(path);
  const isLarge = size > (adapter.maxBytes ?? defaultMaxBytes);
  if (isLarge && (adapter.maxBytes !== undefined || !isStreamable(adapter))) return refuseUnread(file, size, adapter, sink, options);
  if (isLarge && adapter.vanished !== 'keep') {
    options.logger.warn(
      { adapter: adapter.name, file },
      'the file is read piece by piece: what is gone since the last one is not looked for',
    );
  }
  const input = isLarge
    ? ({ kind: 'path', path, name: file } as const)
    : ({ kind: 'file', bytes: readFileSync(path), name: file } as const);
  const stations = options.stations?.(adapter) ?? 'all';
  return recordedRun({ adapter, knowledge, input, stations, sink, clock }, records, 'inbox', options.choice);
}

async function refuseUnread(
  file: string,
  size: number,
  adapter: Adapter,
  sink: Sink,
  { records, clock }: InboxOptions,
): Promise<RunReport> {
  const at = clock();
  const rejection = reject('source', 'too_large', `${file} has ${size} bytes; at most ${adapter.maxBytes ?? defaultMaxBytes} are read`);
  return recorded(records.ledger, 'inbox', at, clock, file, adapter, async () => {
    const origin = { plugin: `adapters/${adapter.name}`, from: file, receivedAt: at };
    await sink.append({ publications: [], deadLetters: [{ origin, rejection, raw: new Uint8Array() }] });
    return { ...nothing(adapter, file, 'refused', rejection.message), received: 1, rejections: 1, codes: { too_large: 1 } };
  });
}

/** `refused` when nothing of it was published. */
function outcomeOf({ outcome, entities, received }: RunReport): InboxOutcome {
  return outcome === 'published' && (entities > 0 || received === 0) ? 'done' : 'refused';
}

function reportOf(target: string): string {
  return `${target}.porocilo.txt`;
}

/** The name itself, or the first of `name-2.xlsx`, `name-3.xlsx`, … that is free. */
function freeTarget(folder: string, file: string): string {
  const extension = extname(file);
  const base = file.slice(0, file.length - extension.length);
  for (let count = 1; ; count += 1) {
    const target = join(folder, count === 1 ? file : `${base}-${count}${extension}`);
    if (!existsSync(target)) return target;
  }
}

function sha256Of(path: string): Promise<string> {
  return new Promise((resolve, rejectWith) => {
    const hash = createHash('sha256');
    createReadStream(path)
      .on('data', (chunk) => hash.update(chunk))
      .once('error', rejectWith)
      .once('end', () => resolve(hash.digest('hex')));
  });
}
