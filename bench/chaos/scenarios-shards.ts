/** Two processes share the devices over NATS JetStream; one is killed, replaced for good, or frozen until another one has its shard. */
import { setTimeout as sleep } from 'node:timers/promises';

import { shardOfKey } from '../../core/outbox/shard.ts';
import { until } from './programs.ts';
import type { Run, Scenario } from './run.ts';
import type { Agent } from './stage.ts';
import { deviceId } from './truth.ts';

const two = 2;

/** Waits until something that was sent after `from` by a device of the shard is at the broker. */
async function shardGoesOn(run: Run, shard: number): Promise<void> {
  const { stage, stream } = run;
  const { truth } = stage;
  const devices = new Set(Array.from({ length: truth.devices }, (_, n) => n).filter((n) => shardOfKey(deviceId(truth, n), two) === shard));
  const start = performance.now();
  const from = stream.count;
  await until(`shard ${shard} delivers again`, () => {
    for (let n = from; n < stream.count; n++) if (devices.has(n % truth.devices) && stage.agent0.recorder.has(n)) return true;
    return undefined;
  });
  const seconds = (performance.now() - start) / 1_000;
  run.recoverS = Math.max(run.recoverS, seconds);
  run.note(`shard ${shard} goes on after ${seconds.toFixed(1)} s`);
}

function ownerOf(run: Run, shard: number): Agent {
  const owner = run.stage.agents.findLast((agent) => agent.shard === shard && agent.program.runs);
  if (owner === undefined) throw new Error(`shard ${shard} has no process`);
  return owner;
}

const kill: Scenario = {
  name: 'shards-kill',
  about: 'two shards over NATS JetStream: kill -9 of one of them at random moments, started again',
  rounds: 10,
  seconds: 1,
  shards: two,
  act: (run) =>
    run.rounds(async (place) => {
      await sleep(run.options.seconds * (200 + Math.random() * 1_300));
      const owner = ownerOf(run, place % two);
      await owner.program.end('SIGKILL');
      const going = shardGoesOn(run, place % two);
      await run.up(owner);
      await going;
    }),
};

/** The owner of a shard is gone for good; a process that stood by has its shard then. */
async function replaced(run: Run, shard: number, take: (owner: Agent) => Promise<void> | void): Promise<void> {
  const owner = ownerOf(run, shard);
  const next = await run.stage.addShard(shard);
  await run.stage.standBy(next);
  await sleep(run.options.seconds * (200 + Math.random() * 1_300));
  await take(owner);
  await shardGoesOn(run, shard);
}

const takeover: Scenario = {
  name: 'shards-takeover',
  about: 'two shards over NATS JetStream: kill -9 of one of them for good; a process that stands by takes its shard over',
  rounds: 4,
  seconds: 1,
  shards: two,
  act: (run) => run.rounds((place) => replaced(run, place % two, async (owner) => void (await owner.program.end('SIGKILL')))),
};

const freeze: Scenario = {
  name: 'shards-freeze',
  about: 'two shards over NATS JetStream: one of them is stopped (SIGSTOP) until another one has its shard, and goes on then',
  rounds: 2,
  seconds: 1,
  shards: two,
  act: (run) =>
    run.rounds(async (place) => {
      const owner = ownerOf(run, place % two);
      await replaced(run, place % two, () => void process.kill(owner.program.pid, 'SIGSTOP'));
      process.kill(owner.program.pid, 'SIGCONT');
      await until('the old owner ends', () => (owner.program.runs ? undefined : true), 30);
      const { code } = await owner.program.end('SIGTERM');
      if (code !== 69) run.fault(`the old owner ended with ${code}; 69 was expected`);
    }),
};

export const shardScenarios: readonly Scenario[] = [kill, takeover, freeze];
