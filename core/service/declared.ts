import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import type { Declaration, FieldRule, FrameRule, JsonValueRule } from '../decode/declared/declaration.ts';
import { declaredDecoder } from '../decode/declared/decoder.ts';
import { membersOf } from '../decode/declared/path.ts';
import { valueFault } from '../decode/declared/value.ts';
import { ConfigError } from '../errors.ts';
import { packageRoot } from '../paths.ts';
import type { Decoder } from '../plugin.ts';
import { reject } from '../rejection.ts';
import { refused } from '../result.ts';
import { openCodec } from './codec/codec.ts';
import { lineFinder, readYaml } from './yaml.ts';

/** A decoder that somebody wrote down, the file, and what it says. */
export interface Declared {
  readonly decoder: Decoder;
  readonly declaration: Declaration;
  readonly file: string;
}

/** The files of a folder of decoders: `<name>/decoder.yaml` (or .yml, .json) and `<name>.yaml`. What begins with `_` or `.` is none. */
export function declarationFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !/^[._]/.test(name))
    .sort((a, b) => a.name.localeCompare(b.name))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return declarationIn(path) ?? [];
      return /\.(ya?ml|json)$/.test(entry.name) ? [path] : [];
    });
}

/** The declaration of one decoder's folder. */
export function declarationIn(folder: string): string | undefined {
  return ['decoder.yaml', 'decoder.yml', 'decoder.json'].map((name) => join(folder, name)).find((file) => existsSync(file));
}

/** The name that a declaration must have: that of its folder, or of its own file. */
export function nameOf(file: string): string {
  return /^decoder\.(ya?ml|json)$/.test(basename(file)) ? basename(dirname(file)) : basename(file).replace(/\.(ya?ml|json)$/, '');
}

let schema: object | undefined;
const readSchema = (): object => JSON.parse(readFileSync(join(packageRoot, 'schemas', 'decoder.schema.json'), 'utf8')) as object;

/** @throws {ConfigError} that lists every fault with file, line, field and what was expected. */
export async function loadDeclared(file: string): Promise<Declared> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError(`${file} cannot be read: ${(error as Error).message}`);
  }
  const declaration = readYaml<Declaration>(text, file, (schema ??= readSchema()));
  const line = lineFinder(text);
  const faults = faultsOf(declaration, nameOf(file)).map(([path, fault]) => `${file}:${line(path)}: ${path.join('.')} ${fault}`);
  if (faults.length > 0) throw new ConfigError(`${file} is not valid`, faults);
  const { codec: codecName } = declaration;
  if (codecName === undefined) return { decoder: declaredDecoder(declaration), declaration, file };
  const codecFile = join(dirname(file), codecName);
  if (!existsSync(codecFile)) throw new ConfigError(`${file}:${line(['codec'])}: codec names ${codecFile}, which does not exist`);
  const codec = await openCodec(readFileSync(codecFile, 'utf8'), codecName);
  if (typeof codec === 'string')
    throw new ConfigError(`${dirname(file)}: ${codec}; correct the codec, or name another one in ${basename(file)}`);
  return { decoder: declaredDecoder(declaration, codec), declaration, file };
}

/** Takes the place of a decoder that cannot be loaded: its devices' messages wait as dead letters, everything else goes on. */
export function standIn(name: string, fault: string): Decoder {
  return {
    name,
    title: { sl: `${name} (napačno opisan)`, en: `${name} (not valid)` },
    device: { vendor: '', models: [], datasheet: 'none: its description is not valid' },
    recordSchema: { type: 'object', additionalProperties: false },
    decode: () => refused(reject('decode', 'unknown_model', `the decoder "${name}" is not valid: ${fault}`.slice(0, 1000))),
    readings: () => [],
  };
}

type Fault = readonly [path: readonly (string | number)[], fault: string];

