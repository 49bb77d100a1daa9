import { Command, CommanderError } from 'commander';

import { version } from '../core/paths.ts';
import { asError, isJournal } from '../core/service/syslog.ts';
import { CommandFailure, exitCodeOf, exitCodes, isFull, notAllowed } from './exit.ts';

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

/** Carries out one command of the command line, `words` without node and program; gives its exit code. Prints on the streams of the process. */
export async function run(words: readonly string[]): Promise<number> {
  const program = new Command('klavze')
    .description('Sensors and datasets of a municipality become NGSI-LD entities in a context broker.')
    .version(version)
    .addHelpText('after', '\nExit codes: 0 fine, 64 usage, 65 data refused, 69 service unavailable, 70 defect, 78 configuration.');
  const word = words[0] ?? '';
  const asked = Object.entries(commands).filter(([name]) => name === word);
  for (const [, load] of asked.length > 0 || word === '--version' ? asked : Object.entries(commands)) program.addCommand(await load());
  leaveThroughErrors(program);
  try {
    await program.parseAsync(words, { from: 'user' });
    return exitCodes.fine;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.fine : exitCodes.usage;
    const known = error instanceof CommandFailure || exitCodeOf(error) !== exitCodes.software;
    const full = isFull(error)
      ? `the disk is full (${(error as Error).message}); make room, nothing that was acknowledged is lost`
      : undefined;
    const told = `klavze: ${full ?? notAllowed(error) ?? (known ? (error as Error).message : String((error as Error)?.stack ?? error))}`;
    process.stderr.write(`${isJournal() ? asError(told) : told}\n`);
    return exitCodeOf(error);
  }
}

/** commander must not end the process itself: usage faults have an exit code of their own. */
function leaveThroughErrors(command: Command): void {
  command.exitOverride();
  for (const sub of command.commands) leaveThroughErrors(sub);
}
