#!/usr/bin/env node
import { keepHeapSmall } from '../core/service/heap.ts';
import { shown } from '../core/service/hidden.ts';
import { exitCodes } from './exit.ts';
import { run } from './run.ts';

keepHeapSmall();
for (const stream of [process.stdout, process.stderr]) hideSecretsIn(stream);
// `klavze … | head` closes the pipe early: nothing to complain about.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? exitCodes.fine : exitCodes.software));
process.exitCode = await run(process.argv.slice(2));

/** Addresses with a password or a key in them stand in many a message. */
function hideSecretsIn(stream: NodeJS.WriteStream): void {
  const write = stream.write.bind(stream) as (chunk: unknown, ...rest: unknown[]) => boolean;
  stream.write = (chunk: unknown, ...rest: unknown[]) => write(typeof chunk === 'string' ? shown(chunk) : chunk, ...rest);
}
