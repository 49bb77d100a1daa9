import { spawn, type ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';

import type { Guard } from '../core/outbox/jetstream/lease.ts';
import type { Logger } from '../core/service/log.ts';

const isSource = import.meta.url.endsWith('.ts');
const program = fileURLToPath(new URL(`./guard-process${isSource ? '.ts' : '.js'}`, import.meta.url));
/** It needs next to nothing, and none of the options of this process: among them may be the code that it runs. */
const options = ['--max-old-space-size=8', '--max-semi-space-size=1', ...(isSource ? ['--import', 'tsx'] : [])];
const pauseMs = 1_000;

/** Starts the process that ends this one when it does not say in time that it has stopped; one that ends by itself is started again. */
export function startGuard(shard: string, logger: Logger): Guard & { close(): void } {
  if (process.pid === 1)
    logger.warn('as process 1 of a container klavze cannot be ended by its guard; start the container with an init process');
  let said = 0;
  let closed = false;
  let child: ChildProcess | undefined;
  let timer: NodeJS.Timeout | undefined;

  function start(): void {
    const started = spawn(process.execPath, [...options, program, String(process.pid), shard], {
      env: { ...process.env, NODE_OPTIONS: '' },
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    child = started;
    // A guard that is stopped itself must not keep this process from ending.
    started.unref();
    (started.stdin as Socket).unref();
    started.stdin.on('error', () => undefined);
    started.once('error', (error) => logger.error({ err: error }, 'the guard of the lease cannot be started; trying again'));
    started.once('close', () => {
      if (closed) return;
      logger.warn({ code: started.exitCode, signal: started.signalCode }, 'the guard of the lease ended; it is started again');
      timer = setTimeout(start, pauseMs);
    });
    tell();
  }

  function tell(): void {
    child?.stdin?.write(`${said}\n`);
  }

  start();
  return {
    expect(ms) {
      said = Math.round(Number(process.hrtime.bigint() / 1_000_000n) + ms);
      tell();
    },
    quiet() {
      said = 0;
      tell();
    },
    close() {
      closed = true;
      clearTimeout(timer);
      child?.stdin?.end();
    },
  };
}
