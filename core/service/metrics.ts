import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

import type { Outbox } from '../outbox/outbox.ts';
import type { Passage } from '../pipeline.ts';
import type { Instant } from '../plugin.ts';

/** Prometheus figures of one process: for each plug-in received, entities, rejections; then the outbox and the delivery. */
export interface Metrics {
  readonly registry: Registry;
  /** One message or row that went through the line under `plugin`. */
  passed(plugin: string, passage: Passage): void;
  /** A command that was sent, refused, or reached another state before the device answered. */
  commanded(result: 'pending' | 'delivered' | 'error' | 'refused'): void;
  /** What became of publications at the broker. */
  delivered(result: 'accepted' | 'refused' | 'retried' | 'late' | 'repeated', count: number): void;
  /** One request to the broker, in seconds. */
  requested(seconds: number): void;
  /** 1 while the dataset can be fetched, 0 while it cannot. */
  source(adapter: string, available: boolean): void;
}

export function createMetrics(outbox: Outbox, clock: () => Instant): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  // Counted by themselves for each message, and handed over when they are asked for.
  const received = new Tally('klavze_received_total', 'Messages and rows received', registry);
  const entities = new Tally('klavze_entities_total', 'Entity states made', registry);
  const rejections = new Counter({
    name: 'klavze_rejections_total',
    help: 'Rejections kept as dead letters',
    labelNames: ['plugin', 'stage', 'code'],
    registers,
  });
  const events = new Counter({
    name: 'klavze_events_total',
    help: 'Messages without a measurement (join, status, …)',
    labelNames: ['plugin', 'event'],
    registers,
  });
  const commands = new Counter({
    name: 'klavze_commands_total',
    help: 'Commands to devices by what became of them; each passes several states',
    labelNames: ['result'],
    registers,
  });
  const deliveries = new Counter({
    name: 'klavze_deliveries_total',
    help: 'Publications by what became of them at the broker',
    labelNames: ['result'],
    registers,
  });
  const requests = new Histogram({
    name: 'klavze_broker_request_seconds',
    help: 'Duration of requests to the NGSI-LD broker',
    buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers,
  });
  const sources = new Gauge({
    name: 'klavze_source_available',
    help: '1 while the dataset can be fetched',
    labelNames: ['adapter'],
    registers,
  });
  new Gauge({
    name: 'klavze_outbox_publications',
    help: 'Publications waiting for the broker',
    registers,
    collect() {
      this.set(outbox.depth(clock()).count);
    },
  });
  new Gauge({
    name: 'klavze_outbox_oldest_seconds',
    help: 'Age of the oldest publication waiting',
    registers,
    collect() {
      this.set(outbox.depth(clock()).oldestMs / 1000);
    },
  });
  new Gauge({
    name: 'klavze_dead_letters',
    help: 'Dead letters not replayed yet',
    registers,
    collect() {
      this.set(outbox.deadLetters.count());
    },
  });
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
    delivered: (result, count) => deliveries.inc({ result }, count),
    requested: (seconds) => requests.observe(seconds),
    source: (adapter, available) => sources.set({ adapter }, available ? 1 : 0),
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
