import { statfsSync } from 'node:fs';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

import type { Consignment, Done, Forgotten, Outbox, Publication } from '../outbox/outbox.ts';
import type { Passage } from '../pipeline.ts';
import type { Instant } from '../plugin.ts';
import type { Told } from '../source/notices.ts';
import { lastBackup } from './backup-mark.ts';
import type { Check } from './http.ts';

/** Prometheus figures of one process, by plug-in and by stage. What each says: docs/metrics.md. */
export interface Metrics {
  readonly registry: Registry;
  /** One message or row that went through the line under `plugin`. */
  passed(plugin: string, passage: Passage): void;
  /** A command that was sent, refused, or reached another state before the device answered. */
  commanded(result: 'pending' | 'delivered' | 'error' | 'refused'): void;
  /** What became of publications at the broker. */
  delivered(result: 'accepted' | 'refused' | 'retried' | 'late' | 'repeated', publications: readonly Pick<Publication, 'origin'>[]): void;
  /** One request to the broker, in seconds; status 0: it did not answer. */
  requested(request: { readonly status: number; readonly seconds: number }): void;
  /** 1 while the dataset can be fetched, 0 while it cannot. */
  source(adapter: string, available: boolean): void;
  /** Dead letters that went for their age or their number. */
  forgotten(letters: readonly Forgotten[]): void;
  /** Bytes of the journal that were written, records that could not be. */
  journal(what: 'written' | 'lost', count: number): void;
  /** The outbox, with the time that appending takes measured now and then. */
  timed(outbox: Outbox): Outbox;
}

export interface MetricsOptions {
  readonly outbox: Outbox;
  readonly clock: () => Instant;
  /** Whose free space is looked at. */
  readonly dataDir: string;
  /** The checks of `/health/ready`. */
  checks(): Readonly<Record<string, Check>>;
}

/** At most one append in so many milliseconds is timed: a clock costs as much as a message's count. */
const sampleMs = 20;

