#!/usr/bin/env node
import { Command, CommanderError } from 'commander';

import { version } from '../core/paths.ts';
import { keepHeapSmall } from '../core/service/heap.ts';
import { adapterCommand } from './commands/adapter.ts';
import { agentCommand } from './commands/agent.ts';
import { deadLettersCommand } from './commands/dead-letters.ts';
import { decoderCommand } from './commands/decoder.ts';
import { deviceCommand } from './commands/device.ts';
import { doctorCommand } from './commands/doctor.ts';
import { initCommand } from './commands/init.ts';
import { shareCommand } from './commands/share.ts';
import { tableCommand } from './commands/tables.ts';
import { replayCommand } from './commands/replay.ts';
import { entityCommand } from './commands/entity.ts';
import { topCommand } from './commands/top.ts';
import { upCommand } from './commands/up.ts';
import { CommandFailure, exitCodeOf, exitCodes } from './exit.ts';

keepHeapSmall();
const program = new Command('klavze')
  .description('Sensors and datasets of a municipality become NGSI-LD entities in a context broker.')
  .version(version)
  .addHelpText('after', '\nExit codes: 0 fine, 64 usage, 65 data refused, 69 service unavailable, 70 defect, 78 configuration.');

for (const command of [
  upCommand(),
  adapterCommand(),
  agentCommand(),
  deviceCommand(),
  decoderCommand(),
  entityCommand(),
  deadLettersCommand(),
  replayCommand(),
  topCommand(),
  tableCommand(),
  shareCommand(),
  initCommand(),
  doctorCommand(),
]) {
  program.addCommand(command);
}
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
    process.stderr.write(`klavze: ${known ? (error as Error).message : String((error as Error)?.stack ?? error)}\n`);
    process.exitCode = exitCodeOf(error);
  }
}

/** commander must not end the process itself: usage faults have an exit code of their own. */
function leaveThroughErrors(command: Command): void {
  command.exitOverride();
  for (const sub of command.commands) leaveThroughErrors(sub);
}