/** What the schema cannot see. */
function faultsOf(declaration: Declaration, name: string): Fault[] {
  const faults: Fault[] = [];
  if (declaration.name !== name) faults.push([['name'], `is "${declaration.name}"; expected "${name}", as its folder or file`]);
  const { frames, json, codec } = declaration;
  if (frames === undefined && json === undefined && codec === undefined) {
    faults.push([['name'], 'describes nothing: expected frames, json or codec']);
  }
  if (codec !== undefined && frames !== undefined)
    faults.push([['frames'], 'are not read where a codec reads them; remove one of the two']);
  for (const [i, frame] of (frames ?? []).entries()) faults.push(...frameFaults(frame, ['frames', i]));
  const values = (rules: readonly JsonValueRule[] | undefined, path: readonly (string | number)[]): void => {
    for (const [i, rule] of (rules ?? []).entries()) {
      faults.push(...ruleFaults(rule, [...path, i]));
      if (membersOf(rule.path).length === 0) faults.push([[...path, i, 'path'], 'is empty; expected a path such as data.temperature']);
    }
  };
  for (const [i, { hex, json: message }] of (declaration.examples ?? []).entries()) {
    if ((hex === undefined) === (message === undefined)) faults.push([['examples', i], 'has to have either hex or json']);
  }
  values(json?.values, ['json', 'values']);
  for (const [i, list] of (json?.lists ?? []).entries()) values(list.values, ['json', 'lists', i, 'values']);
  return faults;
}

function frameFaults({ fields, channels, event, when }: FrameRule, path: readonly (string | number)[]): Fault[] {
  const faults: Fault[] = conditionFaults(when, path);
  if (fields === undefined && channels === undefined && event === undefined)
    faults.push([path, 'says nothing: expected fields, channels or event']);
  if (fields !== undefined && channels !== undefined) faults.push([[...path, 'channels'], 'stand beside fields; expected one of the two']);
  faults.push(...(fields ?? []).flatMap((field, i) => fieldFaults(field, [...path, 'fields', i])));
  for (const [header, channel] of Object.entries(channels?.list ?? {})) {
    const at = [...path, 'channels', 'list', header];
    if (header.split(' ').length !== channels?.headerBytes) faults.push([at, `is no header of ${channels?.headerBytes} bytes`]);
    faults.push(...(channel.fields ?? []).flatMap((field, i) => fieldFaults(field, [...at, 'fields', i])));
  }
  return faults;
}

function fieldFaults(field: FieldRule, path: readonly (string | number)[]): Fault[] {
  if (field.fields !== undefined) {
    const only = (['quantity', 'type', 'at'] as const).filter((key) => field[key] !== undefined);
    return [
      ...conditionFaults(field.when, path),
      ...only.map((key): Fault => [[...path, key], 'does not belong to a group of fields']),
      ...field.fields.flatMap((one, i) => fieldFaults(one, [...path, 'fields', i])),
    ];
  }
  if ((field.quantity === undefined) === (field.skip === undefined)) {
    return [[path, 'is no field: expected a quantity with its type, or skip, or fields']];
  }
  const faults = conditionFaults(field.when, path);
  if (field.quantity !== undefined && field.type === undefined) faults.push([path, 'has no type; expected u8, i16 or another']);
  const grouped = (['repeat', 'time', 'every'] as const).filter((key) => field[key] !== undefined);
  for (const key of grouped) faults.push([[...path, key], 'belongs to a group: expected fields beside it']);
  if (Array.isArray(field.bits) && field.bits[0] > field.bits[1])
    faults.push([[...path, 'bits'], 'are in the wrong order; expected the lowest first']);
  if (field.quantity !== undefined) faults.push(...ruleFaults({ ...field, quantity: field.quantity }, path));
  return faults;
}

function conditionFaults(when: FieldRule['when'], path: readonly (string | number)[]): Fault[] {
  return when !== undefined && when.is === undefined && when.not === undefined ? [[[...path, 'when'], 'has neither is nor not']] : [];
}

function ruleFaults(rule: Parameters<typeof valueFault>[0], path: readonly (string | number)[]): Fault[] {
  const fault = valueFault(rule);
  const faults: Fault[] = fault === undefined ? [] : [[[...path, fault[0]], fault[1]]];
  if (rule.range !== undefined && rule.range[0] > rule.range[1])
    faults.push([[...path, 'range'], 'is empty; expected the lower end first']);
  return faults;
}
