import { setTimeout as sleep } from 'node:timers/promises';

import { RetryableError } from '../errors.ts';
import { DeviceNews } from '../entity/device-news.ts';
import type { Consignment, Outbox, Publication } from '../outbox/outbox.ts';
import { entityKey } from '../outbox/watermarks.ts';
import type { AgentKnowledge } from '../pipeline.ts';
import type { Adapter, Envelope, Instant, MqttMessage } from '../plugin.ts';
import { runAdapter, type KeptFile } from '../source/dataset.ts';
import { receive } from '../source/intake.ts';
import { findEnvelope } from '../source/topic-index.ts';
import type { BrokerHistory } from './history.ts';
import { mend, type MendCounts, type MendOptions } from './mend.ts';
import { readJournal } from './read.ts';
import { Remembered } from './remembered.ts';

export interface ReplayTarget {
  readonly outbox: Outbox;
  readonly history: BrokerHistory;
  readonly prepare?: MendOptions['prepare'];
}

export interface JournalReplayOptions {
  /** The folder of the journal. */
  readonly folder: string;
  /** By the arrival of messages and files, both ends with it. */
  readonly from: Instant;
  readonly to: Instant;
  /** Only messages of this device; no files. */
  readonly device?: string | undefined;
  /** Only files of this adapter; no messages. */
  readonly adapter?: string | undefined;
  readonly agents: AgentKnowledge;
  readonly adapters: ReadonlyMap<string, Adapter>;
  /** Where it goes; left out: nowhere, `onConsignment` is told. */
  readonly target?: ReplayTarget;
  onConsignment?(consignment: Consignment): void;
  onDamage?(file: string, what: string): void;
  /** How much of the journal was passed over, from 0 to 1. */
  onProgress?(share: number): void;
}

export interface JournalReplayReport extends MendCounts {
  messages: number;
  files: number;
  entities: number;
  /** Refusals by code. They are in the dead letters since they were received, or are worth a look: nothing new is written there. */
  rejections: number;
  codes: Partial<Record<string, number>>;
  /** Files that cannot be read once more, and why. */
  skipped: { readonly adapter: string; readonly from: string; readonly reason: string }[];
  /** Places of the journal that could not be read. */
  damaged: number;
}

/** States that are held together before they are compared with what the broker holds. */
const together = 1_000;
/** Live messages must not wait long behind replayed ones. */
const mostInOutbox = 2_000;
const patienceMs = 30_000;

/**
 * Runs what was received in a time through today's line again. Ids and moments are the same as then, so that it may be repeated, and be
 * interrupted anywhere: what the broker holds already is not sent, another value at the same moment takes its place, in the present state and
 * in the history, and what is older than the present state goes into the history alone.
 * @throws {RetryableError} when the broker takes nothing for 30 s.
 */
