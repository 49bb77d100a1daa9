import { readFileSync } from 'node:fs';
import { Command } from 'commander';

import { checkFile, type FileFault } from '../../core/entity/check-file.ts';
import { loadModels } from '../../core/service/load-models.ts';
import { CommandFailure, exitCodes } from '../exit.ts';

export function entityCommand(): Command {
  const entity = new Command('entity').description('entities in files');
  entity
    .command('check')
    .argument('<file>', 'one entity, an array or NDJSON, normalized')
    .description('check entities against the models; each fault with its JSON pointer')
    .option('--json', 'print one JSON object a line')
    .action((file: string, options: { json?: boolean }) => {
      const { entities, faults } = checkFile(readInput(file), loadModels(), new Date().toISOString());
      for (const fault of faults) process.stdout.write(`${options.json === true ? JSON.stringify({ fault }) : told(file, fault)}\n`);
      const summary = { entities, faults: faults.length };
      process.stdout.write(options.json === true ? `${JSON.stringify({ summary })}\n` : `${entities} entities, ${faults.length} faults\n`);
      if (faults.length > 0) throw new CommandFailure(exitCodes.dataRefused, `${file}: ${faults.length} faults`);
    });
  return entity;
}

/** `entities.ndjson:3 urn:ngsi-ld:…/pm10: out_of_model_bounds: …` */
function told(file: string, { line, entity, pointer, code, message }: FileFault): string {
  return `${file}${line === undefined ? '' : `:${line}`} ${entity ?? ''}${pointer}: ${code}: ${message}`;
}

/** @throws {CommandFailure} 65 when the file cannot be read. */
export function readInput(file: string): string {
  return readBytes(file).toString('utf8');
}

/** @throws {CommandFailure} 65 when the file cannot be read. */
export function readBytes(file: string): Buffer {
  try {
    return readFileSync(file === '-' ? 0 : file);
  } catch (error) {
    throw new CommandFailure(exitCodes.dataRefused, `${file} cannot be read: ${(error as Error).message}`);
  }
}
