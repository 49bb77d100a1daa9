/**
 * `npm run chaos -- <scenario>`: breaks what can break while measurements stream from sensors through a real Mosquitto and the built
 * `klavze up` into an NGSI-LD broker, and compares what the broker holds with what was sent. `npm run chaos -- list` names the scenarios,
 * `all` runs them one after the other. `--rounds N`, `--seconds N` (how long a fault lasts), `--rate N` (messages a second, default 500),
 * `--broker URL` (default: the embedded broker, as a process of its own), `--markdown` (writes the row into docs/reliability.md).
 * One JSON object a scenario on stdout, after `all` an array of them; what happens meanwhile on stderr. Exit code 0 when nothing was lost
 * or out of order, 1 otherwise, 64 usage, 69 without Mosquitto.
 */
import { parseArgs } from 'node:util';

import { mosquittoBinary } from '../../test/core/source/mqtt-brokers.ts';
import { writeRow } from './markdown.ts';
import type { Report } from './report.ts';
import { runScenario, type Scenario } from './run.ts';
import { scenarios } from './scenarios.ts';
import type { Stage } from './stage.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    rate: { type: 'string', default: '500' },
    broker: { type: 'string' },
    markdown: { type: 'boolean', default: false },
  },
});

const open = new Set<Stage>();
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.once(signal, () => {
    process.stderr.write('chaos: ends and cleans up\n');
    void Promise.all([...open].map((stage) => stage.close())).finally(() => process.exit(code));
  });
}

const [wanted = 'list'] = positionals;
if (wanted === 'list') {
  for (const { name, about, rounds, seconds } of scenarios) console.log(`${name.padEnd(20)}${about} (${rounds} × ${seconds} s)`);
} else process.exitCode = await main(wanted);

async function main(name: string): Promise<number> {
  const chosen = name === 'all' ? scenarios : scenarios.filter((scenario) => scenario.name === name);
  const rounds = positive('rounds');
  const seconds = positive('seconds');
  const perSecond = positive('rate') ?? 500;
  if (chosen.length === 0 || positionals.length > 1)
    return usage(`there is no scenario "${positionals.join(' ')}"; see npm run chaos -- list`);
  if ([rounds, seconds, perSecond].some(Number.isNaN)) return usage('--rounds, --seconds and --rate are numbers above 0');
  if (mosquittoBinary === undefined) {
    console.error('chaos: no mosquitto binary was found; install Debian\'s package "mosquitto"');
    return 69;
  }
  const reports: Report[] = [];
  let bad = 0;
  for (const scenario of chosen) {
    const options = {
      rounds: rounds ?? scenario.rounds,
      seconds: seconds ?? scenario.seconds,
      perSecond,
      ...(values.broker !== undefined && { broker: values.broker }),
    };
    try {
      const report = await one(scenario, options);
      reports.push(report.report);
      bad += report.isGood ? 0 : 1;
    } catch (error) {
      bad++;
      console.error(`chaos: ${scenario.name} could not be run to its end: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  if (name === 'all') console.log(JSON.stringify(reports));
  return bad === 0 ? 0 : 1;
}

async function one(scenario: Scenario, options: Parameters<typeof runScenario>[1]): Promise<{ report: Report; isGood: boolean }> {
  let stage: Stage | undefined;
  try {
    const { report, faults } = await runScenario(scenario, options, (opened) => open.add((stage = opened)));
    console.log(JSON.stringify(report));
    for (const fault of faults) console.error(`${scenario.name}: fault: ${fault}`);
    if (values.markdown) {
      await writeRow(
        report,
        options,
        scenarios.map(({ name }) => name),
      );
    }
    return { report, isGood: report.lost === 0 && report.outOfOrder === 0 && faults.length === 0 };
  } finally {
    if (stage !== undefined) open.delete(stage);
  }
}

function positive(name: 'rounds' | 'seconds' | 'rate'): number | undefined {
  const text = values[name];
  if (text === undefined) return undefined;
  const number = Number(text);
  return number > 0 && Number.isFinite(number) ? number : NaN;
}

function usage(words: string): number {
  console.error(`chaos: ${words}`);
  return 64;
}
