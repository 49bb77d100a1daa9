/** Runs the built command line (`test/setup/built.ts`). */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll } from '@jest/globals';
import { transformSync } from '@swc/core';

import { packageRoot } from '../../core/paths.ts';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * A command that ends by itself, as the built program carries it out; `environment` replaces the KLAVZE_ variables of the test run. The
 * commands of a test file share a process where they can (`host.ts`), since what they load is the same; `alone` has one of its own.
 */
export async function klavze(words: readonly string[], environment: Readonly<Record<string, string>> = {}, input = ''): Promise<Ended> {
  const hosted = !['up', 'backup', '--version'].includes(words[0] ?? '') && !words.includes('-');
  if (!hosted || input !== '' || Object.keys(environment).some((name) => !name.startsWith('KLAVZE_')))
    return alone(words, environment, input);
  const turn = last.then(() => inHost(words, environment));
  last = turn.catch(() => undefined);
  return turn;
}

/** The same as a process of its own: what an operator does. */
export async function alone(words: readonly string[], environment: Readonly<Record<string, string>> = {}, input = ''): Promise<Ended> {
  const child = start('bin/klavze.js', words, environment);
  child.stdin?.end(input);
  return ended(child);
}

const mark = `end of command ${randomUUID()}`;
let host: ChildProcess | undefined;
let last: Promise<unknown> = Promise.resolve();
afterAll(() => void host?.kill('SIGKILL'));

function inHost(words: readonly string[], environment: Readonly<Record<string, string>>): Promise<Ended> {
  const child = (host ??= startHost());
  const printed = { stdout: '', stderr: '' };
  return new Promise((resolve, reject) => {
    const settle = (code: number | null): void => {
      for (const listener of listeners) listener.stream?.off('data', listener.take);
      child.off('close', settle);
      // It ended the process: the next one gets another.
      if (!printed.stdout.includes(mark)) host = undefined;
      const [stdout = '', stderr = ''] = [printed.stdout, printed.stderr].map((text) => text.split(mark)[0]);
      resolve({ code, stdout, stderr });
    };
    const listeners = (['stdout', 'stderr'] as const).map((name) => ({
      stream: child[name],
      take(text: string) {
        printed[name] += text;
        const [end, other] = [printed.stdout, printed.stderr].map((all) => all.split(`${mark} `)[1]);
        if (end?.endsWith('\n') === true && other?.endsWith('\n') === true) settle(end === 'open\n' ? null : Number(end));
      },
    }));
    for (const { stream, take } of listeners) stream?.setEncoding('utf8').on('data', take);
    child.once('error', reject).once('close', settle);
    child.stdin?.write(`${JSON.stringify({ words, environment })}\n`);
  });
}

function startHost(): ChildProcess {
  const file = join(packageRoot, 'test', 'bin', 'host.ts');
  const { code } = transformSync(readFileSync(file, 'utf8'), {
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    module: { type: 'es6' },
  });
  const program = pathToFileURL(join(packageRoot, 'dist', 'bin', 'run.js')).href;
  return spawn(process.execPath, ['--input-type=module', '--eval', code, '--', program, mark], options({}));
}

/** A built program of the project that goes on until it is told to stop. */
export function start(program: string, words: readonly string[], environment: Readonly<Record<string, string>>): ChildProcess {
  return spawn(process.execPath, [join(packageRoot, 'dist', program), ...words], options(environment));
}

function options(environment: Readonly<Record<string, string>>) {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(KLAVZE_|NODE_OPTIONS$)/.test(name)));
  return { cwd: packageRoot, env: { ...inherited, ...environment }, stdio: 'pipe' } as const;
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
