#!/usr/bin/env node
import { Command, CommanderError } from 'commander';

import { version } from '../core/paths.ts';
import { keepHeapSmall } from '../core/service/heap.ts';
import { shown } from '../core/service/hidden.ts';
import { CommandFailure, exitCodeOf, exitCodes, notAllowed } from './exit.ts';

/** Only the one that is asked for is loaded, so that it answers at once: with all of them come all the libraries. */
const commands = {
  up: async () => (await import('./commands/up.ts')).upCommand(),
  adapter: async () => (await import('./commands/adapter.ts')).adapterCommand(),
  agent: async () => (await import('./commands/agent.ts')).agentCommand(),
  device: async () => (await import('./commands/device.ts')).deviceCommand(),
  decoder: async () => (await import('./commands/decoder.ts')).decoderCommand(),
  entity: async () => (await import('./commands/entity.ts')).entityCommand(),
  'dead-letters': async () => (await import('./commands/dead-letters.ts')).deadLettersCommand(),
  replay: async () => (await import('./commands/replay.ts')).replayCommand(),
  top: async () => (await import('./commands/top.ts')).topCommand(),
  table: async () => (await import('./commands/tables.ts')).tableCommand(),
  share: async () => (await import('./commands/share.ts')).shareCommand(),
  init: async () => (await import('./commands/init.ts')).initCommand(),
  backup: async () => (await import('./commands/backup.ts')).backupCommand(),
  restore: async () => (await import('./commands/backup.ts')).restoreCommand(),
  doctor: async () => (await import('./commands/doctor.ts')).doctorCommand(),
};

keepHeapSmall();
for (const stream of [process.stdout, process.stderr]) hideSecretsIn(stream);
const program = new Command('klavze')
  .description('Sensors and datasets of a municipality become NGSI-LD entities in a context broker.')
  .version(version)
  .addHelpText('after', '\nExit codes: 0 fine, 64 usage, 65 data refused, 69 service unavailable, 70 defect, 78 configuration.');

const word = process.argv[2] ?? '';
const asked = Object.entries(commands).filter(([name]) => name === word);
for (const [, load] of asked.length > 0 || word === '--version' ? asked : Object.entries(commands)) program.addCommand(await load());
leaveThroughErrors(program);
// `klavze … | head` closes the pipe early: nothing to complain about.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? exitCodes.fine : exitCodes.software));

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? exitCodes.fine : exitCodes.usage;
  } else {
    const known = error instanceof CommandFailure || exitCodeOf(error) !== exitCodes.software;
    const words = notAllowed(error) ?? (known ? (error as Error).message : String((error as Error)?.stack ?? error));
    process.stderr.write(`klavze: ${words}\n`);
    process.exitCode = exitCodeOf(error);
  }
}

/** Addresses with a password or a key in them stand in many a message. */
function hideSecretsIn(stream: NodeJS.WriteStream): void {
  const write = stream.write.bind(stream) as (chunk: unknown, ...rest: unknown[]) => boolean;
  stream.write = (chunk: unknown, ...rest: unknown[]) => write(typeof chunk === 'string' ? shown(chunk) : chunk, ...rest);
}

/** commander must not end the process itself: usage faults have an exit code of their own. */
function leaveThroughErrors(command: Command): void {
  command.exitOverride();
  for (const sub of command.commands) leaveThroughErrors(sub);
}