export async function replayJournal(options: JournalReplayOptions): Promise<JournalReplayReport> {
  const counts: MendCounts = { sent: 0, repeated: 0, corrected: 0, withoutHistory: 0, beside: 0 };
  const report: JournalReplayReport = { messages: 0, files: 0, entities: 0, rejections: 0, codes: {}, ...counts, skipped: [], damaged: 0 };
  const agents: AgentKnowledge = { ...options.agents, news: new DeviceNews() };
  const envelopeOf = findEnvelope(agents.envelopes);
  const remembered = new Remembered();
  const device = options.device === undefined ? undefined : (agents.device({ deviceId: options.device })?.id ?? options.device);
  /** Adapters of which a file was replayed: their later files follow, since the last word counts. */
  const touched = new Set<string>();
  let held: Publication[] = [];

  function gather(consignment: Consignment): void {
    report.entities += consignment.publications.length;
    report.rejections += consignment.deadLetters.length;
    for (const { rejection } of consignment.deadLetters) report.codes[rejection.code] = (report.codes[rejection.code] ?? 0) + 1;
    options.onConsignment?.(consignment);
    if (options.target !== undefined) held.push(...consignment.publications);
  }

  async function hand(): Promise<void> {
    const states = held;
    held = [];
    if (options.target !== undefined && states.length > 0) await deliver(states, options.target, report);
  }

  function passMessage(message: MqttMessage, envelope: Envelope | undefined): void {
    const passage = receive(message, envelope, agents, remembered.of(envelope));
    remembered.note(envelope, passage.remember);
    if (device !== undefined && !passage.devices.includes(device)) return;
    report.messages++;
    gather(passage);
  }

  async function passFile({ bytes, ...file }: KeptFile): Promise<void> {
    const adapter = options.adapters.get(file.adapter);
    const reason =
      adapter === undefined
        ? 'there is no such adapter any more'
        : bytes === undefined
          ? `it is too large to be kept; run klavze adapter run ${file.adapter} --input with the file itself`
          : undefined;
    if (adapter === undefined || bytes === undefined || reason !== undefined) {
      report.skipped.push({ adapter: file.adapter, from: file.from, reason: reason ?? '' });
      return;
    }
    report.files++;
    const { stations, period, receivedAt, from: name } = file;
    const sink = { append: (consignment: Consignment) => Promise.resolve(gather(consignment)) };
    const input = { kind: 'file', bytes, name } as const;
    await runAdapter({ adapter, knowledge: agents, input, stations, sink, clock: () => receivedAt, ...(period && { period }) });
    touched.add(adapter.name);
  }

  const onDamage = (file: string, what: string): void => {
    report.damaged++;
    options.onDamage?.(file, what);
  };
  // Before the time itself: what envelopes remember of births. After it: later words on the same moments.
  const to = options.device === undefined ? '9999-12-31T23:59:59Z' : options.to;
  const all = { folder: options.folder, from: '0000-01-01T00:00:00Z', to, onDamage, onProgress: progressOf(options) };
  for await (const record of readJournal(all)) {
    const isBefore = record.receivedAt < options.from;
    const isAfter = record.receivedAt > options.to;
    if (record.kind === 'message') {
      if (options.adapter !== undefined || isAfter) continue;
      const envelope = envelopeOf(record.message.topic);
      if (isBefore) remembered.warm(envelope, record.message);
      else passMessage(record.message, envelope);
    } else if (options.device === undefined && !isBefore && (!isAfter || touched.has(record.file.adapter))) {
      if (options.adapter === undefined || options.adapter === record.file.adapter) await passFile(record.file);
    }
    if (held.length >= together) await hand();
  }
  await hand();
  return report;
}

function progressOf({ onProgress }: JournalReplayOptions): (done: number, all: number) => void {
  return (done, all) => onProgress?.(all === 0 ? 1 : done / all);
}

async function deliver(states: readonly Publication[], { outbox, history, prepare }: ReplayTarget, counts: MendCounts): Promise<void> {
  const lines = new Map<string, Publication[]>();
  for (const state of states) {
    const key = entityKey(state.entity.id, state.origin.tenant);
    const line = lines.get(key);
    if (line === undefined) lines.set(key, [state]);
    else line.push(state);
  }
  const mended: Publication[] = [];
  for (const line of lines.values()) mended.push(...(await mend(line, { outbox, history, prepare }, counts)));
  await room(outbox);
  await Promise.all(mended.map((publication) => outbox.append({ publications: [publication], deadLetters: [] })));
}

/** Waits until little waits in the outbox. */
async function room(outbox: Outbox): Promise<void> {
  let fewest = Infinity;
  for (let since = performance.now(); ;) {
    const { count } = outbox.depth(new Date().toISOString());
    if (count < mostInOutbox) return;
    if (count < fewest) since = performance.now();
    fewest = Math.min(fewest, count);
    if (performance.now() - since > patienceMs)
      throw new RetryableError(`${count} entities wait in the outbox and the broker takes none; run the same command again when it does`);
    await sleep(100);
  }
}
