/**
 * `npm run bench -- --json`: the whole line (envelope, decoder, validation, family, model check, screen, quality, durable outbox before
 * PUBACK, delivery) against the bare floor (MQTT.js, JSON.parse, axios batches of 100; no check, no durability), in turn, through a real
 * Mosquitto into an HTTP sink, at QoS 0 and 1. Each part is a process of its own; both sides get the same warm-up. The last line on
 * stdout is one JSON object. A side goes on from repetition to repetition, each with a Mosquitto of its own, as a service does that runs for
 * months. `--messages N` (default 50000), `--devices N` (100), `--repetitions N` (5), `--qos 0|1` (both),
 * `--warm-up N` (100000), `--cpu-prof FOLDER` (profiles of the line). Without `--json` a table stands before it.
 */
import { parseArgs } from 'node:util';

import { mosquitto, mosquittoBinary } from '../../test/core/source/mqtt-brokers.ts';
import type { Load } from './load.ts';
import { now, start, type Part, type usage } from './parts.ts';
import type { SinkReport } from './sink.ts';

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '50000' },
    devices: { type: 'string', default: '100' },
    repetitions: { type: 'string', default: '5' },
    'warm-up': { type: 'string', default: '100000' },
    qos: { type: 'string' },
    json: { type: 'boolean', default: false },
    'cpu-prof': { type: 'string' },
  },
});
const batch = 100;
/** A side that brings nothing for so long has lost the rest. */
const patienceMs = 15_000;

interface Run extends SinkReport {
  readonly perSecond: number;
  readonly cpuUs: number;
  readonly peakRssMb: number;
  readonly deadLetters: number;
}
type Usage = ReturnType<typeof usage>;

if (mosquittoBinary === undefined) {
  console.error('no mosquitto binary was found; install Debian\'s package "mosquitto"');
  process.exit(69);
}
const repetitions = Number(values.repetitions);
const figures: Record<string, unknown> = {};
const profile = values['cpu-prof'] === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${values['cpu-prof']}`];
let faults = 0;

for (const qos of values.qos === undefined ? ([0, 1] as const) : ([Number(values.qos)] as (0 | 1)[])) {
  const names = ['floor', 'line'] as const;
  const sides = { floor: start('floor'), line: start('line', profile) };
  const [sink, publisher] = [start('sink'), start('publisher')];
  const runs: Record<keyof typeof sides, Run[]> = { floor: [], line: [] };
  // No session of the other side is served too.
  const brokers = { floor: await mosquitto(false), line: await mosquitto(false) };
  try {
    const [sinkPort] = await Promise.all([sink.began<number>('port'), sides.line.began('loaded')]);
    const devices = Number(values.devices);
    for (const side of names) await sides[side].ask({ devices, qos, port: brokers[side].port, sinkPort, batch });
    for (let repetition = -1; repetition < repetitions; repetition++) {
      // What the one leaves to the machine to do must not always meet the other.
      for (const side of repetition % 2 === 0 ? names : names.toReversed()) {
        const messages = Number(repetition < 0 ? values['warm-up'] : values.messages);
        const load: Load = { messages, devices, qos, base: Date.now() - 86_400_000 + (repetition + 2) * 3_600_000 };
        const run = await measure(sides[side], load, sink, publisher, brokers[side].port);
        if (repetition < 0) continue;
        runs[side].push(run);
        faults += side === 'line' ? run.missing + run.idTwice + run.deadLetters : 0;
        if (!values.json) console.error(`qos ${qos} ${side} ${JSON.stringify(run)}`);
      }
    }
    for (const side of names) await sides[side].ask('stop');
    if (profile.length > 0) await sides.line.ask('exit').catch(() => undefined);
  } finally {
    for (const part of [sides.floor, sides.line, sink, publisher]) await part.end();
    for (const side of names) await brokers[side].close();
  }
  const ratios = runs.line.map(({ perSecond }, n) => perSecond / (runs.floor[n]?.perSecond ?? Infinity));
  figures[`qos${qos}`] = {
    line: Math.round(median(runs.line.map(({ perSecond }) => perSecond))),
    floor: Math.round(median(runs.floor.map(({ perSecond }) => perSecond))),
    ratio: Number(median(ratios).toFixed(2)),
    missing: Math.max(...runs.line.map(({ missing }) => missing)),
    idTwice: Math.max(...runs.line.map(({ idTwice }) => idTwice)),
    cpuUs: Number(median(runs.line.map(({ cpuUs }) => cpuUs)).toFixed(1)),
    floorCpuUs: Number(median(runs.floor.map(({ cpuUs }) => cpuUs)).toFixed(1)),
    peakRssMb: Math.max(...runs.line.map(({ peakRssMb }) => peakRssMb)),
    floorPeakRssMb: Math.max(...runs.floor.map(({ peakRssMb }) => peakRssMb)),
    repetitions: runs.line.map(({ perSecond }, n) => [Math.round(perSecond), Math.round(runs.floor[n]?.perSecond ?? 0)]),
  };
}
console.log(JSON.stringify(figures));
if (faults > 0) process.exitCode = 1;

/** One load through one side. */
async function measure(side: Part, load: Load, sink: Part, publisher: Part, port: number): Promise<Run> {
  await sink.ask({ expect: load.messages });
  const before = await side.ask<Usage>('usage');
  const all = sink.said<number>('all');
  const published = publisher.ask<{ from: number; until: number }>({ ...load, port });
  const waiting = { over: false };
  const until = await Promise.race([all, givenUp(sink, waiting)]);
  waiting.over = true;
  const { cpuUs, peakRssMb } = await side.ask<Usage>('usage');
  const { from } = await published;
  // What a side does behind its last delivery is its own, not the next one's.
  await settled(side);
  return {
    perSecond: load.messages / ((until - from) / 1_000),
    cpuUs: (cpuUs - before.cpuUs) / load.messages,
    peakRssMb,
    deadLetters: (await side.ask<number | null>('letters')) ?? 0,
    ...(await sink.ask<SinkReport>({ compare: load })),
  };
}

/** Waits until a side has nothing more to do. */
async function settled(side: Part): Promise<void> {
  for (let busy = true; busy;) {
    const { cpuUs } = await side.ask<Usage>('usage');
    await new Promise((resolve) => setTimeout(resolve, 200));
    busy = (await side.ask<Usage>('usage')).cpuUs - cpuUs > 40_000;
  }
}

/** Resolves with the moment at which the sink had waited too long for anything. */
async function givenUp(sink: Part, waiting: { readonly over: boolean }): Promise<number> {
  let last = now();
  for (let seen = -1; !waiting.over && now() - last < patienceMs;) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    const count = await sink.ask<number>({ count: true });
    if (count !== seen) last = now();
    seen = count;
  }
  return last;
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
