import { watchShard } from '../../bin/outbox-metrics.ts';
import { createMemoryOutbox } from '../../core/outbox/memory.ts';
import { watchCertificates } from '../../core/service/certificates.ts';
import { watchDevices } from '../../core/service/device-watch.ts';
import { createLogger } from '../../core/service/log.ts';
import { createMetrics, watchSources } from '../../core/service/metrics.ts';
import { createGatewayMetrics } from '../../gateway/metrics.ts';
import { createSharingMetrics } from '../../sharing/metrics.ts';
import { generatedNote, table } from './markdown.ts';

export interface MetricFacts {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly labels: readonly string[];
}

/** The figures of `klavze up`, out of the registry that it serves. */
export function klavzeMetrics(): MetricFacts[] {
  const clock = (): string => '2026-01-01T00:00:00.000Z';
  const outbox = createMemoryOutbox(clock);
  const { registry } = createMetrics({ outbox, clock, dataDir: '.', checks: () => ({}) });
  watchSources(registry, [], () => undefined);
  watchDevices({ outbox, clock, logger: createLogger('silent'), metrics: registry, families: new Map(), devices: () => [] }).stop();
  createSharingMetrics(registry, () => []);
  createGatewayMetrics(registry);
  watchCertificates(registry, () => []);
  const right = { isHeld: () => true, leftMs: () => 0, onEnd: () => undefined, epoch: 0, lost: new AbortController().signal };
  watchShard({ right, stream: () => Promise.resolve({ messages: 0, bytes: 0 }) }, registry);
  return registry
    .getMetricsAsArray()
    .map((metric) => metric as unknown as MetricFacts & { readonly labelNames: readonly string[] })
    .filter(({ name }) => name.startsWith('klavze_'))
    .map(({ name, help, type, labelNames }) => ({ name, help, type, labels: labelNames.filter((label) => label !== 'le') }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** All figures of `GET /metrics`. */
export function metricsPage(): string {
  const rows = klavzeMetrics().map(({ name, type, labels, help }) => [
    `\`${name}\``,
    type,
    labels.map((label) => `\`${label}\``).join(' '),
    help,
  ]);
  return [
    '# Metrics',
    generatedNote,
    '`GET /metrics` of `klavze up` speaks Prometheus. Counters start at 0 with the process. A plug-in is named by its folder: `agents/envelopes/chirpstack-v4`, ' +
      '`adapters/arso-air`; `core/source` is what no plug-in reads, `core/service` what Klavže says of itself. Beside these there are the usual figures of the ' +
      'process (`process_…`, `nodejs_…`). In the terminal: `klavze top`. Alerts: [deploy/prometheus/alerts.yml](../deploy/prometheus/alerts.yml), explained in ' +
      '[operate.md](operate.md#what-each-alert-means-and-what-to-do).',
    table(['figure', 'kind', 'labels', 'what it says'], rows),
    '## How they belong together',
    [
      '- `klavze_received_total` counts messages and rows. What each led to is in `klavze_entities_total` and `klavze_rejections_total`; messages without a measurement are in `klavze_events_total`.',
      '- Each entity state ends in `klavze_deliveries_total` as `accepted` or `refused` (then it is a dead letter). `retried` counts attempts that the broker did not take, `late` older values that went to its history and `repeated` what it held already: those are counted beside.',
      '- `klavze_outbox_publications` is what was made and not settled yet; `klavze_outbox_oldest_seconds` how far the broker is behind.',
      '- `klavze_commit_seconds` is the time before an acknowledgement, `klavze_broker_request_seconds` the time of the broker; the wait in the outbox lies between them.',
    ].join('\n'),
  ].join('\n\n');
}
