import { bucketsOf, byLabel, quantile, valueOf, type Sample } from './samples.ts';

/** One look at a running `klavze up`. */
export interface Look {
  /** Monotonic seconds. */
  readonly at: number;
  readonly samples: readonly Sample[];
  readonly health: {
    readonly ready: boolean;
    readonly checks: Readonly<Record<string, { readonly ok: boolean; readonly detail: string }>>;
  };
}

export interface PluginFigures {
  readonly plugin: string;
  readonly received: number;
  readonly entities: number;
  readonly refused: number;
  readonly delivered: number;
  /** Received a second since the look before. */
  readonly perSecond: number;
}

/** What `klavze top` shows; with `--json` as it is. Times in milliseconds; a latency is missing while nothing was measured. */
export interface Figures {
  readonly ready: boolean;
  readonly checks: Look['health']['checks'];
  readonly receivedPerSecond: number;
  readonly deliveredPerSecond: number;
  readonly plugins: readonly PluginFigures[];
  /** By code, most first. */
  readonly refused: readonly { readonly code: string; readonly count: number }[];
  readonly outbox: { readonly waiting: number; readonly oldestSeconds: number };
  readonly deadLetters: number;
  readonly broker: {
    readonly p50Ms?: number;
    readonly p99Ms?: number;
    /** By HTTP status; `none`: it did not answer. */
    readonly answers: Readonly<Record<string, number>>;
  };
  readonly commit: { readonly p50Ms?: number; readonly p99Ms?: number };
  readonly devices: { readonly registered: number; readonly silent: readonly string[] };
  readonly sources: readonly { readonly adapter: string; readonly trouble: string }[];
  readonly memoryMb: number;
  readonly diskFreeGb: number;
}

/** Totals of the later look, and rates and latencies between both; of the process's whole life where nothing was measured in between. */
export function figuresOf(before: Look, now: Look): Figures {
  const { samples, health } = now;
  const seconds = Math.max(0.001, now.at - before.at);
  const rate = (later: number, earlier: number): number => rounded(Math.max(0, later - earlier) / seconds, 1);
  const received = byLabel(samples, 'klavze_received_total', 'plugin');
  const receivedBefore = byLabel(before.samples, 'klavze_received_total', 'plugin');
  const entities = byLabel(samples, 'klavze_entities_total', 'plugin');
  const refused = byLabel(samples, 'klavze_rejections_total', 'plugin');
  const accepted = (look: Look) =>
    byLabel(
      look.samples.filter(({ labels }) => labels['result'] === 'accepted'),
      'klavze_deliveries_total',
      'plugin',
    );
  const delivered = accepted(now);
  const sum = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((total, count) => total + count, 0);
  const plugins = [...new Set([...received.keys(), ...delivered.keys()])].map((plugin) => ({
    plugin,
    received: received.get(plugin) ?? 0,
    entities: entities.get(plugin) ?? 0,
    refused: refused.get(plugin) ?? 0,
    delivered: delivered.get(plugin) ?? 0,
    perSecond: rate(received.get(plugin) ?? 0, receivedBefore.get(plugin) ?? 0),
  }));
  const marked = (name: string): Sample[] => samples.filter((one) => one.name === name && one.value === 1);
  return {
    ready: health.ready,
    checks: health.checks,
    receivedPerSecond: rate(sum(received), sum(receivedBefore)),
    deliveredPerSecond: rate(sum(delivered), sum(accepted(before))),
    plugins: plugins.sort((a, b) => b.perSecond - a.perSecond || b.received - a.received),
    refused: [...byLabel(samples, 'klavze_rejections_total', 'code')]
      .map(([code, count]) => ({ code, count }))
      .sort((a, b) => b.count - a.count),
    outbox: {
      waiting: valueOf(samples, 'klavze_outbox_publications'),
      oldestSeconds: rounded(valueOf(samples, 'klavze_outbox_oldest_seconds'), 1),
    },
    deadLetters: valueOf(samples, 'klavze_dead_letters'),
    broker: {
      ...latency(before, now, 'klavze_broker_request_seconds'),
      answers: Object.fromEntries(byLabel(samples, 'klavze_broker_answers_total', 'status')),
    },
    commit: latency(before, now, 'klavze_commit_seconds'),
    devices: {
      registered: valueOf(samples, 'klavze_devices'),
      silent: marked('klavze_device_silent').map(({ labels }) => labels['device'] ?? ''),
    },
    sources: marked('klavze_source_trouble').map(({ labels }) => ({ adapter: labels['adapter'] ?? '', trouble: labels['trouble'] ?? '' })),
    memoryMb: rounded(valueOf(samples, 'process_resident_memory_bytes') / 1e6, 0),
    diskFreeGb: rounded(valueOf(samples, 'klavze_disk_free_bytes') / 1e9, 1),
  };
}

function latency(before: Look, now: Look, name: string): { p50Ms?: number; p99Ms?: number } {
  const all = bucketsOf(now.samples, name);
  const earlier = bucketsOf(before.samples, name);
  const since = new Map([...all].map(([bound, count]) => [bound, count - (earlier.get(bound) ?? 0)]));
  const buckets = (since.get(Infinity) ?? 0) > 0 ? since : all;
  const [p50, p99] = [quantile(0.5, buckets), quantile(0.99, buckets)];
  return p50 === undefined || p99 === undefined ? {} : { p50Ms: rounded(p50 * 1_000, 1), p99Ms: rounded(p99 * 1_000, 1) };
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
