/**
 * Carries out commands of the built command line, one after another in one process: what they load is loaded once. Each is a line of JSON
 * on standard input, `{words, environment}`; each ends with the mark on both outputs. Started by `klavze.ts` beside this file.
 */
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

import type { run as Run } from '../../bin/run.ts';

const [, program = '', mark = ''] = process.argv;
/** A command that leaves something open for longer would not have ended by itself. */
const patienceMs = 20_000;
const { run } = (await import(program)) as { run: typeof Run };
const before = { ...process.env };
// Both are made when they are first used, and count as open from then on.
const outputs = [process.stdout, process.stderr] as const;
let last: Promise<void> = Promise.resolve();

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const { words, environment } = JSON.parse(line) as { words: string[]; environment: Record<string, string> };
    last = last.then(() => carryOut(words, environment));
  })
  .on('close', () => process.exit());

async function carryOut(words: readonly string[], environment: Readonly<Record<string, string>>): Promise<void> {
  for (const name of Object.keys(process.env)) if (before[name] === undefined) delete process.env[name];
  Object.assign(process.env, before, environment);
  const idle = process.getActiveResourcesInfo();
  const code = await run(words);
  const open = await openBeside(idle);
  if (open.length > 0) process.stderr.write(`the command did not end by itself; open: ${open.join(', ')}\n`);
  const end = `${mark} ${open.length > 0 ? 'open' : code}\n`;
  for (const stream of outputs) await new Promise((resolve) => stream.write(end, resolve));
}

/** What would keep the process from ending, once it is patient no longer. */
async function openBeside(idle: readonly string[]): Promise<string[]> {
  for (const end = performance.now() + patienceMs; ; await sleep(5)) {
    const open = process.getActiveResourcesInfo();
    for (const one of idle) if (open.includes(one)) open.splice(open.indexOf(one), 1);
    if (open.length === 0 || performance.now() > end) return open;
  }
}
