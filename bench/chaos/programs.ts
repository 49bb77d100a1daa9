/** The processes of the bench: started, ended and measured here, and only those. */
import { spawn, type ChildProcess } from 'node:child_process';
import { openSync, closeSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ProgramOptions {
  readonly file: string;
  readonly words: readonly string[];
  /** What it prints is appended here. */
  readonly log: string;
  readonly environment?: Readonly<Record<string, string>>;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly seconds: number;
}

/** A program that is started and ended many times. */
export class Program {
  private child: ChildProcess | undefined;
  private peakMb = 0;

  constructor(private readonly options: ProgramOptions) {}

  start(more: Readonly<Record<string, string>> = {}): void {
    const { file, words, log, environment = {} } = this.options;
    const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(KLAVZE_|NODE_OPTIONS$)/.test(name)));
    const output = openSync(log, 'a');
    const child = spawn(file, words, { env: { ...inherited, ...environment, ...more }, stdio: ['ignore', output, output] });
    closeSync(output);
    child.on('error', () => undefined);
    this.child = child;
  }

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  get runs(): boolean {
    return this.child?.pid !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  get log(): string {
    return readFileSync(this.options.log, 'utf8');
  }

  /** Ends it and waits; one that does not listen to the signal is killed after a minute. */
  async end(signal: NodeJS.Signals): Promise<Ended> {
    const child = this.child;
    if (child === undefined || !this.runs) return { code: child?.exitCode ?? null, signal: child?.signalCode ?? null, seconds: 0 };
    this.measure();
    const start = performance.now();
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill(signal);
    const late = setTimeout(() => child.kill('SIGKILL'), 60_000);
    await gone;
    clearTimeout(late);
    return { code: child.exitCode, signal: child.signalCode, seconds: (performance.now() - start) / 1_000 };
  }

  /** Peak memory of all its runs so far, in MB; 0 where the system does not tell (no /proc). */
  measure(): number {
    if (this.runs) {
      try {
        const [, kilobytes] = /VmHWM:\s*(\d+)/.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8')) ?? [];
        this.peakMb = Math.max(this.peakMb, Math.round(Number(kilobytes ?? 0) / 1024));
      } catch {
        // It ended between the two lines, or there is no /proc.
      }
    }
    return this.peakMb;
  }
}

/** Asks again until the answer is defined. @throws after `seconds`, with what was waited for. */
export async function until<T>(what: string, ask: () => Promise<T | undefined> | T | undefined, seconds = 120): Promise<T> {
  const end = performance.now() + seconds * 1_000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > end) throw new Error(`waited ${seconds} s in vain: ${what}`);
    await sleep(50);
  }
}
