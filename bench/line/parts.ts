/** Processes of their own for the parts of a bench, and what is said between them. */
import { fork, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { packageRoot } from '../../core/paths.ts';

export interface Part {
  /** Sends and waits for the answer. */
  ask<T>(question: object | string): Promise<T>;
  /** The next message of this kind that it sends by itself. */
  said<T>(kind: string): Promise<T>;
  /** What it says once, at its start, whether that has come already or not. */
  began<T>(kind: string): Promise<T>;
  readonly process: ChildProcess;
  end(): Promise<void>;
}

interface Spoken {
  readonly kind: string;
  readonly value: unknown;
}

/** What the service's unit (and the image) gives Klavže beside its own settings. */
function ofService(): Record<string, string> {
  const unit = readFileSync(join(packageRoot, 'deploy', 'systemd', 'klavze.service'), 'utf8');
  return Object.fromEntries([...unit.matchAll(/^Environment=(?!KLAVZE_)(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]));
}

/**
 * Starts `./<name>` as a process of its own, the line as the service starts it; what it writes to stdout goes to stderr, where the figures
 * do not stand.
 */
export function start(name: string, nodeOptions: readonly string[] = []): Part {
  const file = fileURLToPath(new URL(`./${name}${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url));
  const env = name === 'line' ? { ...process.env, ...ofService() } : process.env;
  const child = fork(file, [], { stdio: ['ignore', 2, 2, 'ipc'], execArgv: [...process.execArgv, ...nodeOptions], env });
  const waiting: { readonly kind: string; take(value: unknown): void; fail(error: Error): void }[] = [];
  const heard = new Map<string, unknown>();
  let ended = false;
  child.on('message', ({ kind, value }: Spoken) => {
    if (!kind.startsWith('answer')) heard.set(kind, value);
    for (const one of waiting.filter((each) => each.kind === kind)) {
      waiting.splice(waiting.indexOf(one), 1);
      one.take(value);
    }
  });
  child.on('exit', (code, signal) => {
    ended = true;
    for (const { fail } of waiting.splice(0)) fail(new Error(`${name} ended unexpectedly (${signal ?? code})`));
  });
  const said = <T>(kind: string): Promise<T> =>
    new Promise((resolve, reject) => {
      if (ended) reject(new Error(`${name} has ended`));
      waiting.push({ kind, take: (value) => resolve(value as T), fail: reject });
    });
  let asked = 0;
  return {
    process: child,
    said,
    began: <T>(kind: string) => (heard.has(kind) ? Promise.resolve(heard.get(kind) as T) : said<T>(kind)),
    ask<T>(question: object | string) {
      const kind = `answer ${++asked}`;
      const answer = said<T>(kind);
      child.send({ kind, question });
      return answer;
    },
    async end() {
      if (ended) return;
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
    },
  };
}

/** The other side: answers what it is asked. */
export function answer(handle: (question: never) => unknown): void {
  process.on('message', ({ kind, question }: { kind: string; question: never }) => {
    void Promise.resolve(handle(question)).then((value) => say(kind, value));
  });
  process.on('disconnect', () => process.exit());
}

export function say(kind: string, value: unknown): void {
  process.send?.({ kind, value: value ?? null });
}

/** CPU microseconds of this process since its start, and its peak memory in MB. */
export function usage(): { readonly cpuUs: number; readonly peakRssMb: number } {
  const { user, system } = process.cpuUsage();
  return { cpuUs: user + system, peakRssMb: Math.round(process.resourceUsage().maxRSS / 1024) };
}

/** Milliseconds on the clock that all processes of this machine share. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}
