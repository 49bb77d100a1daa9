/** One scenario from its start to its line of figures. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { heldBy } from './held.ts';
import { lettersOf } from './letters.ts';
import { Stream, type StreamOptions } from './publisher.ts';
import { reportOf, type Finding, type Report } from './report.ts';
import { Stage, type Agent } from './stage.ts';

export interface Options {
  readonly rounds: number;
  readonly seconds: number;
  readonly perSecond: number;
  readonly broker?: string;
}

export interface Scenario {
  readonly name: string;
  readonly about: string;
  readonly rounds: number;
  /** How long a fault lasts. */
  readonly seconds: number;
  readonly tenants?: readonly string[];
  /** Age of the first measurement. Default a day. */
  readonly ageMs?: number;
  /** So many processes share the devices over a NATS. */
  readonly shards?: number;
  readonly order?: NonNullable<StreamOptions['order']>;
  /** Before anything runs; gives how many messages came to the line in another way. */
  prepare?(run: Run): number;
  /** More variables for `klavze up`. */
  environment?(stage: Stage): Readonly<Record<string, string>>;
  /** What is done while the measurements stream. */
  act(run: Run): Promise<void>;
}

/** No new value for so long: what is missing is not coming. */
const patienceMs = 60_000;

export class Run {
  recoverS = 0;
  /** What else went wrong, in words. */
  readonly faults: string[] = [];
  /** Payloads that must end as dead letters. */
  readonly poison: Buffer[] = [];
  readonly reported = new Set<number>();
  stream!: Stream;

  constructor(
    readonly scenario: Scenario,
    readonly options: Options,
    readonly stage: Stage,
  ) {}

  note(words: string): void {
    process.stderr.write(`${this.scenario.name}: ${words}\n`);
  }

  fault(words: string): void {
    this.faults.push(words);
    this.note(words);
  }

  get outboxFile(): string {
    return join(this.stage.agent0.dataDir, 'outbox.db');
  }

  async up(agent: Agent = this.stage.agent0): Promise<void> {
    await this.stage.up(agent, this.scenario.environment?.(this.stage));
  }

  /** Call it when the fault ends: measures the time until the broker takes something new. */
  async recovered(agent: Agent = this.stage.agent0): Promise<void> {
    const start = performance.now();
    const came = await Promise.race([agent.recorder.next().then(() => true), sleep(180_000, false, { ref: false })]);
    if (!came) this.fault('nothing new came to the broker within 180 s after the fault');
    const seconds = (performance.now() - start) / 1_000;
    this.recoverS = Math.max(this.recoverS, seconds);
    this.note(`delivery goes on after ${seconds.toFixed(1)} s`);
  }

  async rounds(round: (place: number) => Promise<void>): Promise<void> {
    for (let place = 0; place < this.options.rounds; place++) await round(place);
  }

  seconds(): Promise<void> {
    return sleep(this.options.seconds * 1_000);
  }
}

export interface Outcome {
  readonly report: Report;
  readonly faults: readonly string[];
}

/** `opened` is told of the stage as soon as there is one, so that it can be closed from outside. */
export async function runScenario(scenario: Scenario, options: Options, opened: (stage: Stage) => void): Promise<Outcome> {
  const { broker } = options;
  const { tenants, ageMs, shards } = scenario;
  const stage = await Stage.open(
    {
      ...(broker !== undefined && { broker }),
      ...(tenants !== undefined && { tenants }),
      ...(ageMs !== undefined && { ageMs }),
      ...(shards !== undefined && { shards }),
    },
    opened,
  );
  const run = new Run(scenario, options, stage);
  const measure = setInterval(() => stage.agents.forEach(({ program }) => program.measure()), 250);
  stage.closers.push(() => clearInterval(measure));
  try {
    const from = scenario.prepare?.(run) ?? 0;
    for (const agent of stage.agents) await run.up(agent);
    const { truth, mqttPort: port } = stage;
    const { order } = scenario;
    run.stream = await Stream.open({ truth, port, perSecond: options.perSecond, from, ...(order !== undefined && { order }) });
    stage.closers.push(() => run.stream.close());
    run.stream.start();
    await sleep(1_500);
    await scenario.act(run);
    await sleep(1_500);
    await run.stream.stop();
    const findings: Finding[] = [];
    // Processes that share the devices are looked at as one.
    for (const agent of stage.natsUrl === '' ? stage.agents : [stage.agent0]) findings.push(await find(run, agent));
    const peakRssMb = Math.max(...stage.agents.map(({ program }) => program.measure()));
    const report = reportOf(scenario.name, findings, { rounds: options.rounds, recoverS: run.recoverS, peakRssMb });
    return { report, faults: [...run.faults, ...findings.flatMap(({ arrivals, stale }) => [...arrivals.faults, ...stale])] };
  } catch (error) {
    for (const { program } of stage.agents) run.note(`the end of a log:\n${program.log.slice(-2_000)}`);
    throw error;
  } finally {
    await stage.close();
  }
}