export function createMetrics({ outbox, clock, dataDir, checks }: MetricsOptions): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const counter = <L extends string>(name: string, help: string, ...labelNames: L[]): Counter<L> =>
    new Counter({ name: `klavze_${name}_total`, help, labelNames, registers });
  const gauge = (name: string, help: string, collect: (this: Gauge) => void, ...labelNames: string[]): Gauge =>
    new Gauge({ name: `klavze_${name}`, help, labelNames, registers, collect });

  // Counted by themselves for each message, and handed over when they are asked for.
  const received = new Tally('klavze_received_total', 'Messages and rows received', registry);
  const entities = new Tally('klavze_entities_total', 'Entity states made', registry);
  const rejections = counter('rejections', 'Rejections kept as dead letters', 'plugin', 'stage', 'code');
  const events = counter('events', 'Messages without a measurement (join, status, …)', 'plugin', 'event');
  const commands = counter('commands', 'Commands to devices by what became of them; each passes several states', 'result');
  const deliveries = counter('deliveries', 'Publications by what became of them at the broker', 'plugin', 'result');
  const answers = counter('broker_answers', 'Answers of the NGSI-LD broker by their HTTP status; none: it did not answer', 'status');
  const forgotten = counter('dead_letters_forgotten', 'Dead letters that were too old or too many to be kept', 'plugin', 'code');
  const written = counter('journal_written_bytes', 'Compressed bytes written to the journal');
  const lost = counter('journal_lost', 'Messages and files that the journal could not keep; they were taken in all the same');
  const requests = new Histogram({
    name: 'klavze_broker_request_seconds',
    help: 'Duration of requests to the NGSI-LD broker',
    buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers,
  });
  const commits = new Histogram({
    name: 'klavze_commit_seconds',
    help: 'Time until a message is on disk and may be acknowledged; at most fifty a second are measured',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
    registers,
  });
  const sources = new Gauge({
    name: 'klavze_source_available',
    help: '1 while the dataset can be fetched',
    labelNames: ['adapter'],
    registers,
  });
  gauge('outbox_publications', 'Publications waiting for the broker', function collect() {
    this.set(outbox.depth(clock()).count);
  });
  gauge('outbox_oldest_seconds', 'Age of the oldest publication waiting', function collect() {
    this.set(outbox.depth(clock()).oldestMs / 1000);
  });
  gauge('dead_letters', 'Dead letters not replayed yet', function collect() {
    this.set(outbox.deadLetters.count());
  });
  gauge('disk_free_bytes', 'Free space where the data folder is', function collect() {
    const { bavail, bsize } = statfsSync(dataDir);
    this.set(bavail * bsize);
  });
  gauge('backup_timestamp_seconds', 'When the newest backup of the data folder was made, seconds since 1970; 0: none', function collect() {
    this.set((lastBackup(dataDir) ?? 0) / 1_000);
  });
  const check = gauge(
    'check_ok',
    '1 while a check of /health/ready is fine: outbox, broker, mqtt',
    () => {
      for (const [name, { ok }] of Object.entries(checks())) check.set({ check: name }, ok ? 1 : 0);
    },
    'check',
  );

  // A counter looks its labels up each time; what is counted with every batch is looked up once.
  const ofDelivery = cached((key: string) => {
    const [result = '', plugin = ''] = key.split(' ');
    return deliveries.labels({ plugin, result });
  });

  function timed(inner: Outbox): Outbox {
    let last = 0;
    const start = (): number | undefined => {
      const now = performance.now();
      return now - last < sampleMs ? undefined : (last = now);
    };
    const observe = (from: number): void => commits.observe((performance.now() - from) / 1_000);
    const own: Partial<Outbox> = {
      async append(consignment) {
        const from = start();
        await inner.append(consignment);
        if (from !== undefined) observe(from);
      },
      ...(inner.enqueue !== undefined && {
        enqueue(consignment: Consignment, done: Done) {
          const from = start();
          inner.enqueue?.(consignment, from === undefined ? done : (error) => (observe(from), done(error)));
        },
      }),
    };
    return Object.assign(Object.create(inner) as Outbox, own);
  }

  return {
    registry,
    passed(plugin, passage) {
      received.add(plugin, 1);
      if (passage.publications.length > 0) entities.add(plugin, passage.publications.length);
      for (const { rejection } of passage.deadLetters) rejections.inc({ plugin, stage: rejection.stage, code: rejection.code });
      for (const status of passage.commands ?? []) commands.inc({ result: status.toLowerCase() });
      if (passage.event !== undefined) events.inc({ plugin, event: passage.event });
    },
    commanded: (result) => commands.inc({ result }),
    delivered(result, publications) {
      let plugin = '';
      let count = 0;
      for (const { origin } of publications) {
        if (origin.plugin !== plugin && count > 0) {
          ofDelivery(`${result} ${plugin}`).inc(count);
          count = 0;
        }
        plugin = origin.plugin;
        count++;
      }
      if (count > 0) ofDelivery(`${result} ${plugin}`).inc(count);
    },
    requested({ status, seconds }) {
      requests.observe(seconds);
      answers.inc({ status: status === 0 ? 'none' : String(status) });
    },
    source: (adapter, available) => sources.set({ adapter }, available ? 1 : 0),
    forgotten(letters) {
      for (const { plugin, code, count } of letters) forgotten.inc({ plugin, code }, count);
    },
    journal: (what, count) => (what === 'written' ? written : lost).inc(count),
    timed,
  };
}

/** Where datasets stand, by what the operator was told of each. */
export function watchSources(registry: Registry, adapters: readonly string[], told: (adapter: string) => Told | undefined): void {
  new Gauge({
    name: 'klavze_source_trouble',
    help: '1 while a dataset is unavailable, refused or stale; the log and klavze adapter status say why',
    labelNames: ['adapter', 'trouble'],
    registers: [registry],
    collect() {
      this.reset();
      for (const adapter of adapters) {
        const now = told(adapter);
        for (const trouble of ['unavailable', 'refused', 'stale'] as const)
          this.set({ adapter, trouble }, now?.[trouble] === undefined ? 0 : 1);
      }
    },
  });
}

function cached<T>(make: (key: string) => T): (key: string) => T {
  const known = new Map<string, T>();
  return (key) => {
    let value = known.get(key);
    if (value === undefined) known.set(key, (value = make(key)));
    return value;
  };
}

/** A counter by plug-in for what comes by the thousand. */
class Tally {
  private readonly counts = new Map<string, number>();

  constructor(name: string, help: string, registry: Registry) {
    const { counts } = this;
    new Counter({
      name,
      help,
      labelNames: ['plugin'],
      registers: [registry],
      collect() {
        for (const [plugin, count] of counts) this.inc({ plugin }, count);
        counts.clear();
      },
    });
  }

  add(plugin: string, count: number): void {
    this.counts.set(plugin, (this.counts.get(plugin) ?? 0) + count);
  }
}
