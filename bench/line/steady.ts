/**
 * `npm run bench:steady`: so many messages a second for so long through the whole line at QoS 1. Says how long it takes from publishing a
 * message to the broker's answer to the request that carries it, and how the memory of the line grows. `--per-second N` (default 2000),
 * `--seconds N` (600), `--devices N` (100). The last line on stdout is one JSON object.
 */
import { parseArgs } from 'node:util';

import { mosquitto, mosquittoBinary } from '../../test/core/source/mqtt-brokers.ts';
import { start, type usage } from './parts.ts';

const { values } = parseArgs({
  options: {
    'per-second': { type: 'string', default: '2000' },
    seconds: { type: 'string', default: '600' },
    devices: { type: 'string', default: '100' },
  },
});
if (mosquittoBinary === undefined) {
  console.error('no mosquitto binary was found; install Debian\'s package "mosquitto"');
  process.exit(69);
}
const [perSecond, seconds, devices] = [Number(values['per-second']), Number(values.seconds), Number(values.devices)];
const messages = perSecond * seconds;
const [sink, line, publisher] = [start('sink'), start('line'), start('publisher')];
const [sinkPort] = await Promise.all([sink.began<number>('port'), line.began('loaded')]);
const broker = await mosquitto(false);

try {
  const load = { messages, devices, qos: 1 as const, base: Date.now() };
  await sink.ask({ expect: messages, latency: true });
  await line.ask({ ...load, port: broker.port, sinkPort });
  const all = sink.said('all');
  const published = publisher.ask({ ...load, port: broker.port, perSecond });
  const rss: (readonly [minute: number, mb: number])[] = [];
  const began = Date.now();
  const timer = setInterval(() => {
    void line.ask<number>('rss').then((bytes) => rss.push([(Date.now() - began) / 60_000, bytes / 1e6]));
  }, 1_000);
  await published;
  await Promise.race([all, new Promise((resolve) => setTimeout(resolve, 30_000))]);
  clearInterval(timer);
  const { latencies, arrived } = await sink.ask<{ latencies: number[]; arrived: number }>({ latencies: true });
  const { cpuUs, peakRssMb } = await line.ask<ReturnType<typeof usage>>('usage');
  const at = (share: number): number => Math.round(latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0);
  console.log(
    JSON.stringify({
      perSecond,
      seconds,
      messages,
      missing: messages - arrived,
      latencyMs: { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) },
      // The first third warms up.
      rssSlopeMbPerMin: Number(slope(rss.slice(Math.floor(rss.length / 3))).toFixed(2)),
      peakRssMb,
      cpuUs: Number((cpuUs / messages).toFixed(1)),
      deadLetters: await line.ask<number>('stop'),
    }),
  );
  if (arrived < messages) process.exitCode = 1;
} finally {
  for (const part of [sink, line, publisher]) await part.end();
  await broker.close();
}

/** Of the straight line that fits best. */
function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (place: 0 | 1): number => points.reduce((sum, point) => sum + point[place], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const above = points.reduce((sum, [px, py]) => sum + (px - x) * (py - y), 0);
  return above / points.reduce((sum, [px]) => sum + (px - x) ** 2, 0);
}
