import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import type { DeclaredExample } from '../decode/declared/declaration.ts';
import { differences, uplinkOfExample } from '../decode/declared/examples.ts';
import { fromHex, isObject, parseJson } from '../decode/payload.ts';
import { ConfigError } from '../errors.ts';
import type { Uplink } from '../plugin.ts';
import { declarationIn, type Declared } from './declared.ts';

/** An example and in which points the decoder does something else. */
export interface ExampleReport {
  readonly example: string;
  readonly differences: readonly string[];
}

/**
 * Runs the examples of a declared decoder: those in its file, and those of `examples/` beside `decoder.yaml` in the form of the contract
 * suite. @throws {ConfigError} when an example's file is not valid.
 */
export function checkExamples({ decoder, declaration, file }: Declared): ExampleReport[] {
  const inline = (declaration.examples ?? []).map((example, i): ExampleReport => ({
    example: example.description ?? `example ${i + 1}`,
    differences: differences(decoder, uplinkOfExample(example, decoder.name), example.expected),
  }));
  const folder = join(dirname(file), 'examples');
  if (declarationIn(dirname(file)) !== file || !existsSync(folder)) return inline;
  const beside = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name): ExampleReport => {
      const { uplink, expected } = readExample(join(folder, name));
      return { example: name, differences: differences(decoder, uplink, expected) };
    });
  return [...inline, ...beside];
}

function readExample(file: string): { readonly uplink: Uplink; readonly expected: DeclaredExample['expected'] } {
  const parsed = parseJson(readFileSync(file, 'utf8'));
  if (!parsed.ok) throw new ConfigError(`${file}: ${parsed.error.message}`);
  const { value } = parsed;
  const uplink = isObject(value) ? value['uplink'] : undefined;
  const body = isObject(uplink) ? uplink['body'] : undefined;
  const expected = isObject(value) ? value['expected'] : undefined;
  if (!isObject(uplink) || !isObject(body) || !isObject(expected)) {
    throw new ConfigError(`${file}: expected {"description", "uplink": {"deviceId", "receivedAt", "defaultDecoder", "body"}, "expected"}`);
  }
  const bytes = body['kind'] === 'frame' ? fromHex(body['hex']) : new Uint8Array();
  if (bytes === undefined) throw new ConfigError(`${file}: uplink.body.hex is not in hexadecimal digits`);
  return {
    uplink: { ...uplink, body: body['kind'] === 'frame' ? { ...body, bytes } : body } as unknown as Uplink,
    expected: expected as unknown as DeclaredExample['expected'],
  };
}
