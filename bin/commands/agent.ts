import { Command } from 'commander';

import { loadConfig } from '../../core/service/config.ts';
import { loadDevices, type DeviceRegistry } from '../../core/service/devices.ts';
import { loadKnowledge, type LoadedKnowledge } from '../../core/service/knowledge.ts';
import { deviceFile, messagesOf, readingLines, tryMessage } from '../../core/service/try.ts';
import { dryRunLines } from '../../core/source/dry-run.ts';
import { CommandFailure, exitCodes } from '../exit.ts';
import { readDevices } from '../files.ts';
import { readBytes, readInput } from './entity.ts';
import { printRows } from './table.ts';

interface TryOptions {
  readonly topic: string;
  readonly input: string;
  readonly device?: string;
  readonly family?: string;
  readonly decoder?: string;
  readonly readings?: boolean;
  readonly config?: string;
}

export function agentCommand(): Command {
  const agent = new Command('agent').description('what reads sensors: envelopes, decoders and families');
  agent
    .command('list')
    .description('envelopes with their topics, decoders with their devices, families with their models')
    .option('--json', 'print JSON')
    .option('--config <file>', 'configuration file (default klavze.yaml)')
    .action(async (options: { json?: boolean; config?: string }) => {
      const knowledge = await loadKnowledge(loadConfig(process.env, process.cwd(), options.config));
      for (const fault of knowledge.agents.faults) process.stderr.write(`klavze: ${fault}\n`);
      printRows(list(knowledge), options.json === true);
    });
  agent
    .command('try')
    .description('one message through decode and map; entities and rejections as JSON lines, nothing is sent')
    .requiredOption('--topic <topic>', 'MQTT topic on which the message came')
    .requiredOption('--input <file>', 'payload; several messages one a line; - is standard input')
    .option('--device <file>', 'device registry to use, or a file with the one device that sent it')
    .option('--family <name>', 'family to assume, also for a device that is not registered')
    .option('--decoder <name>', 'decoder to assume, with --family')
    .option('--readings', 'print the readings in their units before the entities')
    .option('--config <file>', 'configuration file (default klavze.yaml)')
    .action(tryOne);
  return agent;
}

async function tryOne(options: TryOptions): Promise<void> {
  const knowledge = await loadKnowledge(loadConfig(process.env, process.cwd(), options.config));
  for (const [option, known] of [
    ['family', knowledge.agents.families],
    ['decoder', knowledge.agents.decoders],
  ] as const) {
    const name = options[option];
    if (name !== undefined && !known.has(name)) {
      throw new CommandFailure(exitCodes.usage, `there is no ${option} "${name}"; known: ${[...known.keys()].join(', ')}`);
    }
  }
  const device = senders(options, knowledge);
  const agents = { ...knowledge, ...knowledge.agents, device };
  const receivedAt = new Date().toISOString();
  const { topic, family, decoder } = options;
  const attempts = messagesOf(readBytes(options.input), topic).map((message) =>
    tryMessage({
      ...message,
      receivedAt,
      knowledge: agents,
      ...(family === undefined ? {} : { family }),
      ...(decoder === undefined ? {} : { decoder }),
    }),
  );
  for (const attempt of attempts) {
    if (options.readings === true) for (const line of readingLines(attempt, agents)) print(line);
    if (attempt.event !== undefined) print(JSON.stringify({ event: attempt.event }));
  }
  for (const line of dryRunLines(attempts, attempts.length)) print(line);
  const refused = attempts.flatMap(({ deadLetters }) => deadLetters);
  if (refused.length > 0 && attempts.every(({ publications }) => publications.length === 0)) {
    throw new CommandFailure(exitCodes.dataRefused, `${options.input}: ${refused[0]?.rejection.message}`);
  }
}

/** Who sent it: by the registry, or the one device of the file whatever id the message gives. */
function senders(options: TryOptions, knowledge: LoadedKnowledge): DeviceRegistry['device'] {
  if (options.device === undefined) {
    const registry = readDevices(loadConfig(process.env, process.cwd(), options.config), knowledge);
    return (uplink) => registry.device(uplink);
  }
  const { registry: text, isSingle } = deviceFile(readInput(options.device));
  const registry = loadDevices(text, options.device, knowledge.agents);
  return (uplink) => (isSingle ? registry.devices[0] : registry.device(uplink));
}

function list({ agents }: LoadedKnowledge) {
  return [
    ...agents.envelopes.map(({ name, title, topics }) => ({ kind: 'envelope', name, title: title.en, detail: topics.join(' ') })),
    ...[...agents.decoders.values()].map(({ name, title, device }) => ({
      kind: 'decoder',
      name,
      title: title.en,
      detail: `${device.vendor} ${device.models.join(', ')}`.trim(),
    })),
    ...[...agents.families.values()].map(({ name, title, emits }) => ({ kind: 'family', name, title: title.en, detail: emits.join(', ') })),
  ];
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
