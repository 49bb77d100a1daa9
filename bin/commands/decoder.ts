import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';

import { fromHex } from '../../core/decode/payload.ts';
import { packageRoot } from '../../core/paths.ts';
import { checkExamples } from '../../core/service/declared-check.ts';
import { declarationFiles, declarationIn, loadDeclared } from '../../core/service/declared.ts';
import { loadConfig } from '../../core/service/config.ts';
import { loadQuantities } from '../../core/service/load-models.ts';
import { CommandFailure, exitCodes } from '../exit.ts';
import { ConfigError } from '../../core/errors.ts';

export function decoderCommand(): Command {
  const decoder = new Command('decoder').description('decoders that are written as a table or around a vendor codec');
  decoder
    .command('check')
    .description('its examples, and every difference in words')
    .argument('<path>', 'decoder.yaml, its folder, a folder of decoders, or a decoder by its name')
    .option('--config <file>', 'configuration file (default klavze.yaml)')
    .action(check);
  decoder
    .command('read')
    .description('what it makes of one frame or JSON message')
    .argument('<path>', 'decoder.yaml, its folder, or its name')
    .option('--hex <frame>', 'the frame in hexadecimal digits', frame)
    .option('--port <number>', 'application port of the frame', port, 1)
    .option('--message <json>', 'a JSON message in place of a frame', json)
    .option('--config <file>', 'configuration file (default klavze.yaml)')
    .action(read);
  return decoder;
}

async function check(path: string, options: { config?: string }): Promise<void> {
  const files = filesOf(path, options.config);
  let wrong = 0;
  let invalid = 0;
  for (const file of files) {
    try {
      const declared = await loadDeclared(file);
      const reports = checkExamples(declared);
      if (reports.length === 0) {
        wrong++;
        print(`${declared.decoder.name}: no examples; write some into ${file}, one of them refused`);
      }
      for (const { example, differences } of reports) {
        if (differences.length > 0) wrong++;
        print(`${declared.decoder.name}: ${example}: ${differences.length === 0 ? 'ok' : 'differs'}`);
        for (const difference of differences) print(`  ${difference}`);
      }
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      invalid++;
      print(error.message);
    }
  }
  if (invalid > 0) throw new CommandFailure(exitCodes.configuration, `${invalid} of ${files.length} decoders cannot be used`);
  if (wrong > 0) throw new CommandFailure(exitCodes.dataRefused, `${wrong} examples differ or are missing`);
}

interface ReadOptions {
  readonly hex?: Uint8Array;
  readonly port: number;
  readonly message?: { readonly value: unknown };
  readonly config?: string;
}

async function read(path: string, { hex, port: fPort, message, config }: ReadOptions): Promise<void> {
  if ((hex === undefined) === (message === undefined)) throw new CommandFailure(exitCodes.usage, 'give either --hex or --message');
  const [file = ''] = filesOf(path, config);
  const { decoder } = await loadDeclared(file);
  const body = hex === undefined ? { kind: 'json' as const, value: message?.value } : { kind: 'frame' as const, bytes: hex, fPort };
  const { values, rejections, event } = decoder.decode({
    deviceId: 'read',
    receivedAt: new Date().toISOString(),
    defaultDecoder: decoder.name,
    body,
  });
  const quantities = loadQuantities();
  for (const { quantity, value, observedAt } of values.flatMap((record) => decoder.readings(record))) {
    print(JSON.stringify({ reading: { quantity, value, unit: quantities.get(quantity)?.unit, observedAt } }));
  }
  if (event !== undefined) print(JSON.stringify({ event }));
  for (const rejection of rejections) print(JSON.stringify({ rejection }));
  if (values.length === 0 && rejections.length > 0) throw new CommandFailure(exitCodes.dataRefused, rejections[0]?.message ?? '');
}

/** The declarations that a path or a name means. */
function filesOf(path: string, config: string | undefined): string[] {
  const named = /^[a-z0-9-]+$/.test(path) && !existsSync(path);
  const folders = named ? [loadConfig(process.env, process.cwd(), config).decodersDir, join(packageRoot, 'agents', 'decoders')] : [];
  const found = named
    ? folders.map((folder) =>
        [declarationIn(join(folder, path)), join(folder, `${path}.yaml`)].find((file) => file !== undefined && existsSync(file)),
      )
    : [existsSync(path) && statSync(path).isDirectory() ? declarationIn(path) : path];
  const [file] = found.filter((one) => one !== undefined);
  if (file !== undefined && existsSync(file)) return [file];
  const all = existsSync(path) ? declarationFiles(path) : [];
  if (all.length === 0) {
    throw new CommandFailure(
      exitCodes.usage,
      `there is no declared decoder at ${path}; expected decoder.yaml, its folder, a folder of decoders or a name`,
    );
  }
  return all;
}

function frame(text: string): Uint8Array {
  const bytes = fromHex(text.replace(/[\s:]/g, ''));
  if (bytes === undefined || bytes.length === 0) throw new InvalidArgumentError('hexadecimal digits are expected, such as 0d3c06d1.');
  return bytes;
}

function port(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 0 || number > 255) throw new InvalidArgumentError('0 to 255 is expected.');
  return number;
}

function json(text: string): { readonly value: unknown } {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    throw new InvalidArgumentError('JSON is expected.');
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