/** Waits until everything arrived or nothing comes any more, and asks the broker and the dead letters. */
async function find(run: Run, agent: Agent): Promise<Finding> {
  const { stage, stream, reported } = run;
  const expected = Array.from({ length: stream.count }, (_, n) => n);
  const missing = (): number[] => expected.filter((n) => !agent.recorder.has(n) && !reported.has(n));
  for (let since = performance.now(), last = -1; missing().length > 0 && performance.now() - since < patienceMs;) {
    const { distinct } = agent.recorder.arrivals();
    if (distinct !== last) since = performance.now();
    last = distinct;
    await sleep(200);
  }
  if (missing().length > 0) {
    run.note(`what klavze says of itself: ${JSON.stringify(await stage.health(agent))}`);
    run.note(`what waits in klavze and in the queues of Mosquitto:\n${await stage.waiting(agent)}`);
  }
  if (!stage.isServed(agent)) run.fault('klavze ended by itself');
  // What arrived may not be settled yet; stopping waits for it.
  await sleep(500);
  for (const { program } of stage.natsUrl === '' ? [agent] : stage.agents) await program.end('SIGTERM');
  const kept = deadLetters(run, agent);
  const newest = Array.from({ length: stage.truth.devices }, (_, device) =>
    expected.findLast((n) => n % stage.truth.devices === device && !reported.has(n)),
  );
  const { history, stale } = await heldBy(stage.brokerUrl, (device) => stage.tenantOf(device), stage.truth, newest);
  if (history === undefined) run.note('the broker does not give its whole history: what it was seen to take is counted');
  const unheld = history === undefined ? [] : expected.filter((n) => agent.recorder.has(n) && !history.has(n) && !reported.has(n));
  if (unheld.length > 0)
    run.note(
      `${unheld.length} were taken by the broker and are not in its history, the first are messages ${unheld.slice(0, 10).join(', ')}`,
    );
  const absent = missing();
  if (absent.length > 0) {
    run.note(`${absent.length} did not arrive, the first are messages ${absent.slice(0, 10).join(', ')}`);
    run.note(`the end of its log:\n${agent.program.log.slice(-3_000)}`);
  }
  return {
    expected,
    holds: (n) => (history === undefined ? agent.recorder.has(n) : history.has(n)),
    arrivals: agent.recorder.arrivals(),
    stale,
    poison: { sent: run.poison.length, kept: await kept },
    reported,
  };
}

/** How many of the payloads that had to be refused are kept, byte for byte. Anything else among them is a fault. */
async function deadLetters(run: Run, agent: Agent): Promise<number> {
  const waiting = new Map<string, number>();
  for (const payload of run.poison) waiting.set(payload.toString('base64'), (waiting.get(payload.toString('base64')) ?? 0) + 1);
  let kept = 0;
  let strangers = 0;
  for (const { raw, rejection } of await lettersOf(run.stage, agent)) {
    const key = Buffer.from(raw).toString('base64');
    const left = waiting.get(key) ?? 0;
    if (left > 0) {
      waiting.set(key, left - 1);
      kept++;
    } else if (strangers++ === 0) run.fault(`a dead letter that was not to be expected: ${rejection.code}, ${rejection.message}`);
  }
  if (strangers > 1) run.fault(`${strangers} dead letters were not to be expected`);
  for (const [payload, left] of waiting) {
    if (left > 0) run.fault(`no dead letter holds ${JSON.stringify(Buffer.from(payload, 'base64').toString('latin1').slice(0, 60))}`);
  }
  return kept;
}
