import { setTimeout as sleep } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import { request } from 'undici';

import { RetryableError } from '../../core/errors.ts';
import { loadConfig } from '../../core/service/config.ts';
import { CommandFailure, exitCodes } from '../exit.ts';
import { figuresOf, type Look } from '../top/figures.ts';
import { parseSamples } from '../top/samples.ts';
import { draw } from '../top/screen.ts';

interface Flags {
  readonly url?: string;
  readonly every: number;
  readonly once?: boolean;
  readonly json?: boolean;
  readonly config?: string;
}

/** Alternate screen without a cursor, and back. */
const screenOn = '\x1b[?1049h\x1b[?25l';
const screenOff = '\x1b[?25h\x1b[?1049l';
const timeoutMs = 5_000;

export function topCommand(): Command {
  return new Command('top')
    .description('a running klavze up at work: rates, refusals, outbox, broker, silent devices; q ends it')
    .option('--url <url>', 'where it serves HTTP (default: as the configuration says)')
    .option('--every <seconds>', 'time between two looks', seconds, 2)
    .option('--once', 'one look, over a second, and end')
    .option('--json', 'with --once: figures as JSON, for scripts')
    .option('--config <file>', 'configuration file (default klavze.yaml)')
    .action(run);
}

async function run({ url, every, once, json, config }: Flags): Promise<void> {
  if (json === true && once !== true) throw new CommandFailure(exitCodes.usage, '--json goes with --once');
  const base = (url ?? ownUrl(config)).replace(/\/+$/, '');
  const first = await look(base);
  // Into a file or a pipe there is only one view.
  if (once === true || !process.stdout.isTTY) {
    await sleep(1_000);
    const figures = figuresOf(first, await look(base));
    const { columns = 80, rows = 24 } = process.stdout;
    process.stdout.write(json === true ? `${JSON.stringify(figures)}\n` : `${draw(figures, base, columns, rows).join('\n')}\n`);
    return;
  }
  await live(base, first, every);
}

function ownUrl(config: string | undefined): string {
  const { host, port } = loadConfig(process.env, process.cwd(), config).http;
  const reached = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${reached.includes(':') ? `[${reached}]` : reached}:${port}`;
}

/** Until `q`, Ctrl-C or the end of the terminal. A process that is away is waited for. */
async function live(base: string, first: Look, every: number): Promise<void> {
  const { stdin, stdout } = process;
  let before = first;
  let lines = ['klavze top: looking …'];
  const ending = new AbortController();
  const show = (): void => {
    const { columns = 80, rows = 24 } = stdout;
    stdout.write(
      `\x1b[H${lines
        .map((line) => `${line.slice(0, columns)}\x1b[K`)
        .slice(0, rows)
        .join('\r\n')}\x1b[J`,
    );
  };
  const turn = async (): Promise<void> => {
    try {
      const now = await look(base);
      lines = draw(figuresOf(before, now), base, stdout.columns, stdout.rows);
      before = now;
    } catch (error) {
      lines = [`klavze top  ${base}`, '', (error as Error).message, 'trying again …'];
    }
    show();
  };
  const onKey = (key: Buffer): void => {
    if (key.toString() === 'q' || key[0] === 3) ending.abort();
  };
  const onSignal = (): void => ending.abort();
  stdout.write(screenOn);
  stdout.on('resize', show);
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal).once('SIGHUP', onSignal);
  if (stdin.isTTY) stdin.setRawMode(true).resume().on('data', onKey);
  try {
    while (!ending.signal.aborted) {
      const next = sleep(every * 1_000, undefined, { signal: ending.signal }).catch(() => undefined);
      await turn();
      await next;
    }
  } finally {
    stdout.off('resize', show).write(screenOff);
    if (stdin.isTTY) stdin.setRawMode(false).off('data', onKey).pause();
  }
}

/** @throws {RetryableError} when nobody answers there. */
async function look(base: string): Promise<Look> {
  try {
    const [metrics, health] = await Promise.all([text(`${base}/metrics`), text(`${base}/health/ready`)]);
    return { at: performance.now() / 1_000, samples: parseSamples(metrics), health: JSON.parse(health) as Look['health'] };
  } catch (error) {
    throw new RetryableError(`no klavze up answers on ${base}: ${(error as Error).message}; --url names another address`);
  }
}

async function text(url: string): Promise<string> {
  const { body } = await request(url, { headersTimeout: timeoutMs, bodyTimeout: timeoutMs });
  return body.text();
}

function seconds(given: string): number {
  const number = Number(given);
  if (!(number >= 0.2 && number <= 3600)) throw new InvalidArgumentError('expected seconds from 0.2 to 3600.');
  return number;
}
