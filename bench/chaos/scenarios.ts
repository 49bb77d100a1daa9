/** What is done to the line while measurements stream through it. */
import { setTimeout as sleep } from 'node:timers/promises';

import { brokenFiles } from './scenarios-files.ts';
import { otherInput } from './scenarios-input.ts';
import { shardScenarios } from './scenarios-shards.ts';
import type { Fault } from './proxy.ts';
import type { Run, Scenario } from './run.ts';

const kill: Scenario = {
  name: 'kill',
  about: 'kill -9 of klavze at random moments',
  rounds: 20,
  seconds: 1,
  act: (run) =>
    run.rounds(async () => {
      await sleep(run.options.seconds * (200 + Math.random() * 1_300));
      await run.stage.agent0.program.end('SIGKILL');
      await sleep(100);
      const recovered = run.recovered();
      await run.up();
      await recovered;
    }),
};

const sigterm: Scenario = {
  name: 'sigterm',
  about: 'SIGTERM of klavze under load; it ends by itself within 10 s',
  rounds: 5,
  seconds: 1,
  act: (run) =>
    run.rounds(async () => {
      await sleep(run.options.seconds * (200 + Math.random() * 1_300));
      const { code, seconds } = await run.stage.agent0.program.end('SIGTERM');
      run.note(`ended after ${seconds.toFixed(1)} s`);
      if (code !== 0) run.fault(`klavze ended with ${code} at SIGTERM`);
      if (seconds > 10) run.fault(`klavze took ${seconds.toFixed(1)} s to end`);
      const recovered = run.recovered();
      await run.up();
      await recovered;
    }),
};

function down(name: string, seconds: number): Scenario {
  return {
    name,
    about: 'nobody listens where the NGSI-LD broker was',
    rounds: 1,
    seconds,
    act: (run) =>
      run.rounds(async () => {
        await run.stage.proxy.down();
        await run.seconds();
        await run.stage.proxy.up();
        await run.recovered();
      }),
  };
}

function faulty(name: string, about: string, fault: Fault, seconds = 20): Scenario {
  return {
    name,
    about,
    rounds: 1,
    seconds,
    act: (run) =>
      run.rounds(async () => {
        run.stage.proxy.setFault(fault);
        await run.seconds();
        run.stage.proxy.setFault(undefined);
        await run.recovered();
      }),
  };
}

const answering = [500, 503, 504, 429].map((status) =>
  faulty(`http-${status}`, `the NGSI-LD broker answers ${status}`, { kind: 'status', status }),
);

const mqttRestart: Scenario = {
  name: 'mqtt-restart',
  about: 'kill -9 of Mosquitto: in turn with a queue that waits for klavze, and under load',
  rounds: 4,
  seconds: 3,
  act: (run) => run.rounds((place) => (place % 2 === 0 ? killedWithQueue(run) : killedUnderLoad(run))),
};

/** Klavže is away, its queue grows; Mosquitto is killed when it had the time to save it. */
async function killedWithQueue(run: Run): Promise<void> {
  await run.stage.agent0.program.end('SIGTERM');
  await run.seconds();
  await run.stream.stop();
  await sleep(1_500);
  await run.stage.mosquitto.end('SIGKILL');
  await run.stage.startMosquitto();
  const recovered = run.recovered();
  await run.up();
  await recovered;
  run.stream.start();
}

async function killedUnderLoad(run: Run): Promise<void> {
  await run.seconds();
  await run.stage.mosquitto.end('SIGKILL');
  await sleep(500);
  await run.stage.startMosquitto();
  await run.recovered();
}

const slowTenant: Scenario = {
  name: 'slow-tenant',
  about: 'devices of two tenants in one klavze; the broker answers one tenant 3 s late',
  rounds: 1,
  seconds: 20,
  tenants: ['hitri', 'pocasni'],
  act: (run) =>
    run.rounds(async () => {
      const [swift = '', tenant = ''] = run.stage.tenants;
      const { recorder } = run.stage.agent0;
      const { devices } = run.stage.truth;
      const before = new Set(run.stream.sent);
      run.stage.proxy.setFault({ kind: 'slow', tenant, ms: 3_000 });
      await run.seconds();
      const sent = run.stream.sent.filter((n) => !before.has(n) && run.stage.tenantOf(n % devices) === swift);
      // A moment for what Mosquitto has taken just now.
      await sleep(1_000);
      const taken = sent.filter((n) => recorder.has(n)).length;
      run.note(`meanwhile ${sent.length} of the other tenant were sent and ${taken} arrived`);
      if (sent.length === 0 || taken < sent.length) run.fault(`the other tenant was held up: ${taken} of ${sent.length} arrived`);
      run.stage.proxy.setFault(undefined);
      await run.recovered();
    }),
};

export const scenarios: readonly Scenario[] = [
  kill,
  sigterm,
  down('broker-down-60s', 60),
  down('broker-down-10min', 600),
  ...answering,
  faulty('hang', 'the NGSI-LD broker takes requests and never answers', { kind: 'hang' }, 40),
  faulty('reset', 'the NGSI-LD broker cuts every connection', { kind: 'reset' }),
  faulty('drop-after-commit', 'the NGSI-LD broker commits, its answer never arrives', { kind: 'drop-after-commit' }),
  mqttRestart,
  ...brokenFiles,
  ...otherInput,
  slowTenant,
  ...shardScenarios,
];
