/** Two processes share the devices over NATS JetStream; one is killed, replaced for good, or frozen until another one has its shard. */
import { readFileSync } from 'node:fs';
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
  about: 'two shards over NATS JetStream: one of them is stopped (SIGSTOP) until another one has its shard; its guard ends it',
  rounds: 5,
  seconds: 1,
  shards: two,
  act: (run) =>
    run.rounds(async (place) => {
      const owner = ownerOf(run, place % two);
      await replaced(run, place % two, () => void process.kill(owner.program.pid, 'SIGSTOP'));
      if (owner.program.runs) run.fault('the old owner was not ended by its guard before the next one delivered');
      const { code, signal } = await owner.program.end('SIGCONT');
      if (signal !== 'SIGKILL') run.fault(`the old owner ended with ${code ?? signal}; SIGKILL by its guard was expected`);
    }),
};

const pause: Scenario = {
  name: 'shards-pause',
  about: 'the same with its guard stopped too, as a paused container or machine; both go on when another one has the shard',
  rounds: 5,
  seconds: 1,
  shards: two,
  act: (run) =>
    run.rounds(async (place) => {
      const owner = ownerOf(run, place % two);
      const { pid } = owner.program;
      const guards = childrenOf(pid);
      if (guards.length === 0) run.fault('the owner has no guard');
      const all = (signal: NodeJS.Signals): void => [...guards, pid].forEach((one) => process.kill(one, signal));
      await replaced(run, place % two, () => all('SIGSTOP'));
      // The guard goes on last, so that the process is on its own.
      process.kill(pid, 'SIGCONT');
      await until('the old owner ends', () => (owner.program.runs ? undefined : true), 30).finally(() =>
        guards.forEach((guard) => process.kill(guard, 'SIGCONT')),
      );
      const { code } = await owner.program.end('SIGTERM');
      if (code !== 69) run.fault(`the old owner ended with ${code}; 69 was expected`);
    }),
};

/** Processes that this one started. */
function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
}

export const shardScenarios: readonly Scenario[] = [kill, takeover, freeze, pause];
