/** Runs the built command line (`test/setup/built.ts`) as a process of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { packageRoot } from '../../core/paths.ts';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that ends by itself. `environment` replaces the KLAVZE_ variables of the test run. */
export async function klavze(words: readonly string[], environment: Readonly<Record<string, string>> = {}, input = ''): Promise<Ended> {
  const child = start('bin/klavze.js', words, environment);
  child.stdin?.end(input);
  return ended(child);
}

/** A built program of the project that goes on until it is told to stop. */
export function start(program: string, words: readonly string[], environment: Readonly<Record<string, string>>): ChildProcess {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(KLAVZE_|NODE_OPTIONS$)/.test(name)));
  return spawn(process.execPath, [join(packageRoot, 'dist', program), ...words], {
    cwd: packageRoot,
    env: { ...inherited, ...environment },
    stdio: 'pipe',
  });
}

/** What a process printed until it ended. */
export function ended(child: ChildProcess): Promise<Ended> {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString('utf8')));
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** The JSON values of lines. */
export function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

export interface Urls {
  readonly broker: string;
  readonly mqtt: string;
  readonly http: string;
}

/** Starts `klavze up` and waits until it says where everything is. `children` is told of the process at once. */
export async function upAndReady(environment: Readonly<Record<string, string>>, children: ChildProcess[]) {
  const child = start('bin/klavze.js', ['up'], environment);
  children.push(child);
  const end = ended(child);
  const urls = await new Promise<Urls>((resolve, reject) => {
    let printed = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      printed += chunk.toString('utf8');
      const broker = /(http:\/\/[\d.]+:\d+)\/ngsi-ld\/v1/.exec(printed)?.[1];
      const mqtt = /mqtt:\/\/[\d.]+:\d+/.exec(printed)?.[0];
      const http = /(http:\/\/[\d.]+:\d+)\/health\/ready/.exec(printed)?.[1];
      if (broker !== undefined && mqtt !== undefined && http !== undefined) resolve({ broker, mqtt, http });
    });
    void end.then(({ stderr }) => reject(new Error(`it ended: ${stderr}`)));
  });
  const stop = (): Promise<Ended> => {
    child.kill('SIGTERM');
    return end;
  };
  return { urls, stop, child };
}

/** The part of a configuration that keeps every adapter from reaching out of this machine. */
export function withoutAdapters(): string {
  const names = readdirSync(join(packageRoot, 'adapters'), { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() && !entry.name.startsWith('_'),
  );
  return `adapters:\n${names.map(({ name }) => `  ${name}: { enabled: false }\n`).join('')}`;
}
